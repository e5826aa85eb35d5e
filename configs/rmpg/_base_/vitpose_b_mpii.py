# ViTPose-B on MPII, 256x192; MMPose has it on COCO.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_ViTPose-base_8xb64-210e_coco-256x192.py',
    './mpii.py',
]

model = dict(head=dict(out_channels=16))
dataset_type = _base_.mpii_train.type
data_root = _base_.mpii_train.data_root
train_pipeline = _base_.mpii_train.pipeline
train_dataloader = dict(dataset=_base_.mpii_train)
val_dataloader = dict(dataset=_base_.mpii_val)
test_dataloader = val_dataloader
val_evaluator = dict(_delete_=True, **_base_.mpii_metric)
test_evaluator = dict(_delete_=True, **_base_.mpii_metric)
default_hooks = dict(checkpoint=dict(save_best='PCK'))
