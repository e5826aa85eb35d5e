"""Whether a COCO keypoint file can be trusted (ours)."""

import json
import math
import os

from mmkbdm.apis.errors import TOY_CONFIG, PreflightError


def check_coco_file(ann_file: str, img_dir: str) -> None:
    """Read a COCO keypoint file and check every record.

    Args:
        ann_file (str): JSON file.
        img_dir (str): Folder that the images' ``file_name`` starts from.

    Raises:
        PreflightError: Names the file and the first record that is wrong:
            no JSON, no COCO keys, an annotation without keypoints or box, or
            with a coordinate that is no finite number, of an image that is
            not listed, or an annotated image that is not in the folder.
    """
    try:
        with open(ann_file, encoding='utf-8') as file:
            data = json.load(file)
    except OSError as error:
        raise PreflightError(
            f'{ann_file} cannot be read ({error.strerror}): it must be a '
            'file that you may read'
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise PreflightError(
            f'{ann_file} is not a whole JSON file ({error}): get it again'
        ) from error
    for key in ('images', 'annotations', 'categories'):
        found = data.get(key) if isinstance(data, dict) else None
        if not isinstance(found, list):
            raise PreflightError(
                f'{ann_file} is not a COCO file: it has no list "{key}"'
            )
        for index, record in enumerate(found):
            if not isinstance(record, dict):
                raise PreflightError(
                    f'{ann_file} is not a COCO file: {key}[{index}] is a '
                    f'{type(record).__name__}, not a dict'
                )
    images = {}
    for index, image in enumerate(data['images']):
        for key in ('id', 'file_name'):
            if key not in image:
                raise PreflightError(
                    f'{ann_file}: images[{index}] has no {key}: mend or '
                    'remove it'
                )
        images[image['id']] = image
    used = set()
    for annotation in data['annotations']:
        problem = _problem(annotation, images)
        if problem:
            raise PreflightError(
                f'{ann_file}: annotation {annotation.get("id")} of image '
                f'{annotation.get("image_id")} {problem}: mend or remove it'
            )
        used.add(annotation['image_id'])
    missing = [
        images[image_id]['file_name']
        for image_id in used
        if not os.path.exists(
            os.path.join(img_dir, images[image_id]['file_name'])
        )
    ]
    if missing:
        raise PreflightError(
            f'{os.path.join(img_dir, min(missing))} does not exist, and '
            f'{len(missing) - 1} more of the {len(used)} annotated images of '
            f'{ann_file}: unpack the images there or set data_prefix.img; '
            f'{TOY_CONFIG} runs on data that "make quickstart" makes'
        )


def _problem(annotation: dict, images: dict) -> str | None:
    if annotation.get('image_id') not in images:
        return 'is of an image that the file does not list'
    for key in ('keypoints', 'bbox'):
        values = annotation.get(key)
        if not isinstance(values, list) or not values:
            return f'has no {key}'
        if not all(
            isinstance(v, int | float) and math.isfinite(v) for v in values
        ):
            return f'has a number in {key} that is not finite: {values}'
    if len(annotation['keypoints']) % 3:
        return f'has {len(annotation["keypoints"])} keypoint numbers, not 3 K'
    return None
