"""Any folder of images, any file of poses: what is to be judged (ours)."""
