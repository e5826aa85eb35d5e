# The image-text model of ToyHuman, trained locally.
features = dict(type='mmkbdm.CLIPFeatures', name_or_path='work_dirs/toy_clip')
