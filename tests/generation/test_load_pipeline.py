"""Configs and folders give the same pipeline."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError
from mmkbdm.generation import generate_images
from mmkbdm.generation.load_pipeline import load_pipeline

sys.path.insert(0, str(Path(__file__).parents[1] / 'models' / 'generators'))

from tiny_generator import build, config, full, wake


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config, checkpoint, the model and the folder of its frozen parts."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = full(call=dict(num_inference_steps=2))
    model = build(cfg)
    wake(model)
    frozen = ('vae', 'unet', 'text_encoder', 'tokenizer')
    for name in frozen:
        getattr(model.base, name).save_pretrained(folder / name)
        cfg[name] = dict(
            type=cfg[name]['type'], from_pretrained=str(folder / name)
        )
    (folder / 'model.py').write_text(f'model = {cfg!r}\n')
    torch.save(dict(state_dict=model.state_dict()), folder / 'iter_1.pth')
    return folder, model


def sample():
    condition = torch.zeros(3, 64, 64, dtype=torch.uint8)
    condition[:, 20:30, 10:40] = 99
    return dict(img_id=1, prompt='sketch, a man', condition=condition)


def test_config_with_checkpoint_and_folder(trained, tmp_path):
    folder, model = trained
    [expected] = generate_images(model, [sample()], 0)
    config_file, checkpoint = folder / 'model.py', folder / 'iter_1.pth'
    loaded = load_pipeline(str(config_file), str(checkpoint))
    [image] = generate_images(loaded, [sample()], 0)
    assert (image == expected).all()
    loaded.pipeline.save_pretrained(tmp_path / 'saved')
    again = load_pipeline(str(tmp_path / 'saved'))
    [image] = generate_images(again, [sample()], 0)
    assert (image == expected).all()
    # Half precision is enough to keep weights.
    half = {k: v.half() for k, v in model.state_dict().items()}
    save_file(half, tmp_path / 'kept.safetensors')
    kept = load_pipeline(str(config_file), str(tmp_path / 'kept.safetensors'))
    assert kept.pipeline.dtype == torch.float32
    [image] = generate_images(kept, [sample()], 0)
    assert abs(image.astype(int) - expected).mean() < 3


def test_bad_input(trained, configs, tmp_path):
    folder, _ = trained
    model = str(folder / 'model.py')
    with pytest.raises(PreflightError, match='adapter would be random'):
        load_pipeline(model)
    with pytest.raises(PreflightError, match='describes a ToyGenerator'):
        load_pipeline(str(configs['model']))
    other = build(config())
    torch.save(other.state_dict(), tmp_path / 'controlnet.pth')
    with pytest.raises(CheckpointMismatchError, match='ControlNet') as caught:
        load_pipeline(model, str(tmp_path / 'controlnet.pth'))
    assert 'KB-DMGen' in str(caught.value)
    assert str(caught.value).startswith(f'{tmp_path}/controlnet.pth: ')
    with pytest.raises(PreflightError, match='has its own weights'):
        load_pipeline(str(folder), 'iter_1.pth')
    untrained = 'work_dirs/kbdmgen_toy/iter_9.pth'
    with pytest.raises(PreflightError, match=f'^{untrained}.*tools/train.py'):
        load_pipeline(model, untrained)
    with pytest.raises(PreflightError, match='gone does not exist'):
        load_pipeline(str(folder / 'gone'))
