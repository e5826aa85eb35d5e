# COCO val2017's images of people, each with its first caption.
_base_ = './_base_/draw_512.py'

dataset = dict(
    type='mmkbdm.CocoPoseText',
    data_root='data/coco/',
    ann_file='annotations/person_keypoints_val2017.json',
    caption_file='annotations/captions_val2017.json',
    data_prefix=dict(img='val2017/'),
    filter_cfg=dict(min_people=1),
)
