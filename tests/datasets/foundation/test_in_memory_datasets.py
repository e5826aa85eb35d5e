"""Datasets in memory give what their parts give, in whole batches."""

import sys
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner

from mmkbdm.datasets.foundation import EncodedImages, ImageTexts
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.registry import DATASETS

sys.path.insert(0, str(Path(__file__).parents[2] / 'models' / 'foundation'))
from tiny_foundation import (
    PROMPTS,
    VAE,
    Squares,
    images,
    text_tower,
    tokenizer,
)


def encoded(**settings):
    torch.manual_seed(0)
    text = dict(type='CLIPTextModelWithProjection', from_config=text_tower())
    return EncodedImages(images(), VAE, text, tokenizer(), **settings)


def test_images_and_prompts_of_the_files(tmp_path):
    root = str(write_toy(tmp_path))
    inner = dict(
        type='mmkbdm.ToyHumanPoseText',
        data_root=root,
        ann_file='annotations/train.json',
        data_prefix=dict(img='train/'),
        pipeline=[
            dict(type='mmkbdm.LoadImage'),
            dict(type='mmkbdm.ResizeCenterCrop', size=32),
        ],
    )
    data = DATASETS.build(dict(type='mmkbdm.ImageTexts', dataset=inner))
    plain = DATASETS.build(inner)
    assert len(data) == len(plain) == 5
    batch = data.gather(torch.tensor([3, 1]))
    for i, image, prompt in zip((3, 1), batch['image'], batch['prompt']):
        wanted = plain[i]['img'][..., ::-1].transpose(2, 0, 1).copy()
        assert torch.equal(image, torch.from_numpy(wanted))
        assert prompt == plain[i]['prompt']
    assert 'tokens' not in batch


def write_toy(folder):
    write_dataset(folder / 'toy', num_train=5, num_val=1, size=32)
    return folder / 'toy'


def test_loader_passes_whole_batches_on():
    loader = Runner.build_dataloader(
        dict(
            dataset=images(),
            batch_size=3,
            num_workers=0,
            collate_fn=dict(type='whole_batch'),
            sampler=dict(type='DefaultSampler', shuffle=False),
        )
    )
    batches = list(loader)
    assert [len(batch['prompt']) for batch in batches] == [3, 3, 2]
    whole = torch.cat([batch['image'] for batch in batches])
    assert torch.equal(whole, images().images)
    assert batches[0]['tokens'].shape == (3, 12)


def test_images_of_several_sizes_are_refused():
    class Two(Squares):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            return dict(sample, img=sample['img'][index:])

    with pytest.raises(ValueError, match='ResizeCenterCrop'):
        ImageTexts(Two())


def test_latents_have_the_moments_of_the_vae():
    data = encoded(prompt_dropout=0.0)
    indices = torch.tensor([5, 0])
    draws = torch.stack([data.gather(indices)['latents'] for _ in range(400)])
    assert draws.dtype == torch.float32
    assert not torch.equal(draws[0], draws[1])
    mean, deviation = data.mean[indices].cpu(), data.deviation[indices].cpu()
    error = (draws.mean(0).cpu() - mean.float()) / deviation.float()
    assert error.abs().mean() < 0.1
    ratio = draws.std(0).cpu() / deviation.float()
    assert ratio.mean() == pytest.approx(1, abs=0.02)


def test_text_states_are_the_encoders_and_dropped_ones_the_empty():
    data = encoded(prompt_dropout=0.0)
    torch.manual_seed(0)
    from mmkbdm.models.generators.parts import build_part

    build_part(VAE, 'vae')
    encoder = build_part(
        dict(type='CLIPTextModelWithProjection', from_config=text_tower()),
        'text_encoder',
    ).eval()
    tokens = tokenizer()(
        ['', *PROMPTS], padding='max_length', return_tensors='pt'
    ).input_ids
    with torch.no_grad():
        empty, *wanted = encoder(tokens).last_hidden_state
    text = data.gather(torch.tensor([0, 1, 2]))['text'].cpu()
    for found, state in zip(text, [*wanted, wanted[0]]):
        assert torch.allclose(found, state, atol=5e-3)
    data.prompt_dropout = 1.0
    for found in data.gather(torch.tensor([0, 1]))['text'].cpu():
        assert torch.allclose(found, empty, atol=5e-3)


def test_share_of_dropped_prompts():
    data = encoded(prompt_dropout=0.3)
    torch.manual_seed(0)
    empty = data.states[0].float()
    text = data.gather(torch.zeros(2000, dtype=torch.long))['text']
    share = (text == empty).all(-1).all(-1).float().mean()
    assert share == pytest.approx(0.3, abs=0.04)
    with pytest.raises(ValueError, match='prompt_dropout=2'):
        encoded(prompt_dropout=2)
