# A judge of ToyHuman's people: bottom-up with RMPG,
# trained in minutes on a CPU.
_base_ = '../rmpg/simplebaseline_toy_rmpg_toyhuman.py'
custom_imports = dict(
    imports=['mmkbdm.evaluation.judges.centre_tag_head'],
    allow_failed_imports=False,
)

num_epochs = 5
judge = dict(
    type='mmkbdm.MMPoseJudge',
    config='configs/judges/toy_judge.py',
    weights=f'work_dirs/toy_judge/epoch_{num_epochs}.pth',
)
# Real images: what the judge itself scores, for comparison in reports.
ceiling = dict(
    images='data/toyhuman/val', poses='data/toyhuman/annotations/val.json'
)

train_cfg = dict(max_epochs=num_epochs, val_interval=num_epochs)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=50, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        T_max=num_epochs,
        eta_min_ratio=0.01,
        convert_to_iter_based=True,
    ),
]
custom_hooks = [
    dict(type='SyncBuffersHook'),
    dict(type='mmkbdm.ChannelsLastHook'),
]
size = (128, 128)
embedding = dict(
    type='AssociativeEmbedding',
    input_size=size,
    heatmap_size=(64, 64),
    sigma=2,
    use_udp=True,
    # From the trunk outwards.
    # fmt: off
    decode_keypoint_order=[
        5,
        6,
        11,
        12,
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        13,
        14,
        9,
        10,
        15,
        16,
    ],
    # fmt: on
    decode_topk=10,
    decode_max_instances=10,
)
model = dict(
    type='BottomupPoseEstimator',
    # The lite preset; a coarser context halves the time of a step.
    neck=dict(combine='add', out_proj=True, kv_pool=2),
    head=dict(
        _delete_=True,
        type='mmkbdm.CentreTagHead',
        in_channels=64,
        num_keypoints=17,
        deconv_out_channels=(64, 32),
        deconv_kernel_sizes=(4, 4),
        decoder=embedding,
    ),
    test_cfg=dict(_delete_=True),
)

data_mode = 'bottomup'
test_pipeline = [
    dict(type='LoadImage'),
    dict(
        type='BottomupResize', input_size=size, size_factor=128, use_udp=True
    ),
    # Without the people's categories, which CocoMetric cannot take here.
    dict(
        type='PackPoseInputs',
        meta_keys=(
            'id',
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'input_size',
            'input_center',
            'input_scale',
        ),
    ),
]
train_pipeline = [
    dict(type='LoadImage'),
    dict(
        type='BottomupRandomAffine',
        input_size=size,
        shift_factor=0.1,
        rotate_factor=15,
        scale_factor=(0.8, 1.2),
        use_udp=True,
    ),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='GenerateTarget', encoder=embedding),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(
    dataset=dict(data_mode=data_mode, pipeline=train_pipeline)
)
val_dataloader = dict(
    dataset=dict(data_mode=data_mode, pipeline=test_pipeline)
)
test_dataloader = val_dataloader
val_evaluator = dict(score_mode='bbox', nms_mode='none')
test_evaluator = val_evaluator
