# Hourglass-52 on CrowdPose, 256x256; MMPose has it on COCO.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hourglass52_8xb32-210e_coco-256x256.py',
    './crowdpose.py',
]

model = dict(head=dict(out_channels=14))
dataset_type = _base_.crowdpose_train.type
data_root = _base_.crowdpose_train.data_root
train_dataloader = dict(dataset=_base_.crowdpose_train)
val_dataloader = dict(dataset=_base_.crowdpose_val)
test_dataloader = val_dataloader
val_evaluator = _base_.crowdpose_metric
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(save_best='crowdpose/AP'))
