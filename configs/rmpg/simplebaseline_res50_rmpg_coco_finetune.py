# SimpleBaselines R-50 + RMPG fine-tuned, 256x192, COCO. 37.6 M parameters.
_base_ = ['./simplebaseline_res50_rmpg_coco.py', './_base_/finetune.py']

load_from = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/'
    'topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth'
)
# The checkpoint has the backbone already.
model = dict(backbone=dict(init_cfg=None))

train_cfg = _base_.finetune_train
param_scheduler = _base_.finetune_schedule
custom_hooks = _base_.finetune_hooks
