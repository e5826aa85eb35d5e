# ViTPose-L, Human-Art val AP .789 with true boxes (MMPose).
_base_ = './_base_/yolox-l_humanart.py'

_weights = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/'
    'topdown_heatmap/human_art/'
)
_name = 'td-hm_ViTPose-large_8xb64-210e_humanart-256x192'
judge = dict(
    config=f'mmpose::body_2d_keypoint/topdown_heatmap/humanart/{_name}.py',
    weights=f'{_weights}{_name}-9aba9345_20230614.pth',
)
