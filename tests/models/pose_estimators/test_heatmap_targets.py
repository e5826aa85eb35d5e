import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import KEYPOINT_CODECS
from mmpose.structures import MultilevelPixelData, PoseDataSample
from tiny_estimators import HEATMAP, SIMCC, sample

from mmkbdm.models.pose_estimators.heatmap_targets import heatmap_targets

SIZE = (192, 256)
SIMCC_256 = dict(
    SIMCC, input_size=SIZE, sigma=(4.9, 5.66), simcc_split_ratio=2.0
)


def codec(cfg):
    init_default_scope('mmpose')
    return KEYPOINT_CODECS.build(cfg)


def simcc_sample(keypoints, visible, **kwargs):
    """A sample with the labels that MMPose's SimCC codec encodes."""
    labels = codec(SIMCC_256 | kwargs).encode(keypoints, visible)
    data_sample = PoseDataSample(metainfo=dict(input_size=SIZE))
    data_sample.gt_instance_labels = InstanceData(**labels).to_tensor()
    return data_sample


@pytest.fixture
def keypoints():
    rng = np.random.default_rng(0)
    return rng.uniform((8, 8), (184, 248), (1, 17, 2)).astype(np.float32)


VISIBLE = np.ones((1, 17), np.float32)


@pytest.mark.parametrize(
    'labels',
    [
        dict(),
        dict(normalize=True),
        dict(smoothing_type='standard', label_smooth_weight=0.1),
        dict(simcc_split_ratio=3.0),
    ],
    ids=str,
)
def test_simcc_labels_give_the_heatmaps_of_a_heatmap_codec(keypoints, labels):
    """MMPose's usual Gaussian; half a bin of the labels is lost."""
    targets, weights = heatmap_targets(
        [simcc_sample(keypoints, VISIBLE, **labels)]
    )
    usual = dict(input_size=SIZE, heatmap_size=(48, 64), sigma=2)
    expected = codec(dict(type='MSRAHeatmap', unbiased=True, **usual)).encode(
        keypoints, VISIBLE
    )
    assert targets.shape == (1, 17, 64, 48)
    assert (weights == 1).all()
    difference = targets[0] - torch.from_numpy(expected['heatmaps'])
    assert difference.abs().max() < 0.03
    assert targets.dtype == torch.float32


def test_gaussians_stand_where_a_flipped_codec_puts_them(keypoints):
    """Flipping the joints flips the heatmaps, pixel 0 onto pixel 47."""
    flipped = keypoints.copy()
    flipped[..., 0] = SIZE[0] - 4 - keypoints[..., 0]
    targets = [
        heatmap_targets([simcc_sample(points, VISIBLE)])[0]
        for points in (keypoints, flipped)
    ]
    difference = targets[0] - targets[1].flip(-1)
    assert difference.abs().max() < 0.1  # both are rounded to half a pixel


def test_invisible_and_outside_joints_have_no_weight(keypoints):
    visible = VISIBLE.copy()
    visible[0, 3] = 0
    keypoints[0, 5] = (-50, 20)
    samples = [simcc_sample(keypoints, visible)] * 2
    _, weights = heatmap_targets(samples)
    assert weights.shape == (2, 17)
    assert (weights == 0).nonzero().tolist() == [
        [b, k] for b in (0, 1) for k in (3, 5)
    ]


def test_a_joint_just_outside_is_drawn_at_the_border(keypoints):
    keypoints[0, 5] = (-3, 20)
    targets, weights = heatmap_targets([simcc_sample(keypoints, VISIBLE)])
    assert weights[0, 5] == 1
    assert targets[0, 5].argmax() == 5 * 48  # column 0, row 20 / 4
    assert targets.max() <= 1


def test_heatmaps_of_the_head_are_taken_as_they_are():
    samples = [
        sample(HEATMAP, hidden, seed)['data_samples']
        for seed, hidden in enumerate([(), (4,)])
    ]
    targets, weights = heatmap_targets(samples)
    for index, each in enumerate(samples):
        assert torch.equal(targets[index], each.gt_fields.heatmaps)
    assert weights[0].all()
    assert weights[1, 4] == 0
    assert not targets[1, 4].any()


def test_heatmaps_of_several_sizes_are_refused(keypoints):
    data_sample = sample(HEATMAP)['data_samples']
    maps = [data_sample.gt_fields.heatmaps, torch.zeros(17, 6, 4)]
    fields = MultilevelPixelData()
    fields.set_field(maps, 'heatmaps')
    data_sample.gt_fields = fields
    with pytest.raises(ValueError, match='one heatmap a joint'):
        heatmap_targets([data_sample])


def test_labels_of_a_regression_head_are_refused():
    data_sample = PoseDataSample()
    data_sample.gt_instance_labels = InstanceData(
        keypoint_labels=torch.zeros(1, 17, 2),
        keypoint_weights=torch.ones(1, 17),
    )
    with pytest.raises(ValueError) as caught:
        heatmap_targets([data_sample])
    assert '\n' not in str(caught.value)
    assert 'SimCC' in str(caught.value)
