"""Judges' models, small enough for a unit test, written to files."""

import copy
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.apis import init_model

import mmkbdm.evaluation.judges.centre_tag_head  # noqa: F401

RESNET = dict(
    type='ResNet',
    depth=18,
    stem_channels=8,
    base_channels=8,
    num_stages=2,
    strides=(1, 2),
    dilations=(1, 1),
    out_indices=(1,),
)
CODEC = dict(
    type='UDPHeatmap', input_size=(32, 48), heatmap_size=(8, 12), sigma=1.5
)
EMBEDDING = dict(
    type='AssociativeEmbedding',
    input_size=(64, 64),
    heatmap_size=(16, 16),
    sigma=1.5,
    use_udp=True,
    decode_keypoint_order=list(range(17)),
    decode_max_instances=5,
)


def top_down() -> Config:
    """Heatmaps of a crop of 32x48 pixels."""
    head = dict(
        type='HeatmapHead',
        in_channels=16,
        out_channels=17,
        deconv_out_channels=(8,),
        deconv_kernel_sizes=(4,),
        loss=dict(type='KeypointMSELoss'),
        decoder=CODEC,
    )
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(32, 48), use_udp=True),
        dict(type='PackPoseInputs'),
    ]
    return _config('TopdownPoseEstimator', 'topdown', head, pipeline)


def bottom_up() -> Config:
    """Heatmaps and tags of an image of 64x64 pixels."""
    head = dict(
        type='mmkbdm.CentreTagHead',
        in_channels=16,
        num_keypoints=17,
        deconv_out_channels=(8,),
        deconv_kernel_sizes=(4,),
        decoder=EMBEDDING,
    )
    pipeline = [
        dict(type='LoadImage'),
        dict(
            type='BottomupResize',
            input_size=(64, 64),
            size_factor=64,
            use_udp=True,
        ),
        dict(type='PackPoseInputs'),
    ]
    return _config('BottomupPoseEstimator', 'bottomup', head, pipeline)


def cid() -> Config:
    """A head that takes a batch for one image."""
    config = bottom_up()
    config.model.head = dict(
        type='CIDHead',
        in_channels=16,
        num_keypoints=17,
        gfd_channels=4,
        decoder=dict(
            type='DecoupledHeatmap', input_size=(64, 64), heatmap_size=(8, 8)
        ),
    )
    config.model.test_cfg = dict(max_instances=3, score_threshold=0.0)
    return config


def write_model(folder: Path, config: Config) -> dict[str, str]:
    """Write config and weights, large enough to tell places apart."""
    torch.manual_seed(0)
    path, weights = str(folder / 'tiny.py'), str(folder / 'tiny.pth')
    config.dump(path)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = init_model(copy.deepcopy(config), device='cpu')
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    torch.save(dict(state_dict=model.state_dict(), meta={}), weights)
    return dict(config=path, weights=weights)


def _config(kind: str, mode: str, head: dict, pipeline: list) -> Config:
    dataset = dict(
        type='CocoDataset',
        data_mode=mode,
        metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
        pipeline=pipeline,
    )
    return Config(
        dict(
            default_scope='mmpose',
            # Both for MMPoseInferencer, which the tests compare with.
            data_mode=mode,
            dataset_type='CocoDataset',
            visualizer=dict(type='PoseLocalVisualizer'),
            model=dict(
                type=kind,
                data_preprocessor=dict(
                    type='PoseDataPreprocessor',
                    mean=[123.675, 116.28, 103.53],
                    std=[58.395, 57.12, 57.375],
                    bgr_to_rgb=True,
                ),
                backbone=RESNET,
                head=head,
                test_cfg=dict(),
            ),
            train_dataloader=dict(dataset=dataset),
            test_dataloader=dict(dataset=dataset),
        )
    )
