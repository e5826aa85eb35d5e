"""COCO annotations of a painted scene.

Source: ours; the fields are COCO's. Coordinates are in pixels of the final
image with the centre of the first pixel at 0, rounded to 2 decimals.
"""

import cv2

from .canvas import SUPERSAMPLE


def person_annotation(scene, i):
    """Return the COCO fields of one person, without ids.

    Args:
        scene (Scene): Painted scene.
        i (int): Index of the person.

    Returns:
        dict: ``keypoints`` (51 numbers), ``num_keypoints``, ``bbox``
        (x, y, w, h) and ``area`` of the whole silhouette inside the image,
        hidden parts included, ``segmentation`` (outer polygons) and
        ``iscrowd``.
    """
    person = scene.people[i]
    values = scene.visibility(i)
    keypoints = []
    for (x, y), v in zip(person.joints.tolist(), values):
        keypoints += [_pixel(x), _pixel(y), v] if v else [0, 0, 0]
    x, y, w, h = cv2.boundingRect(person.mask)
    return {
        'category_id': 1,
        'keypoints': keypoints,
        'num_keypoints': sum(v > 0 for v in values),
        'bbox': [n / SUPERSAMPLE for n in (x, y, w, h)],
        'area': person.area / SUPERSAMPLE**2,
        'iscrowd': 0,
        'segmentation': _polygons(person.mask),
    }


def _pixel(value):
    return round((value - (SUPERSAMPLE - 1) / 2) / SUPERSAMPLE, 2)


def _polygons(mask):
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    polygons = []
    for contour in contours:
        outline = cv2.approxPolyDP(contour, 1.0, True).ravel().tolist()
        if len(outline) >= 6:
            polygons.append([n / SUPERSAMPLE for n in outline])
    return polygons
