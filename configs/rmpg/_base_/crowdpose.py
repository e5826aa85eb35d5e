# CrowdPose, files and metric as in MMPose's top-down configs.
crowdpose_train = dict(
    type='CrowdPoseDataset',
    data_root='data/crowdpose/',
    ann_file='annotations/mmpose_crowdpose_trainval.json',
    data_prefix=dict(img='images/'),
)
crowdpose_val = dict(
    type='CrowdPoseDataset',
    data_root='data/crowdpose/',
    ann_file='annotations/mmpose_crowdpose_test.json',
    bbox_file='data/crowdpose/annotations/det_for_crowd_test_0.1_0.5.json',
    data_prefix=dict(img='images/'),
)
crowdpose_metric = dict(
    type='CocoMetric',
    ann_file='data/crowdpose/annotations/mmpose_crowdpose_test.json',
    use_area=False,
    iou_type='keypoints_crowd',
    prefix='crowdpose',
)
