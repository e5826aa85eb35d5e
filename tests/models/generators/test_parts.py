"""Parts of diffusers and transformers from config dicts."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_generator import TEXT, TOKENIZER, UNET, VAE

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.parts import build_part, build_sampler


def same(one, other):
    pairs = zip(one.state_dict().items(), other.state_dict().items())
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.mark.parametrize('cfg', [VAE, UNET, TEXT], ids=['vae', 'unet', 'text'])
def test_three_ways_make_the_same(cfg, tmp_path):
    torch.manual_seed(0)
    made = build_part(cfg, 'part')
    config = {key: value for key, value in cfg.items() if key != 'type'}
    torch.manual_seed(0)
    described = build_part(dict(type=cfg['type'], from_config=config), 'part')
    file = tmp_path / 'config.json'
    file.write_text(json.dumps(config))
    torch.manual_seed(0)
    read = build_part(dict(type=cfg['type'], from_config=str(file)), 'part')
    made.save_pretrained(tmp_path / 'saved' / 'sub')
    loaded = build_part(
        dict(
            type=cfg['type'],
            from_pretrained=str(tmp_path / 'saved'),
            subfolder='sub',
        ),
        'part',
    )
    assert same(made, described) and same(made, read) and same(made, loaded)


def test_tokenizer_and_what_is_built_already():
    tokenizer = build_part(TOKENIZER, 'tokenizer')
    assert tokenizer('a man').input_ids[1:-1] == [28, 12, 0, 41]
    assert build_part(tokenizer, 'tokenizer') is tokenizer


def test_files_in_half_precision_are_float32_unless_told(tmp_path):
    build_part(dict(TEXT, torch_dtype='float16'), 'text').save_pretrained(
        tmp_path
    )
    cfg = dict(type=TEXT['type'], from_pretrained=str(tmp_path))
    assert build_part(cfg, 'text').dtype == torch.float32
    half = build_part(dict(cfg, torch_dtype='bfloat16'), 'text')
    assert half.dtype == torch.bfloat16


def test_sampler_agrees_with_the_scheduler_of_training():
    scheduler = build_part(
        dict(
            type='DDPMScheduler',
            beta_schedule='scaled_linear',
            prediction_type='v_prediction',
        ),
        'scheduler',
    )
    sampler = build_sampler(
        dict(type='DDIMScheduler', clip_sample=False), scheduler
    )
    assert torch.equal(sampler.alphas_cumprod, scheduler.alphas_cumprod)
    assert sampler.config.prediction_type == 'v_prediction'
    assert not sampler.config.clip_sample


@pytest.mark.parametrize(
    ('cfg', 'words'),
    [
        (dict(sample_size=8), ['unet', 'type']),
        (dict(type='NoSuchModel'), ['unet', 'NoSuchModel']),
        (dict(type=UNET['type'], hats=3), ['unet', 'hats']),
        (
            dict(type=UNET['type'], from_pretrained='/no/folder'),
            ['unet', '/no/folder', 'does not exist'],
        ),
        (
            dict(type=UNET['type'], from_pretrained='tests/no/folder'),
            ['unet', 'tests/no/folder'],
        ),
        (
            dict(type=UNET['type'], from_config='/no/file.json'),
            ['unet', '/no/file.json'],
        ),
        (
            dict(type=UNET['type'], from_pretrained='x', from_config={}),
            ['unet', 'leave out one'],
        ),
        (dict(UNET, torch_dtype='int8'), ['unet', 'int8', 'float16']),
        (dict(type='CLIPTokenizer', from_config={}), ['unet', 'keywords']),
    ],
)
def test_mistakes_are_one_line_that_names_the_part(cfg, words):
    with pytest.raises(PreflightError) as caught:
        build_part(cfg, 'unet')
    message = str(caught.value)
    assert '\n' not in message
    assert all(word in message for word in words), message


def test_folder_without_the_weights_is_named(tmp_path):
    (tmp_path / 'unet').mkdir()
    cfg = dict(type=UNET['type'], from_pretrained=str(tmp_path))
    for subfolder in ('vae', 'unet'):
        with pytest.raises(PreflightError, match=f'{tmp_path}/{subfolder}'):
            build_part(dict(cfg, subfolder=subfolder), 'unet')


def test_missing_weights_of_the_project_are_named_with_their_command(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    cfg = dict(
        type=UNET['type'], from_pretrained='weights/toy_base', subfolder='unet'
    )
    with pytest.raises(PreflightError, match='weights/toy_base/unet') as error:
        build_part(cfg, 'unet')
    assert 'make it by python tools/benchmark/generation_toy.py' in str(
        error.value
    )


@pytest.mark.parametrize('damage', ['missing', 'mismatched'])
@pytest.mark.parametrize('cfg', [VAE, UNET, TEXT], ids=['vae', 'unet', 'text'])
def test_weights_of_another_network_are_not_filled_up(cfg, damage, tmp_path):
    build_part(cfg, 'part').save_pretrained(tmp_path)
    [file] = tmp_path.glob('*.safetensors')
    weights = load_file(file)
    key = sorted(weights)[3]
    if damage == 'missing':
        del weights[key]
    else:
        weights[key] = torch.zeros(3)
    save_file(weights, file, metadata=dict(format='pt'))
    with pytest.raises(PreflightError) as caught:
        build_part(
            dict(type=cfg['type'], from_pretrained=str(tmp_path)), 'part'
        )
    message = str(caught.value)
    assert '\n' not in message and f'part of {tmp_path}' in message
    assert key in message


def test_text_model_without_its_projection_is_not_filled_up(tmp_path):
    """Stable Diffusion's own folder has none."""
    plain = dict(TEXT, type='CLIPTextModel')
    build_part(plain, 'text').save_pretrained(tmp_path)
    cfg = dict(type=TEXT['type'], from_pretrained=str(tmp_path))
    with pytest.raises(PreflightError, match='text_projection.weight is not'):
        build_part(cfg, 'text_encoder')
