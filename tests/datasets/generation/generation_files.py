"""Small files in the form of every data set for generation."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

HUMAN_ART = Path(__file__).parents[4] / 'shared' / 'data' / 'humanart'
needs_human_art = pytest.mark.skipif(
    not (HUMAN_ART / 'test_humanart.json').exists(),
    reason=f'the three Human-Art images are not at {HUMAN_ART}',
)

PIPELINE = [
    dict(type='mmkbdm.LoadImage'),
    dict(type='mmkbdm.ResizeCenterCrop', size=64),
    dict(type='mmkbdm.DrawPose'),
    dict(type='mmkbdm.PackGeneration'),
]


def keypoints(seed=0, width=60, height=40):
    """17 visible joints inside an image, as COCO writes them."""
    rng = np.random.default_rng(seed)
    pose = np.full((17, 3), 2.0)
    pose[:, :2] = rng.uniform(1, (width - 2, height - 2), (17, 2)).round(2)
    return pose


def image_file(path, width=60, height=40):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.arange(height * width * 3, dtype=np.uint8)
    cv2.imwrite(str(path), rows.reshape(height, width, 3))


def coco_content(people=(1, 2, 0)):
    """Images with these numbers of people, in Human-Art's form."""
    content = dict(images=[], annotations=[], categories=[dict(id=1)])
    for index, count in enumerate(people):
        content['images'].append(
            dict(
                id=10 + index,
                file_name=f'{index}.png',
                height=40,
                width=60,
                description=f'digital_art, picture {index}, with a ball',
                category='digital art',
            )
        )
        for person in range(count):
            content['annotations'].append(
                dict(
                    id=100 * index + person,
                    image_id=10 + index,
                    iscrowd=0,
                    keypoints=keypoints(person).ravel().tolist(),
                )
            )
    return content


def write_coco(root, content):
    for image in content['images']:
        image_file(root / image['file_name'])
    (root / 'ann.json').write_text(json.dumps(content))
    return dict(ann_file='ann.json', data_root=str(root))


def write_mapping(root, people=(1, 2)):
    """The form that HumanSD documents, with its pickled dicts."""
    mapping = {}
    for index, count in enumerate(people):
        name = f'2D_virtual_human/cartoon/{index:012d}'
        image_file(root / f'images/{name}.jpg')
        poses = np.empty(count, object)
        for person in range(count):
            pose = keypoints(person)
            pose[:, 2] = 0.9
            poses[person] = dict(
                keypoints=pose, score=np.float32(0.7), area=12.0
            )
        npz = root / f'pose/{name}.npz'
        npz.parent.mkdir(parents=True, exist_ok=True)
        np.savez(npz, poses)
        mapping[f'{index:08d}'] = dict(
            img_path=f'images/{name}.jpg',
            prompt=f'cartoon, picture {index}',
            pose_path=f'pose/{name}.npz',
        )
    (root / 'mapping_file_validation.json').write_text(json.dumps(mapping))
    return dict(ann_file='mapping_file_validation.json', data_root=str(root))
