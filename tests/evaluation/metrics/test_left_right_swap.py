import math

import numpy as np
import pytest

from mmkbdm.evaluation import LeftRightSwap
from mmkbdm.evaluation.metrics.left_right_swap import count_swaps
from mmkbdm.registry import METRICS

LEFT, RIGHT = np.array([1, 3]), np.array([2, 4])
TRUTH = np.array([[[5, 0], [0, 0], [10, 0], [0, 20], [10, 20]]], float)
VISIBLE = np.ones((1, 5))


def sample(predicted, visible=VISIBLE):
    return dict(
        gt_instances=dict(
            keypoints=TRUTH,
            keypoints_visible=visible,
            bboxes=np.array([[0.0, 0.0, 10.0, 20.0]]),
        ),
        pred_instances=dict(keypoints=predicted),
    )


def rate(*samples, **kwargs):
    metric = LeftRightSwap(**kwargs)
    metric.dataset_meta = dict(flip_pairs=[[1, 2], [3, 4]])
    for one in samples:
        metric.process(None, [one])
    return metric.evaluate(len(samples))['swap/rate']


def test_exchanged_pair_is_counted():
    swapped = TRUTH[:, [0, 2, 1, 3, 4]]
    assert rate(sample(TRUTH)) == 0
    assert rate(sample(swapped)) == 0.5
    assert rate(sample(swapped), sample(TRUTH)) == 0.25


def test_both_joints_on_one_side_are_no_swap():
    collapsed = TRUTH.copy()
    collapsed[:, 1] = TRUTH[:, 2]
    assert rate(sample(collapsed)) == 0


def test_unlabelled_and_close_pairs_do_not_count():
    swapped = TRUTH[:, [0, 2, 1, 4, 3]]
    hidden = VISIBLE.copy()
    hidden[0, 1] = 0
    assert rate(sample(swapped, hidden)) == 1
    assert rate(sample(swapped), min_separation=0.4) == 1
    assert math.isnan(rate(sample(swapped), min_separation=0.6))


def test_counts_agree_with_a_plain_loop():
    rng = np.random.default_rng(0)
    truth, predicted = rng.uniform(0, 9, (2, 50, 5, 2))
    visible = rng.integers(0, 3, (50, 5))
    swapped = pairs = 0
    for t, p, v in zip(truth, predicted, visible):
        for left, right in zip(LEFT, RIGHT):
            if not (v[left] and v[right]):
                continue
            if math.dist(t[left], t[right]) <= 2:
                continue
            pairs += 1
            swapped += math.dist(p[left], t[right]) < math.dist(
                p[left], t[left]
            ) and math.dist(p[right], t[left]) < math.dist(p[right], t[right])
    counted = count_swaps(
        predicted, truth, visible, np.full(50, 2.0), LEFT, RIGHT
    )
    assert counted == (swapped, pairs)
    assert 0 < swapped < pairs


def test_found_by_name():
    metric = METRICS.build(dict(type='mmkbdm.LeftRightSwap'))
    assert isinstance(metric, LeftRightSwap)
    with pytest.raises(TypeError):
        METRICS.build(dict(type='mmkbdm.LeftRightSwap', distance=1))


def test_nobody_has_no_rate():
    assert math.isnan(LeftRightSwap().compute_metrics([])['rate'])
