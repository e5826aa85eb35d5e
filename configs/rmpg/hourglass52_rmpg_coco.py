# Hourglass-52 + RMPG, 256x256. 97.4 M parameters.
_base_ = (
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hourglass52_8xb32-210e_coco-256x256.py'
)

# Keys and values of the 64x64 maps are averaged over 4x4 pixels: attention
# among all pixels would cost 64 GMAC.
model = dict(neck=dict(type='mmkbdm.RMPG', in_channels=256, kv_pool=4))

default_hooks = dict(checkpoint=dict(type='mmkbdm.SafeCheckpointHook'))
