"""The same people for xtcocotools and for our functions."""

import contextlib
import io

import numpy as np
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

from mmkbdm.evaluation.functional import Truth, detections_from_poses

NAMES = ['AP', 'AP50', 'AP75', 'AP_medium', 'AP_large', 'AR']
NAMES += [None, None, 'AR_medium', 'AR_large']


def coco_scores(annotations, image_ids, found, scores, only=None):
    """Run xtcocotools; -1, its word for absent, becomes NaN."""
    coco = COCO()
    coco.dataset = dict(
        images=[dict(id=i) for i in image_ids],
        categories=[dict(id=1, name='person')],
        annotations=annotations,
    )
    results = [
        dict(
            image_id=i,
            category_id=1,
            keypoints=pose.reshape(-1).tolist(),
            score=float(score),
        )
        for i, poses, values in zip(image_ids, found, scores)
        for pose, score in zip(poses, values)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), 'keypoints')
        if only is not None:
            evaluation.params.imgIds = list(only)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    stats = np.where(evaluation.stats == -1, np.nan, evaluation.stats)
    return {name: value for name, value in zip(NAMES, stats) if name}


def our_people(annotations, image_ids, found, scores):
    """Return detections and truth, images in the order of their ids."""
    order = sorted(image_ids)
    annotations = [
        one for i in order for one in annotations if one['image_id'] == i
    ]
    truth = Truth(
        joints=np.array(
            [np.reshape(one['keypoints'], (-1, 3)) for one in annotations],
            float,
        ),
        image=np.array([order.index(one['image_id']) for one in annotations]),
        num_images=len(order),
        areas=np.array([one['area'] for one in annotations], float),
        boxes=np.array([one['bbox'] for one in annotations], float),
        ignored=np.array(
            [not any(one['keypoints'][2::3]) for one in annotations]
        ),
        crowd=np.array([one['iscrowd'] for one in annotations], bool),
    )
    place = [list(image_ids).index(i) for i in order]
    detections, _ = detections_from_poses(
        [found[i] for i in place], [scores[i] for i in place]
    )
    return detections, truth
