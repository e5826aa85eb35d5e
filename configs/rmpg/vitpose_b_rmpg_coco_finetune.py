# ViTPose-B + RMPG fine-tuned, 256x192, COCO. 112.7 M parameters.
_base_ = ['./vitpose_b_rmpg_coco.py', './_base_/finetune.py']

load_from = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/'
    'topdown_heatmap/coco/'
    'td-hm_ViTPose-base_8xb64-210e_coco-256x192-216eae50_20230314.pth'
)
# The checkpoint has the backbone already.
model = dict(backbone=dict(init_cfg=None))

train_cfg = _base_.finetune_train
param_scheduler = _base_.finetune_schedule
custom_hooks = _base_.finetune_hooks
