import pytest
import torch

from mmkbdm import compat
from mmkbdm.compat.nms import nms


def brute_force(boxes, scores, threshold, offset):
    """Plain Python, in the order of mmcv's CPU kernel."""
    boxes = boxes.tolist()
    order = sorted(range(len(boxes)), key=lambda i: (-scores[i].item(), i))
    kept = []
    for j in order:
        for i in kept:
            left, top = (max(boxes[i][k], boxes[j][k]) for k in (0, 1))
            right, bottom = (min(boxes[i][k], boxes[j][k]) for k in (2, 3))
            inter = max(0, right - left + offset)
            inter *= max(0, bottom - top + offset)
            union = -inter
            for x1, y1, x2, y2 in (boxes[i], boxes[j]):
                union += (x2 - x1 + offset) * (y2 - y1 + offset)
            if union and inter / union > threshold:
                break
        else:
            kept.append(j)
    return kept


def random_boxes(count, seed):
    """Corners on a grid of quarters: exact in every float dtype."""
    generator = torch.Generator().manual_seed(seed)
    corner = torch.randint(0, 60, (count, 2), generator=generator)
    size = torch.randint(0, 40, (count, 2), generator=generator)
    boxes = torch.cat([corner, corner + size], dim=1) / 4
    # Few distinct scores: many ties.
    scores = torch.randint(0, 8, (count,), generator=generator) / 8
    return boxes, scores


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_against_brute_force(offset, threshold, dtype):
    for seed in range(8):
        boxes, scores = random_boxes(40, seed)
        boxes, scores = boxes.to(dtype), scores.to(dtype)
        kept = nms(boxes, scores, iou_threshold=threshold, offset=offset)
        assert kept.dtype == torch.int64
        assert kept.tolist() == brute_force(boxes, scores, threshold, offset)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    boxes, scores = random_boxes(40, 0)
    # Whole numbers of this size fit into the 8 bits of bfloat16.
    boxes = boxes.round()
    kept = nms(boxes.to(dtype), scores.to(dtype), 0.5)
    assert kept.tolist() == brute_force(boxes, scores, 0.5, 0)


def test_threshold_is_strict():
    boxes = torch.tensor([[0, 0, 2, 2], [0, 0, 2, 1.0]])
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.5).tolist() == [0, 1]
    assert nms(boxes, scores, 0.49).tolist() == [0]


def test_empty():
    kept = nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert kept.shape == (0,)
    assert kept.dtype == torch.int64


def test_equal_scores_keep_their_order():
    boxes = torch.arange(80.0).reshape(20, 4) * 10
    assert nms(boxes, torch.ones(20), 0.5).tolist() == list(range(20))


def test_gradient_is_not_tracked():
    boxes = torch.rand(4, 4, requires_grad=True)
    assert not nms(
        boxes, torch.rand(4, requires_grad=True), 0.5
    ).is_floating_point()


@pytest.fixture(scope='module')
def ops():
    compat.activate()
    return pytest.importorskip('mmcv.ops')


@pytest.mark.parametrize('offset', [0, 1])
def test_mmcv_nms(ops, offset):
    for seed in range(4):
        boxes, scores = random_boxes(50, seed)
        dets, kept = ops.nms(boxes, scores, 0.4, offset=offset)
        want = brute_force(boxes, scores, 0.4, offset)
        assert kept.tolist() == want
        assert torch.equal(dets, torch.cat([boxes, scores[:, None]], 1)[want])
        arrays = ops.nms(boxes.numpy(), scores.numpy(), 0.4, offset=offset)
        assert arrays[1].tolist() == want


def test_mmcv_nms_options(ops):
    boxes, scores = random_boxes(50, 0)
    kept = ops.nms(boxes, scores, 0.4, score_threshold=0.3, max_num=5)[1]
    over = (scores > 0.3).nonzero()[:, 0]
    want = over[brute_force(boxes[over], scores[over], 0.4, 0)][:5]
    assert torch.equal(kept, want)
    dets, kept = ops.nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert dets.shape == (0, 5)


@pytest.mark.parametrize('split', [10, 10000])
def test_mmcv_batched_nms(ops, split):
    config = dict(type='nms', iou_threshold=0.4, split_thr=split)
    for seed in range(4):
        boxes, scores = random_boxes(50, seed)
        classes = torch.arange(50) % 3
        want = []
        for label in range(3):
            index = (classes == label).nonzero()[:, 0]
            kept = brute_force(boxes[index], scores[index], 0.4, 0)
            want += index[kept].tolist()
        kept = ops.batched_nms(boxes, scores, classes, config)[1]
        assert sorted(kept.tolist()) == sorted(want)
        assert scores[kept].tolist() == sorted(scores[kept].tolist())[::-1]
