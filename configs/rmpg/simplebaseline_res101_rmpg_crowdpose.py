# SimpleBaselines ResNet-101 + RMPG, 256x192, CrowdPose. 56.6 M parameters.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/crowdpose/'
    'td-hm_res101_8xb64-210e_crowdpose-256x192.py',
    './_base_/rmpg_simplebaseline.py',
]

model = dict(neck=_base_.rmpg)
default_hooks = _base_.rmpg_hooks
