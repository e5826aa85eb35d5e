# Human-Art's validation images as HumanSD has packed them.
_base_ = './_base_/draw_512.py'

dataset = dict(
    type='mmkbdm.PoseTextMapping',
    data_root='data/HumanArt/',
    ann_file='mapping_file_validation.json',
    scenario_from_folder=True,
)
