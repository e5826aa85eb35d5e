# What published FIDs compare; weights from the server of torch-fidelity, or
# weights='FILE'.
features = dict(type='mmkbdm.InceptionFeatures')
