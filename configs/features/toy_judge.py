# For ToyHuman without any download: distances by these features cannot be
# compared with published ones.
features = dict(
    type='mmkbdm.PoseBackboneFeatures',
    config='configs/judges/toy_judge.py',
    weights='work_dirs/toy_judge/epoch_5.pth',
    size=(128, 128),
)
