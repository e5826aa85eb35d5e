"""Non-maximum suppression of ``mmcv._ext`` in PyTorch."""

import torch


@torch.no_grad()
def nms(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    iou_threshold: float,
    offset: int = 0,
) -> torch.Tensor:
    """Suppress boxes that overlap a better one.

    Follows ``nms_cpu`` of `mmcv <https://github.com/open-mmlab/mmcv/blob/
    v2.1.0/mmcv/ops/csrc/pytorch/cpu/nms.cpp>`_: only an overlap strictly
    above the threshold suppresses, and ``offset`` is added to widths and
    heights. Different from it, equal scores keep their input order, and half
    precision and double precision are accepted.

    Args:
        boxes (Tensor): Corners x1, y1, x2, y2 in shape (N, 4).
        scores (Tensor): Scores in shape (N, ).
        iou_threshold (float): Largest overlap that two kept boxes may have.
        offset (int): 0 or 1.

    Returns:
        Tensor: Indices of the kept boxes by falling score, int64.
    """
    order = scores.sort(descending=True, stable=True).indices
    if boxes.dtype in (torch.float16, torch.bfloat16):
        # Areas of ordinary images overflow or lose their digits in half.
        boxes = boxes.float()
    x1, y1, x2, y2 = boxes.unbind(dim=1)
    areas = (x2 - x1 + offset) * (y2 - y1 + offset)

    keep = []
    while order.numel() > 0:
        best, rest = order[0], order[1:]
        keep.append(best)
        width = torch.minimum(x2[best], x2[rest]) - torch.maximum(
            x1[best], x1[rest]
        )
        height = torch.minimum(y2[best], y2[rest]) - torch.maximum(
            y1[best], y1[rest]
        )
        inter = (width + offset).clamp(min=0) * (height + offset).clamp(min=0)
        overlap = inter / (areas[best] + areas[rest] - inter)
        # The negation keeps boxes without area, whose overlap is 0 / 0.
        order = rest[~(overlap > iou_threshold)]
    return torch.stack(keep) if keep else order
