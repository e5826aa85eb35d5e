# What KB-DMGen's codebook is made of; name_or_path may be a folder.
features = dict(
    type='mmkbdm.CLIPFeatures', name_or_path='openai/clip-vit-large-patch14'
)
