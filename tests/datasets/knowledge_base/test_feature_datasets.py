"""Both stages by their configs, on a few painted squares."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.preflight import preflight
from mmkbdm.datasets.knowledge_base import ImageFeatures, TextCodes
from mmkbdm.datasets.knowledge_base.targets import (
    code_shares,
    images_of_texts,
)
from mmkbdm.models.knowledge_base import FeatureCodebook
from mmkbdm.models.knowledge_base.words import SCENARIOS
from mmkbdm.registry import DATASETS, MODELS

COLOURS = dict(red=(0, 0, 255), green=(0, 255, 0), blue=(255, 0, 0))
CODEBOOK = dict(
    type='mmkbdm.FeatureCodebook',
    in_dim=3,
    num_codes=8,
    code_dim=4,
    hidden_dim=16,
)


@MODELS.register_module()
class ColourEncoder(nn.Module):
    """Mean colour, RGB, and which colours a text names."""

    def __init__(self):
        super().__init__()
        self.register_buffer('scale', torch.tensor(1 / 255))

    def forward(self, images):
        assert images.shape[1:] == (3, 64, 64)
        return images.float().mean((-2, -1)) * self.scale

    def encode_text(self, texts):
        rows = [[float(name in text) for name in COLOURS] for text in texts]
        return torch.tensor(rows)


@pytest.fixture
def toy(tmp_path):
    """Write data set and encoder; returns a function that fills configs."""
    for split, repeat in (('train', 6), ('val', 2)):
        images = []
        for index, name in enumerate(list(COLOURS) * repeat):
            path = tmp_path / split / f'{index}.png'
            path.parent.mkdir(exist_ok=True)
            picture = np.full((40, 50, 3), COLOURS[name], np.uint8)
            cv2.imwrite(str(path), picture)
            text = f'sketch, a person in {name} waving'
            images.append(
                dict(id=index, file_name=path.name, height=40, width=50)
                | dict(description=text, category='sketch')
            )
        content = dict(images=images, annotations=[])
        path = tmp_path / 'annotations' / f'{split}.json'
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    encoder = tmp_path / 'encoder.py'
    encoder.write_text("features = dict(type='mmkbdm.ColourEncoder')\n")

    def dataset(split):
        return dict(
            encoder=str(encoder),
            cache=str(tmp_path / 'cache' / split),
            dataset=dict(
                type='mmkbdm.ToyHumanPoseText',
                data_root=str(tmp_path),
                ann_file=f'annotations/{split}.json',
                data_prefix=dict(img=f'{split}/'),
                pipeline=[
                    dict(type='mmkbdm.LoadImage'),
                    dict(type='mmkbdm.ResizeCenterCrop', size=64),
                ],
            ),
        )

    return dataset


def run(config, toy, folder, **changes):
    cfg = Config.fromfile(f'configs/kb_dmgen/{config}.py')
    for split in ('train', 'val'):
        loader = cfg[f'{split}_dataloader']
        loader.batch_size = 6
        loader.dataset.update(toy(split))
    cfg.merge_from_dict(changes)
    cfg.work_dir = str(folder)
    cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    preflight(cfg, phases=('train', 'val'))
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_both_stages_train_by_their_configs(toy, tmp_path, monkeypatch):
    # Laying out the configs in the logs would take most of the time.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    book = {f'model.{key}': value for key, value in CODEBOOK.items()}
    changes = {'val_evaluator.num_codes': 8, 'train_cfg.max_epochs': 10}
    first = run('kb_stage1_toy', toy, tmp_path / '1', **book, **changes)
    assert first.message_hub.get_scalar('train/perplexity').current() > 1
    assert first.message_hub.get_scalar('val/codebook/cosine').current() > 0.5
    changes = {
        'model.in_dim': 3,
        'model.num_codes': 8,
        'train_cfg.max_epochs': 10,
    }
    for split in ('train', 'val'):
        where = f'{split}_dataloader.dataset'
        changes[f'{where}.checkpoint'] = str(tmp_path / '1' / 'epoch_10.pth')
        changes[f'{where}.codebook'] = CODEBOOK
    second = run('kb_stage2_toy', toy, tmp_path / '2', **changes)
    assert second.message_hub.get_scalar('val/code/top5').current() > 0.9
    assert list((tmp_path / '2').glob('best_code_top5*'))

    # Everything is in the cache now.
    monkeypatch.setattr(ColourEncoder, 'forward', None)
    monkeypatch.setattr(ColourEncoder, 'encode_text', None)
    settings = dict(second.cfg.train_dataloader.dataset)
    settings.pop('type')
    again = TextCodes(**settings)
    trained_on = second.train_dataloader.dataset
    for one, other in zip(again, trained_on, strict=True):
        assert torch.equal(one['target'], other['target'])


def test_samples(toy, tmp_path):
    images = ImageFeatures(**toy('val'))
    assert len(images) == 6
    assert torch.equal(images[0]['features'], torch.tensor([1.0, 0, 0]))
    assert torch.equal(images[5]['features'], torch.tensor([0, 0, 1.0]))

    torch.manual_seed(0)
    codebook = MODELS.build(CODEBOOK).eval()
    path = str(tmp_path / 'codebook.pth')
    torch.save(dict(state_dict=codebook.state_dict()), path)
    stage1 = dict(codebook=CODEBOOK, checkpoint=path)
    codes = codebook.encode(torch.eye(3)).tolist()
    assert len(set(codes)) > 1
    texts = TextCodes(**toy('val'), **stage1, with_parts=False)
    assert len(texts) == 6
    for sample in texts:
        colour = int(sample['features'].argmax())
        assert sample['target'].tolist() == [
            float(k == codes[colour]) for k in range(8)
        ]
    # Caption, type, object and status of every image.
    texts = TextCodes(**toy('val'), **stage1)
    assert len(texts) == 24
    expected = np.bincount(codes, minlength=8) / 3
    mixed = [s['target'] for s in texts if not s['features'].any()]
    assert len(mixed) == 12
    for target in mixed:
        assert target.tolist() == pytest.approx(expected.tolist())


def test_features_go_into_the_samples_of_a_generator(toy, monkeypatch):
    """By one cache with stage 1; each with its own image."""
    settings = toy('val')
    ImageFeatures(**settings)
    monkeypatch.setattr(ColourEncoder, 'forward', None)
    images = settings.pop('dataset')
    settings['pipeline'] = images['pipeline']
    images = dict(images, image_features=settings)
    images['pipeline'] = [
        *images['pipeline'],
        dict(type='mmkbdm.DrawPose'),
        dict(type='mmkbdm.PackGeneration'),
    ]
    for indices in (None, [4, 2, 3]):
        for sample in DATASETS.build(dict(images, indices=indices)):
            colour = list(COLOURS).index(sample['prompt'].split()[4])
            assert torch.equal(sample['image_features'], torch.eye(3)[colour])
    # Without them there is nothing in their place.
    del images['image_features']
    assert 'image_features' not in DATASETS.build(images)[0]


def test_features_of_what_a_filter_leaves(toy, tmp_path):
    file = tmp_path / 'annotations' / 'val.json'
    content = json.loads(file.read_text())
    content['annotations'] = [
        dict(id=i, image_id=i, keypoints=[5.0, 5.0, 2.0] * 17) for i in (1, 5)
    ]
    file.write_text(json.dumps(content))
    settings = toy('val')
    images = settings.pop('dataset')
    settings['pipeline'] = images['pipeline']
    kept = DATASETS.build(
        dict(
            images,
            image_features=settings,
            filter_cfg=dict(min_people=1),
        )
    )
    found = [sample['image_features'].tolist() for sample in kept]
    assert found == [[0, 1, 0], [0, 0, 1]]


def test_bad_stage1_checkpoint(toy, tmp_path):
    path = str(tmp_path / 'codebook.pth')
    torch.save(dict(state_dict=FeatureCodebook(4).state_dict()), path)
    words = 'codebook.pth for this FeatureCodebook: .* encoder.0.weight'
    with pytest.raises(PreflightError, match=words):
        TextCodes(**toy('val'), codebook=CODEBOOK, checkpoint=path)


def test_missing_data_is_named_before_anything_runs(toy, tmp_path):
    (tmp_path / 'annotations' / 'train.json').unlink()
    with pytest.raises(PreflightError, match='train.json does not exist'):
        run('kb_stage1_toy', toy, tmp_path / '1')


def test_texts_and_shares():
    prompts = ['sketch, a man running', 'a man', 'sketch,  a dog', 'a man', '']
    assert images_of_texts(prompts, SCENARIOS, True) == {
        'sketch, a man running': [0],
        'sketch': [0, 2],
        'a man': [0, 1, 3],
        'running': [0],
        'sketch, a dog': [2],
        'a dog': [2],
    }
    assert images_of_texts(prompts, SCENARIOS, False) == {
        'sketch, a man running': [0],
        'a man': [1, 3],
        'sketch, a dog': [2],
    }
    shares = code_shares(np.array([2, 0, 2, 1]), [0, 1, 2], 4)
    assert shares.dtype == np.float32
    assert shares.tolist() == pytest.approx([1 / 3, 0, 2 / 3, 0])


@pytest.mark.parametrize('stage', ['stage1', 'stage2'])
def test_real_size_configs(stage):
    cfg = Config.fromfile(f'configs/kb_dmgen/kb_{stage}_sd15_humanart.py')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    features = torch.randn(4, 768)
    inputs = dict(features=features)
    if stage == 'stage2':
        inputs['target'] = torch.tensor([0, 1, 511, 2])
    model.parse_losses(model(**inputs, mode='loss'))[0].backward()
    book = MODELS.build(cfg.codebook)
    assert book.codes.shape == (512, 256)
