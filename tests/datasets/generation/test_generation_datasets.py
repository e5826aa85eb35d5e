import json
import logging

import numpy as np
import pytest
import torch
from coco_paths import ANN_FILE, COCO, needs_coco
from generation_files import (
    HUMAN_ART,
    PIPELINE,
    coco_content,
    keypoints,
    needs_human_art,
    write_coco,
    write_mapping,
)
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS
from torch.utils.data import DataLoader

from mmkbdm.apis.errors import PreflightError
from mmkbdm.datasets.generation import (
    CocoPoseText,
    HumanArtPoseText,
    PoseTextMapping,
    ToyHumanPoseText,
)
from mmkbdm.datasets.toy_human import write_dataset

SAMPLE_KEYS = {
    'image', 'condition', 'poses', 'prompt', 'caption', 'scenario',
    'num_people', 'num_people_outside', 'img_id', 'img_path', 'file_name',
    'sample_idx', 'ori_height', 'ori_width', 'crop', 'flip',
}  # fmt: skip


def check_sample(sample, side):
    assert sample.keys() == SAMPLE_KEYS
    for key in ('image', 'condition'):
        assert sample[key].shape == (3, side, side)
        assert sample[key].dtype == torch.uint8
    poses = sample['poses']
    assert poses.dtype == torch.float32
    assert poses.shape == (sample['num_people'], 17, 3)
    assert (poses[..., 2] > 0).any(dim=1).all()
    assert isinstance(sample['prompt'], str)
    assert bool(sample['condition'].any()) == (len(poses) > 0)


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=1, num_val=6, size=64, max_people=3)
    return root


def toy_dataset(root, **kwargs):
    return ToyHumanPoseText(
        ann_file='annotations/val.json',
        data_root=str(root),
        data_prefix=dict(img='val/'),
        pipeline=PIPELINE,
        **kwargs,
    )


def test_toy_human_keeps_its_annotations(toy):
    dataset = toy_dataset(toy, test_mode=True)
    content = json.loads((toy / 'annotations/val.json').read_text())
    assert len(dataset) == 6
    for image, sample in zip(content['images'], dataset):
        check_sample(sample, 64)
        expected = [
            np.reshape(person['keypoints'], (17, 3))
            for person in content['annotations']
            if person['image_id'] == image['id'] and person['num_keypoints']
        ]
        assert np.allclose(sample['poses'], np.array(expected), atol=1e-4)
        assert sample['prompt'] == image['description']
        assert sample['scenario'] == image['category'].replace(' ', '_')
        assert sample['scenario'] not in sample['caption']
        assert sample['crop'].tolist() == [0, 0, 64, 64]


def test_two_workers_and_lazy_init(toy):
    dataset = DATASETS.build(
        dict(
            type='mmkbdm.ToyHumanPoseText',
            ann_file='annotations/val.json',
            data_root=str(toy),
            data_prefix=dict(img='val/'),
            pipeline=PIPELINE,
            lazy_init=True,
        )
    )
    assert not dataset._fully_initialized
    dataset.full_init()
    loader = DataLoader(
        dataset, batch_size=2, num_workers=2, collate_fn=pseudo_collate
    )
    batches = list(loader)
    assert [batch.keys() == SAMPLE_KEYS for batch in batches] == [True] * 3
    alone = toy_dataset(toy, serialize_data=False)
    flat = [
        {key: batch[key][i] for key in batch}
        for batch in batches
        for i in range(2)
    ]
    for sample, same in zip(flat, alone):
        for key, value in same.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(sample[key], value)
            else:
                assert sample[key] == value


@needs_human_art
def test_human_art_sample():
    dataset = HumanArtPoseText(
        ann_file='test_humanart.json',
        data_root=str(HUMAN_ART),
        strip_prefix='HumanArt/images/',
        pipeline=PIPELINE,
        test_mode=True,
    )
    samples = list(dataset)
    for sample in samples:
        check_sample(sample, 64)
    assert [s['scenario'] for s in samples] == [
        'digital_art',
        'garage_kits',
        'acrobatics',
    ]
    assert [s['num_people'] for s in samples] == [1, 1, 2]
    assert samples[1]['prompt'] == 'garage_kits, ' + samples[1]['caption']
    assert (samples[0]['ori_height'], samples[0]['ori_width']) == (1750, 1280)


@needs_coco
def test_coco_sample_with_captions(tmp_path):
    images = json.loads(ANN_FILE.read_text())['images']
    captions = tmp_path / 'captions.json'
    records = [
        dict(id=number, image_id=image['id'], caption=f' text\n{number}.')
        for image in images
        for number in (9, 4)
    ]
    records.append(dict(id=1, image_id=1, caption='of another image'))
    captions.write_text(json.dumps(dict(annotations=records)))
    options = dict(
        ann_file=ANN_FILE.name,
        caption_file=str(captions),
        data_root=str(COCO),
        pipeline=PIPELINE,
    )
    dataset = CocoPoseText(test_mode=True, **options)
    samples = list(dataset)
    for sample in samples:
        check_sample(sample, 64)
        assert sample['prompt'] == sample['caption'] == 'text 4.'
    found = [s['num_people'] + s['num_people_outside'] for s in samples]
    assert sum(found) == 12
    assert dataset.left_out == {'people without a joint': 2}
    both = CocoPoseText(caption='random', **options)
    np.random.seed(0)
    assert {both[0]['prompt'] for _ in range(20)} == {'text 4.', 'text 9.'}


def test_an_image_without_caption(tmp_path):
    options = write_coco(tmp_path, coco_content())
    captions = tmp_path / 'captions.json'
    captions.write_text('{"annotations": []}')
    with pytest.raises(PreflightError, match='image 10 has no caption in '):
        CocoPoseText(caption_file=str(captions), **options)


def test_mapping(tmp_path):
    options = write_mapping(tmp_path)
    dataset = PoseTextMapping(
        scenario_from_folder=True,
        pipeline=PIPELINE,
        test_mode=True,
        **options,
    )
    first, second = dataset
    check_sample(first, 64)
    assert (first['img_id'], first['num_people']) == ('00000000', 1)
    assert (second['scenario'], second['caption']) == ('cartoon', 'picture 1')
    # The pose keeps the confidences and is in pixels of the crop.
    assert np.allclose(first['poses'][..., 2].max(), 0.9)
    info = dataset.get_data_info(1)
    assert np.allclose(info['poses'][1, :, :2], keypoints(1)[:, :2])
    kept = PoseTextMapping(filter_cfg=dict(min_people=2), **options)
    assert len(kept) == 1
    assert kept.left_out == {'images of fewer than 2 people': 1}


def test_filter_says_once_what_it_leaves_out(tmp_path, caplog):
    content = coco_content((1, 2, 0, 3))
    content['annotations'][0]['iscrowd'] = 1
    content['annotations'][1]['keypoints'] = [0] * 51
    options = write_coco(tmp_path, content)
    logger = MMLogger.get_instance('generation_filter')
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        dataset = HumanArtPoseText(
            filter_cfg=dict(min_people=1, max_people=2), **options
        )
        dataset.full_init()
    assert dataset.get_data_info(0)['img_id'] == 11
    assert len(dataset) == 1
    assert dataset.left_out == {
        'crowd annotations': 1,
        'people without a joint': 1,
        'images of fewer than 1 people': 2,
        'images of more than 2 people': 1,
    }
    said = [r.getMessage() for r in caplog.records]
    assert sum('left out: 1 crowd' in line for line in said) == 1
    assert len(HumanArtPoseText(**options)) == 4


@pytest.mark.parametrize(
    'template, prompt',
    [
        (None, 'digital_art, picture 0, with a ball'),
        ('{caption}', 'picture 0, with a ball'),
        ('{scenario_words} of {caption}', 'digital art of picture 0, with'),
        ('a person', 'a person'),
    ],
)
def test_prompt_template(tmp_path, template, prompt):
    options = write_coco(tmp_path, coco_content())
    dataset = HumanArtPoseText(prompt_template=template, **options)
    assert dataset.get_data_info(0)['prompt'].startswith(prompt)


def test_an_image_without_people_is_kept(tmp_path):
    options = write_coco(tmp_path, coco_content())
    sample = HumanArtPoseText(pipeline=PIPELINE, **options)[2]
    check_sample(sample, 64)
    assert sample['num_people'] == 0


def test_one_visible_joint_is_kept_and_draws_nothing(tmp_path):
    content = coco_content((1,))
    pose = np.zeros((17, 3))
    pose[4] = 30, 20, 2
    content['annotations'][0]['keypoints'] = pose.ravel().tolist()
    options = write_coco(tmp_path, content)
    sample = HumanArtPoseText(pipeline=PIPELINE, **options)[0]
    assert sample['num_people'] == 1
    assert not sample['condition'].any()
