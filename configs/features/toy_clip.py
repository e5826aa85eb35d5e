# The image-text model of ToyHuman, kept with the code.
features = dict(type='mmkbdm.CLIPFeatures', name_or_path='weights/toy_clip')
