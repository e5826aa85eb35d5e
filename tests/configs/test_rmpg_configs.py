import contextlib
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs' / 'rmpg'
PAPER_SIZE = dict(kernel_size=3, position='none', combine='add')
TOTALS = {
    'simplebaseline_res50_rmpg_coco': (37_581_905, 38_153_809),
    'simplebaseline_res101_rmpg_coco': (56_574_033, 57_145_937),
    'hourglass52_rmpg_coco': (97_377_169, 97_949_073),
    'vitpose_b_rmpg_coco': (112_720_401, 117_876_753),
}
TOY = ('simplebaseline_toy_toyhuman', 'simplebaseline_toy_rmpg_toyhuman')


def load(name):
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    init_default_scope(cfg.default_scope)
    return cfg


def count(cfg):
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize('name', TOTALS)
def test_parameter_totals(name):
    cfg = load(name)
    default, paper_size = TOTALS[name]
    assert count(cfg) == default
    cfg.model.neck.update(PAPER_SIZE)
    assert count(cfg) == paper_size


def image_size(cfg):
    """Height and width; a convolutional host is tested on small images."""
    width, height = cfg.codec.input_size
    shrink = (
        1
        if 'VisionTransformer' in cfg.model.backbone.type or width < 128
        else 2
    )
    return height // shrink, width // shrink


def heatmaps(model, image):
    """Heatmaps with the flip test, the map that the decoder reads."""
    model.eval()
    with torch.no_grad():
        feats = model.extract_feat(image)
        flipped = model.extract_feat(image.flip(-1))
        return [model.head.forward(f) for f in (feats, flipped)]


@pytest.mark.parametrize('name', [*TOTALS, TOY[1]])
def test_network_with_a_plain_checkpoint_is_the_plain_network(name):
    """RMPG starts as the identity, also after init_weights and autocast."""
    cfg = load(name)
    cfg.model.backbone.pop('init_cfg', None)
    neck = cfg.model.pop('neck')
    torch.manual_seed(0)
    plain = MODELS.build(cfg.model)
    cfg.model.neck = neck
    refined = MODELS.build(cfg.model)
    refined.neck.init_weights()
    keys = refined.load_state_dict(plain.state_dict(), strict=False)
    assert not keys.unexpected_keys
    assert keys.missing_keys
    assert all(key.startswith('neck.') for key in keys.missing_keys)
    image = torch.randn(1, 3, *image_size(cfg))
    half = torch.autocast('cpu', torch.bfloat16)
    for context in (contextlib.nullcontext(), half):
        with context:
            outs = heatmaps(refined, image), heatmaps(plain, image)
        torch.testing.assert_close(*outs, rtol=0, atol=0)


@pytest.mark.parametrize('name', [*TOTALS, TOY[1]])
def test_trains_through_the_neck(name):
    cfg = load(name)
    model = MODELS.build(cfg.model)
    feats = model.extract_feat(torch.randn(2, 3, *image_size(cfg)))
    out = model.head.forward(feats)
    out = out[-1] if isinstance(out, list) else out
    out.square().mean().backward()
    gammas = [p for n, p in model.named_parameters() if n.endswith('gamma')]
    assert gammas
    outer = model.neck.graphs[0]
    outer = getattr(outer, 'gate', None) or outer.levels[0].gate
    assert outer.gamma.grad.abs().max() > 0


def test_toy_twins_differ_in_the_neck_only():
    plain, refined = (load(name) for name in TOY)
    assert refined.model.pop('neck').type == 'mmkbdm.RMPG'
    assert plain.pretty_text == refined.pretty_text


@pytest.mark.parametrize('name', TOTALS)
def test_coco_configs_are_short(name):
    lines = (CONFIGS / f'{name}.py').read_text().splitlines()
    assert len(lines) <= 25


def test_model_index_lists_every_config():
    index = yaml.safe_load((ROOT / 'model-index.yml').read_text())
    (metafile,) = index['Import']
    models = yaml.safe_load((ROOT / metafile).read_text())['Models']
    listed = {Path(model['Config']) for model in models}
    on_disk = {p.relative_to(ROOT) for p in CONFIGS.glob('*.py')}
    assert listed == on_disk
    for model in models:
        assert model['Metadata']['Parameters'] == count(load(model['Name']))
        # Nothing was measured on COCO.
        assert all(result['Metrics'] == {} for result in model['Results'])


def test_gates_and_norms_do_not_decay():
    from mmengine.optim import build_optim_wrapper

    cfg = load(TOY[1])
    model = MODELS.build(cfg.model)
    groups = build_optim_wrapper(model, cfg.optim_wrapper).param_groups
    decay = {id(g['params'][0]): g['weight_decay'] for g in groups}
    for name, parameter in model.named_parameters():
        spared = name.endswith('gamma') or '.norm.' in name
        if name.startswith('neck.'):
            assert (decay[id(parameter)] == 0) == spared, name
