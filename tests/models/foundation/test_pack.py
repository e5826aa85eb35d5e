"""Weights are packed by one command, and what reads them gets the same."""

import copy
import json
import runpy
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.runner import Runner
from safetensors import safe_open

from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.evaluation.metrics import CLIPFeatures
from mmkbdm.generation import DiffusersGenerator, generate_images
from mmkbdm.models.foundation.pack import read_trained
from mmkbdm.registry import DATASETS, MODELS

ROOT = Path(__file__).parents[3]
FOUNDATION = ROOT / 'configs' / 'kb_dmgen' / 'foundation'
EVALUATION = 'configs/evaluation/toyhuman_generation_val.py'
SHORT = dict(
    vae={'model.vae.block_out_channels': [8, 8, 8]},
    clip={},
    base={
        'model.unet.block_out_channels': [16, 16, 16],
        'model.call.num_inference_steps': 2,
    },
)


class Plain:
    """A config's text, unformatted."""

    def __get__(self, cfg, owner):
        return '\n'.join(
            f'{key} = {value!r}' for key, value in cfg.to_dict().items()
        )


def train(part):
    """Two iterations of the part's config, in the current folder."""
    cfg = Config.fromfile(FOUNDATION / f'toy_{part}.py')
    cfg.merge_from_dict(
        {
            **SHORT[part],
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'train_dataloader.batch_size': 2,
            'work_dir': f'work_dirs/toy_{part}',
            'experiment_name': part,
            'visualizer.vis_backends': [dict(type='LocalVisBackend')],
            'optim_wrapper.optimizer.lr': 1e-3,
            'param_scheduler': [],
        }
    )
    Runner.from_cfg(cfg).train()


def pack(*parts):
    tool = ROOT / 'tools' / 'model_converters' / 'pack_toy_foundation.py'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [str(tool), *parts])
        runpy.run_path(str(tool), run_name='__main__')


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A folder with weights of short trainings."""
    folder = tmp_path_factory.mktemp('foundation')
    write_dataset(
        folder / 'data' / 'toyhuman_generation',
        num_train=4,
        num_val=3,
        size=64,
        max_people=2,
    )
    (folder / 'weights').mkdir()
    (folder / 'weights' / 'toy_tokenizer').symlink_to(
        ROOT / 'weights' / 'toy_tokenizer'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # Laying out the config in the log would take most of the time.
        patch.setattr(Config, 'pretty_text', Plain())
        train('vae')
        train('clip')
        pack('vae', 'clip')
        train('base')
        pack('base')
    return folder


@pytest.fixture
def inside(trained, monkeypatch):
    monkeypatch.chdir(trained)
    return trained


def samples():
    cfg = Config.fromfile(ROOT / EVALUATION)
    dataset = DATASETS.build(cfg.dataset)
    return [dataset[i] for i in range(2)]


def test_generator_of_the_packed_base_is_the_trained_one(inside):
    cfg = Config.fromfile(ROOT / 'configs' / 'kb_dmgen' / 'base_toy.py')
    packed = MODELS.build(cfg.model).eval()
    assert packed.base.unet.dtype == torch.float32
    before = read_trained(inside / 'work_dirs' / 'toy_base' / 'iter_2.pth')
    vae = read_trained(inside / 'work_dirs' / 'toy_vae' / 'iter_2.pth')
    scale = packed.base.vae.config.scaling_factor
    assert scale == pytest.approx(vae.scaling_factor) and scale != 1
    settings = dict(num_inference_steps=3, guidance_scale=2.0)
    packed.call = type(packed.call)(**settings)
    before.call = settings
    for one, other in zip(
        generate_images(packed, samples(), seed=0),
        generate_images(before, samples(), seed=0),
    ):
        # One in half precision.
        assert abs(one.astype(int) - other).mean() < 1
        assert one.std() > 1


def test_diffusers_reads_the_folder_as_a_pipeline(inside):
    cfg = Config.fromfile(ROOT / 'configs' / 'kb_dmgen' / 'base_toy.py')
    ours = MODELS.build(cfg.model).eval()
    settings = dict(num_inference_steps=3, guidance_scale=2.0)
    ours.call = type(ours.call)(**settings)
    theirs = DiffusersGenerator('weights/toy_base', call=settings)
    text = ours.base.encode_text(['sketch, a person'])
    same = theirs.pipeline.encode_prompt(
        'sketch, a person', 'cpu', 1, do_classifier_free_guidance=False
    )[0]
    assert torch.allclose(text, same, atol=1e-4)
    [image] = generate_images(theirs, samples()[:1], seed=0)
    assert image.shape == (64, 64, 3)


def test_towers_agree(inside):
    trained = read_trained(inside / 'work_dirs' / 'toy_clip' / 'iter_2.pth')
    cfg = Config.fromfile(ROOT / 'configs' / 'features' / 'toy_clip.py')
    features = MODELS.build(cfg.features)
    assert isinstance(features, CLIPFeatures)
    image = torch.stack([one['image'] for one in samples()])
    prompts = [one['prompt'] for one in samples()]
    tokens = trained.tokenizer(
        prompts, padding='max_length', return_tensors='pt'
    ).input_ids
    with torch.no_grad():
        wanted = trained(image, tokens, prompts, mode='predict')
    found = F.normalize(features(image), dim=-1)
    texts = torch.nn.functional.normalize(
        features.encode_text(prompts), dim=-1
    )
    for one, see, read in zip(wanted, found, texts):
        assert torch.allclose(one['image'], see, atol=5e-3)
        assert torch.allclose(one['text'], read, atol=5e-3)
    base = Config.fromfile(ROOT / 'configs' / 'kb_dmgen' / 'base_toy.py')
    pooled = MODELS.build(base.model).base.encode_pooled(prompts)
    assert torch.allclose(pooled, features.encode_text(prompts), atol=1e-5)


def test_files_are_half_and_recorded(inside):
    record = json.loads(Path('weights/toy_foundation.json').read_text())
    assert set(record) == {'vae', 'clip', 'base'}
    assert record['base']['iterations'] == 2
    assert record['base']['planned']['max_iters'] == 2
    assert record['base']['seed'] == 0
    assert 'caption/colours' in record['base']['metrics']
    assert record['vae']['metrics']['vae/psnr'] > 0
    files = [name for one in record.values() for name in one['sha256']]
    assert len(files) == 4
    for name in files:
        with safe_open(Path('weights', name), 'pt') as file:
            kinds = {file.get_tensor(key).dtype for key in list(file.keys())}
        assert torch.float16 in kinds and torch.float32 not in kinds


def test_order_and_missing_trainings_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        pack('vae')
    told = capsys.readouterr().err
    assert 'train by python tools/train.py configs/kb_dmgen' in told
    folder = tmp_path / 'work_dirs' / 'toy_base'
    folder.mkdir(parents=True)
    (folder / 'last_checkpoint').write_text('elsewhere/iter_2.pth')
    with pytest.raises(SystemExit):
        pack('base')
    assert 'pack vae first' in capsys.readouterr().err


def test_averaged_weights_are_packed(inside):
    path = inside / 'work_dirs' / 'toy_base' / 'iter_2.pth'
    content = torch.load(path, weights_only=False)
    assert 'ema_state_dict' in content
    model = read_trained(path)
    wanted = copy.deepcopy(content['state_dict'])
    for key, value in model.state_dict().items():
        assert torch.equal(value, wanted[key])
