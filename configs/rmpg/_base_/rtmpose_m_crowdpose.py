# RTMPose-m on CrowdPose, 256x192. MMPose's config looks for the images in
# data/pose/CrowdPose; here they lie where its other configs expect them.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/crowdpose/'
    'rtmpose-m_8xb64-210e_crowdpose-256x192.py',
    './crowdpose.py',
]

data_root = _base_.crowdpose_train.data_root
train_dataloader = dict(dataset=_base_.crowdpose_train)
val_dataloader = dict(dataset=_base_.crowdpose_val)
test_dataloader = val_dataloader
