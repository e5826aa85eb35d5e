# MPII, files and metric as in MMPose's top-down configs, in ViTPose's crops.
mpii_codec = dict(
    type='UDPHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2
)
mpii_train = dict(
    type='MpiiDataset',
    data_root='data/mpii/',
    ann_file='annotations/mpii_train.json',
    data_prefix=dict(img='images/'),
    pipeline=[
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='RandomBBoxTransform', shift_prob=0),
        dict(type='TopdownAffine', input_size=(192, 256), use_udp=True),
        dict(type='GenerateTarget', encoder=mpii_codec),
        dict(type='PackPoseInputs'),
    ],
)
mpii_val = dict(
    type='MpiiDataset',
    data_root='data/mpii/',
    ann_file='annotations/mpii_val.json',
    bbox_file=None,
    headbox_file='data/mpii/annotations/mpii_gt_val.mat',
    data_prefix=dict(img='images/'),
)
mpii_metric = dict(type='MpiiPCKAccuracy')
