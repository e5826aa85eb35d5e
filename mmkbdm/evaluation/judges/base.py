"""What a judge is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

# Of COCO, in its order; all our judges and metrics use them.
NUM_JOINTS = 17
# Joints below it do not enter a person's score (MMPose's CocoMetric).
JOINT_THRESHOLD = 0.2


class Judge(ABC):
    """A pose estimator that finds the people of images.

    A judge is deterministic, finds people by itself, and leaves thresholds
    and the suppression of duplicates to the metrics: these are part of a
    protocol. A subclass that is registered in
    :data:`mmkbdm.registry.JUDGES` can be named in a config.
    """

    @abstractmethod
    def judge(self, images: Sequence[np.ndarray]) -> list[dict]:
        """Find the people of every image.

        Args:
            images (Sequence[np.ndarray]): (H, W, 3) uint8, RGB. Sizes may
                differ.

        Returns:
            list[dict]: For each image, of D people (possibly 0):

            - keypoints (np.ndarray): (D, 17, 2) x, y in pixels of the image.
            - keypoint_scores (np.ndarray): (D, 17).
            - scores (np.ndarray): (D, ) of the people.
            - bboxes (np.ndarray): (D, 4) x1, y1, x2, y2 in pixels.

        Raises:
            ValueError: An image has another shape or type.
        """

    @abstractmethod
    def describe(self) -> dict:
        """Return what a report must say of the judge, ready for JSON.

        Returns:
            dict: Its name, the model with a checksum of its weights, the
            detector, and the versions of the packages that run it.
        """


def check_images(images: Sequence[np.ndarray]) -> None:
    """Raise a ValueError for an image that is not (H, W, 3) uint8."""
    for i, image in enumerate(images):
        shape = getattr(image, 'shape', None)
        dtype = getattr(image, 'dtype', None)
        if (
            shape is None
            or len(shape) != 3
            or shape[2] != 3
            or 0 in shape
            or dtype != np.uint8
        ):
            raise ValueError(
                f'image {i} must be an array (H, W, 3) of uint8 in RGB, not '
                f'{type(image).__name__} {shape} of {dtype}'
            )


def person(keypoints, keypoint_scores, scores, bboxes) -> dict:
    """Collect D people of an image into the answer of a judge."""
    return dict(
        keypoints=np.asarray(keypoints, float).reshape(-1, NUM_JOINTS, 2),
        keypoint_scores=np.asarray(keypoint_scores, float).reshape(
            -1, NUM_JOINTS
        ),
        scores=np.asarray(scores, float).reshape(-1),
        bboxes=np.asarray(bboxes, float).reshape(-1, 4),
    )


def judge_in_boxes(
    images: Sequence[np.ndarray], boxes: Sequence[tuple], find: Callable
) -> list[dict]:
    """Answer as a top-down judge does, one person a box.

    Args:
        images (Sequence[np.ndarray]): (H, W, 3).
        boxes (Sequence[tuple]): For each image what a detector returns:
            boxes (D, 4), x1, y1, x2, y2, and their scores (D, ).
        find (Callable): Takes a list of N (image, box, score), returns
            keypoints (N, 17, 2) in pixels of the images and scores (N, 17).
    """
    people = [
        (image, box, score)
        for image, (places, scores) in zip(images, boxes)
        for box, score in zip(places, scores)
    ]
    keypoints, joint_scores = find(people)
    keypoints = np.reshape(keypoints, (-1, NUM_JOINTS, 2))
    joint_scores = np.reshape(joint_scores, (-1, NUM_JOINTS))
    found, start = [], 0
    for places, scores in boxes:
        own = slice(start, start + len(scores))
        start = own.stop
        total = rescore(np.asarray(scores), joint_scores[own])
        found.append(person(keypoints[own], joint_scores[own], total, places))
    return found


def rescore(box_scores: np.ndarray, joint_scores: np.ndarray) -> np.ndarray:
    """Score people in boxes, as ``bbox_keypoint`` of MMPose's CocoMetric.

    Args:
        box_scores (np.ndarray): (D, ).
        joint_scores (np.ndarray): (D, K).

    Returns:
        np.ndarray: (D, ) box scores times the mean score of the joints above
        0.2, and 0 without such joints.
    """
    sure = joint_scores > JOINT_THRESHOLD
    total = np.where(sure, joint_scores, 0).sum(-1)
    return box_scores * total / np.maximum(sure.sum(-1), 1)
