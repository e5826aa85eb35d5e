# ViTPose-B + RMPG, 256x192. 112.7 M parameters.
_base_ = (
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_ViTPose-base_8xb64-210e_coco-256x192.py'
)

model = dict(neck=dict(type='mmkbdm.RMPG', in_channels=768))

default_hooks = dict(checkpoint=dict(type='mmkbdm.SafeCheckpointHook'))
