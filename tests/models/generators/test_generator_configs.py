"""Configs of generators: they build, count, train and sample."""

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import default_collate, pseudo_collate
from mmengine.registry import MODELS
from mmengine.runner import Runner, load_checkpoint
from transformers import CLIPConfig, CLIPModel

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.preflight import preflight
from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.evaluation.metrics import CLIPFeatures
from mmkbdm.generation.contract import generate_images
from mmkbdm.models.generators.parts import build_part
from mmkbdm.registry import DATASETS

ROOT = 'configs/kb_dmgen/'
CONTROLS = ('kbdmgen-raw', 'kbdmgen-random', 'kbdmgen-oracle')
VARIANTS = (
    'base',
    'controlnet',
    'stablepose',
    'dm',
    'kb',
    'kbdmgen',
    *CONTROLS,
)
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
        for stage in {'codebook', 'text_to_code'} & set(source):
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
    low, high = bounds[variant.partition('-')[0]]
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
        image_features=[torch.randn(64)],
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


def test_toy_radii_learn_and_masks_are_masks(tmp_path):
    write_dataset(tmp_path, num_train=16, num_val=1, size=64, max_people=2)
    cfg = read('dm', 'toy')
    images = cfg.train_dataloader.dataset.dataset
    images.data_root = str(tmp_path)
    images = DATASETS.build(images)
    batch = pseudo_collate([images[i] for i in range(16)])
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).train()
    for value in model.adapter.parameters():
        if value.requires_grad and not value.any() and value.ndim > 2:
            torch.nn.init.normal_(value, std=0.1)
    model(**batch)['loss'].backward()
    masks = model.adapter.dynamic_mask
    radius, strength = (
        getattr(masks, f'{name}_offset').grad.abs().mean(1)
        for name in ('radius', 'strength')
    )
    # As much for both blocks.
    assert (radius > 0.3 * strength).all() and radius[1] > 0.3 * radius[0]
    pose = model.adapter.prepare_pose(torch.stack(batch['condition']))
    time = model.adapter.prepare_time(torch.zeros(16), pose)
    distance = pose.distance.flatten(1)
    for block in time.masks[:, :, 1, 0].unbind(1):
        assert block[distance == 0].max() < 0.1
        assert block[distance > 8].min() > 0.99


def keep_parts(cfg, folder):
    """Write the random parts, for model and dataset to read the same."""
    cached = cfg.train_dataloader.dataset
    cached.cache = str(folder / 'cached')
    for part in ('vae', 'text_encoder', 'tokenizer'):
        made = build_part(cfg.model[part], part)
        made.save_pretrained(folder / part)
        kind, path = cfg.model[part].type, str(folder / part)
        cfg.model[part] = dict(type=kind, from_pretrained=path)
        cached[part] = dict(type=kind, from_pretrained=path)
    cached.dataset.data_root = str(folder / 'data')


def write_toy_clip(folder):
    """A toy CLIP as it is before it is trained; returns its config file."""
    networks = Config.fromfile(f'{ROOT}_base_/toy_networks.py')
    vision = dict(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=64,
        patch_size=32,
    )
    torch.manual_seed(0)
    CLIPModel(
        CLIPConfig(
            text_config=dict(networks.text_tower),
            vision_config=vision,
            projection_dim=64,
        )
    ).save_pretrained(folder)
    build_part(networks.tokenizer, 'tokenizer').save_pretrained(folder)
    file = folder / 'features.py'
    cfg = dict(type='mmkbdm.CLIPFeatures', name_or_path=str(folder))
    file.write_text(f'features = {cfg!r}')
    return str(file)


def test_oracle_trains_on_the_features_of_stage_1(tmp_path, monkeypatch):
    data = str(tmp_path / 'data')
    write_dataset(data, num_train=4, num_val=1, size=64, max_people=2)
    cfg = read('kbdmgen-oracle', 'toy')
    stage = Config.fromfile(f'{ROOT}kb_stage1_toy.py').train_dataloader.dataset
    settings = dict(
        encoder=write_toy_clip(tmp_path), cache=str(tmp_path / 'cache')
    )
    stage.update(settings)
    stage.dataset.data_root = data
    features = torch.stack([x['features'] for x in DATASETS.build(stage)])
    assert features.shape == (4, 64) and len(features.unique(dim=0)) == 4

    # All of them are in the cache now.
    monkeypatch.setattr(CLIPFeatures, 'forward', None)
    keep_parts(cfg, tmp_path)
    dataset = cfg.train_dataloader.dataset
    dataset.dataset.image_features.update(settings)
    dataset = DATASETS.build(dataset)
    batch = default_collate([dataset[i] for i in range(4)])
    assert torch.equal(batch['image_features'], features)
    model = MODELS.build(cfg.model).train()
    model.knowledge_base.drop_prob = 0.0
    codebook = model.knowledge_base.source.codebook
    code = model._codes(batch['prompt'], batch['image_features'])
    expected = codebook.codes[codebook.encode(features)]
    torch.testing.assert_close(code, expected)
    model(**batch)['loss'].backward()
    assert model.adapter.film_layers['4'].head.weight.grad is not None
    with pytest.raises(PreflightError, match='needs image_features'):
        del batch['image_features']
        model(**batch)


def test_toy_kbdmgen_trains_and_its_checkpoint_samples(tmp_path, monkeypatch):
    # Laying out the config in the log would take most of the time.
    monkeypatch.setattr(Config, 'pretty_text', 'left out')
    write_dataset(
        tmp_path / 'data', num_train=4, num_val=1, size=64, max_people=2
    )
    cfg = read('kbdmgen', 'toy')
    cfg.train_dataloader.batch_size = 2
    keep_parts(cfg, tmp_path)
    cfg.train_cfg.max_iters = 2
    cfg.default_hooks.checkpoint.interval = 2
    cfg.work_dir = str(tmp_path / 'out')
    cfg.visualizer.vis_backends = [dict(type='LocalVisBackend')]
    # The judge is trained on other data.
    cfg.custom_hooks = [h for h in cfg.custom_hooks if 'Eval' not in h.type]
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
    data = DATASETS.build(cfg.train_dataloader.dataset.dataset)
    model.call = type(model.call)(num_inference_steps=1)
    [image] = generate_images(model, [data[0]], seed=0)
    assert image.shape == (64, 64, 3)
