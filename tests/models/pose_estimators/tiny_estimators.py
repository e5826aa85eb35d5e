"""Pose networks of every kind of head, small enough for a unit test."""

import copy
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS, TRANSFORMS
from mmpose.testing import get_coco_sample

CONFIGS = Path(__file__).parents[3] / 'configs' / 'rmpg' / '_base_'
# The supervision of the COCO configs: body, halves, quarters.
HIERARCHY = Config.fromfile(CONFIGS / 'hierarchy_coco.py').hierarchy

RESNET = dict(
    type='ResNet',
    depth=18,
    stem_channels=8,
    base_channels=16,
    num_stages=2,
    strides=(1, 2),
    dilations=(1, 1),
    out_indices=(1,),
)
HEATMAP = dict(
    type='MSRAHeatmap', input_size=(32, 48), heatmap_size=(8, 12), sigma=1
)
SQUARE = dict(HEATMAP, input_size=(32, 32), heatmap_size=(8, 8))
SIMCC = dict(
    type='SimCCLabel',
    input_size=(32, 48),
    sigma=(2.0, 2.5),
    simcc_split_ratio=2.0,
    normalize=False,
    use_dark=False,
)
MSE = dict(type='KeypointMSELoss', use_target_weight=True)

NETWORKS = dict(
    heatmap=dict(
        backbone=RESNET,
        neck=dict(in_channels=32),
        head=dict(
            type='HeatmapHead',
            in_channels=32,
            out_channels=17,
            deconv_out_channels=(16,),
            deconv_kernel_sizes=(4,),
            loss=MSE,
            decoder=HEATMAP,
        ),
    ),
    stacked=dict(
        backbone=dict(
            type='HourglassNet',
            downsample_times=1,
            num_stacks=2,
            stage_channels=(256, 256),
            stage_blocks=(1, 1),
            feat_channel=16,
        ),
        neck=dict(in_channels=16, num_maps=2, kv_pool=2),
        head=dict(
            type='CPMHead',
            in_channels=16,
            out_channels=17,
            num_stages=2,
            deconv_out_channels=None,
            loss=MSE,
            decoder=SQUARE,
        ),
    ),
    simcc=dict(
        backbone=RESNET,
        neck=dict(in_channels=32, mid_channels=16),
        head=dict(
            type='RTMCCHead',
            in_channels=32,
            out_channels=17,
            input_size=SIMCC['input_size'],
            in_featuremap_size=(4, 6),
            simcc_split_ratio=SIMCC['simcc_split_ratio'],
            final_layer_kernel_size=3,
            gau_cfg=dict(
                hidden_dims=32,
                s=16,
                expansion_factor=2,
                dropout_rate=0.0,
                drop_path=0.0,
                act_fn='SiLU',
                use_rel_bias=False,
                pos_enc=False,
            ),
            loss=dict(type='KLDiscretLoss', use_target_weight=True),
            decoder=SIMCC,
        ),
    ),
)


def supervised(name, **kwargs):
    """Config of a network with the hierarchy of COCO, gates open."""
    cfg = copy.deepcopy(dict(HIERARCHY))
    cfg.update(copy.deepcopy(NETWORKS[name]))
    cfg['neck'].update(type='mmkbdm.HierarchicalRMPG', gate_init=0.5)
    cfg['test_cfg'] = dict(flip_test=True, flip_mode='heatmap')
    if name == 'simcc':
        cfg['test_cfg'] = dict(flip_test=True)
    cfg.update(kwargs)
    return cfg


def unsupervised(name):
    """The same network with the estimator of MMPose."""
    cfg = supervised(name, type='TopdownPoseEstimator')
    del cfg['auxiliary'], cfg['metainfo']
    return cfg


def build(cfg, seed=0):
    init_default_scope('mmpose')
    torch.manual_seed(seed)
    return MODELS.build(copy.deepcopy(cfg))


def sample(codec, hidden=(), seed=0):
    """One person as the pipelines of MMPose pack it."""
    init_default_scope('mmpose')
    np.random.seed(seed)
    data = get_coco_sample(img_shape=(96, 64))
    data['bbox_score'] = np.ones(1, np.float32)
    data['keypoints_visible'][:, list(hidden)] = 0
    for transform in (
        dict(type='TopdownAffine', input_size=codec['input_size']),
        dict(type='GenerateTarget', encoder=codec),
        dict(type='PackPoseInputs'),
    ):
        data = TRANSFORMS.build(transform).transform(data)
    return data


def batch(cfg, size=2):
    """Normalised images (B, 3, H, W) and their data samples."""
    items = [sample(cfg['head']['decoder'], seed=i) for i in range(size)]
    images = torch.stack([item['inputs'] for item in items])
    samples = [item['data_samples'] for item in items]
    return images.float() / 128 - 1, samples
