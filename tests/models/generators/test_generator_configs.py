"""Configs of generators: they build, count, train and sample."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from mmengine.runner import Runner, load_checkpoint

from mmkbdm.apis.preflight import preflight
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.generation.contract import generate_images
from mmkbdm.registry import DATASETS

ROOT = 'configs/kb_dmgen/'
VARIANTS = ('base', 'controlnet', 'stablepose', 'dm', 'kb', 'kbdmgen')
PARTS = ('vae', 'unet', 'text_encoder', 'tokenizer')


def read(variant, data):
    """The config with random weights in place of what is downloaded."""
    cfg = Config.fromfile(f'{ROOT}{variant}_{data}.py')
    kind = data.partition('_')[0]
    random = Config.fromfile(f'{ROOT}_base_/{kind}_architecture.py')
    for part in PARTS:
        cfg.model[part] = random.model[part]
    if 'knowledge_base' in cfg.model:
        source = cfg.model.knowledge_base.source
        for stage in ('codebook', 'text_to_code'):
            source[stage].pop('init_cfg')
    return cfg


def count(module):
    return sum(value.numel() for value in module.parameters())


@pytest.mark.parametrize('variant', VARIANTS)
def test_sizes_of_stable_diffusion_15(variant):
    cfg = read(variant, 'sd15_humanart')
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    base, adapter = model.base, model.adapter
    assert count(base.unet) == 859_520_964
    assert count(base.vae) == 83_653_863
    # With a projection of 768 x 768.
    assert count(base.text_encoder) == 123_060_480 + 768**2
    assert base.multiple == 64
    if variant == 'base':
        assert adapter is None
        return
    masked = adapter.masked_block is not None
    assert masked == (variant != 'controlnet')
    assert bool(adapter.film_layers) == variant.startswith('kb')
    assert count(adapter.net) == 361_279_120
    more = count(adapter) - count(adapter.net)
    bounds = dict(
        controlnet=(0, 0),
        stablepose=(3.4e6, 3.6e6),
        dm=(3.4e6, 3.6e6),
        kb=(4e6, 10e6),
        kbdmgen=(4e6, 10e6),
    )
    low, high = bounds[variant]
    assert low <= more <= high


@pytest.mark.parametrize('variant', VARIANTS)
def test_toy_variants_start_as_the_base(variant):
    torch.manual_seed(0)
    model = MODELS.build(read(variant, 'toy').model).eval()
    assert 0.9e6 < count(model.base.vae) < 1e6
    assert 3.6e6 < count(model.base.unet) < 3.7e6
    batch = dict(
        prompt=['sketch, a man'],
        condition=[torch.full((3, 64, 64), 9, dtype=torch.uint8)],
    )
    images = [
        model.generate(
            batch,
            [torch.Generator().manual_seed(0)],
            num_inference_steps=2,
            pose_strength=strength,
        )
        for strength in (0, 1)
    ]
    assert torch.equal(*images)
    assert images[0].float().std() > 0


def test_toy_kbdmgen_trains_and_its_checkpoint_samples(tmp_path, monkeypatch):
    # Laying out the config in the log would take most of the time.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    write_dataset(
        tmp_path / 'data', num_train=4, num_val=1, size=64, max_people=2
    )
    cfg = read('kbdmgen', 'toy')
    cfg.train_dataloader.batch_size = 2
    cfg.train_dataloader.dataset.data_root = str(tmp_path / 'data')
    cfg.train_cfg.max_iters = 2
    cfg.default_hooks.checkpoint.interval = 2
    cfg.work_dir = str(tmp_path / 'out')
    cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    preflight(cfg, phases=('train',))
    runner = Runner.from_cfg(cfg)
    runner.train()
    path = tmp_path / 'out' / 'iter_2.pth'
    saved = torch.load(path, weights_only=False)['state_dict']
    assert not [key for key in saved if key.startswith('base.')]
    cfg.merge_from_dict(
        dict(resume=True, train_cfg=dict(max_iters=3), experiment_name='on')
    )
    resumed = Runner.from_cfg(cfg)
    resumed.train()
    assert resumed.iter == 3
    fast = [
        group['lr']
        for group in runner.optim_wrapper.param_groups
        if any(p.shape == (2, 4) for p in group['params'])
    ]
    assert max(fast) == pytest.approx(
        10 * min(g['lr'] for g in runner.optim_wrapper.param_groups)
    )
    model = MODELS.build(cfg.model).eval()
    load_checkpoint(model, str(path), strict=True)
    data = DATASETS.build(cfg.train_dataloader.dataset)
    model.call = type(model.call)(num_inference_steps=1)
    [image] = generate_images(model, [data[0]], seed=0)
    assert image.shape == (64, 64, 3)
