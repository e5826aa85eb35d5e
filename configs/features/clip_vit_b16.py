# The image features of CLIP score's network; name_or_path may be a folder.
features = dict(
    type='mmkbdm.CLIPFeatures', name_or_path='openai/clip-vit-base-patch16'
)
