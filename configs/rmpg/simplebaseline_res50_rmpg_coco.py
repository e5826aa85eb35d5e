# SimpleBaselines ResNet-50 + RMPG, 256x192. 37.6 M parameters.
_base_ = (
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192.py'
)

# The trunk gives 2048 channels: the parse graph works on 256 of them.
model = dict(neck=dict(type='mmkbdm.RMPG', in_channels=2048, mid_channels=256))

default_hooks = dict(checkpoint=dict(type='mmkbdm.SafeCheckpointHook'))
