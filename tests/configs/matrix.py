"""The configs of hosts x data x presets, whole and thin."""

import copy
import functools
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.models.backbones.resnet import Bottleneck, ResNet
from mmpose.registry import DATASETS, MODELS
from mmpose.testing import get_packed_inputs
from mmpretrain.models import VisionTransformer

from mmkbdm.models.layers import LayerScale

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs' / 'rmpg'
HOSTS = (
    'simplebaseline_res50',
    'simplebaseline_res101',
    'simplebaseline_res152',
    'hourglass52',
    'vitpose_s',
    'vitpose_b',
    'vitpose_l',
    'vitpose_h',
    'hrnet_w32',
    'hrnet_w48',
    'rtmpose_s',
    'rtmpose_m',
)
DATA = ('coco', 'crowdpose', 'mpii')
PRESETS = ('rmpg', 'rmpg-lite', 'rmpg-paper')
MATRIX = [
    f'{host}_{preset}_{data}'
    for host in HOSTS
    for data in DATA
    for preset in PRESETS
]


@functools.cache
def _read(name):
    return Config.fromfile(CONFIGS / f'{name}.py')


def load(name):
    """A config of its own for the caller, without weights to download."""
    cfg = copy.deepcopy(_read(name))
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.init_cfg = None
    return cfg


def unscoped(value):
    """Without the scope that MMEngine notes in what comes from MMPose."""
    if isinstance(value, dict):
        items = value.items()
        return {k: unscoped(v) for k, v in items if k != '_scope_'}
    if isinstance(value, list | tuple):
        return [unscoped(v) for v in value]
    return value


def thin(cfg):
    """Few blocks and a small image; channels, neck and head as they are."""
    model = cfg.model
    backbone, kind = model.backbone, model.backbone.type.split('.')[-1]
    width, height = 64, 96
    if kind == 'VisionTransformer':
        arch = backbone.arch
        if isinstance(arch, str):
            named = VisionTransformer.arch_zoo.items()
            arch = next(value for keys, value in named if arch in keys)
        backbone.arch = dict(arch, num_layers=1)
        backbone.img_size = (height, width)
    elif kind == 'HRNet':
        for stage in backbone.extra.values():
            stage.update(num_modules=1, num_blocks=(1,) * stage.num_branches)
    elif kind == 'HourglassNet':
        backbone.update(
            stage_blocks=(1,) * 6, stage_channels=(256,) + (64,) * 5
        )
        width = height = 128  # its smallest map is 1/128 of the image
    elif kind == 'CSPNeXt':
        backbone.deepen_factor = 0.1
        width, height = cfg.codec.input_size
    for codec in (cfg.codec, model.head.decoder):
        codec.input_size = (width, height)
        if 'heatmap_size' in codec:
            codec.heatmap_size = (width // 4, height // 4)
    return cfg


def thin_resnets(monkeypatch):
    """Residual networks of one block a stage, which no config can ask for."""
    one = dict.fromkeys(ResNet.arch_settings, (Bottleneck, (1,) * 4))
    monkeypatch.setattr(ResNet, 'arch_settings', one)


def metainfo(cfg):
    """What MMPose knows about the data set of a config."""
    dataset = DATASETS.get(cfg.val_dataloader.dataset.type)
    return parse_pose_metainfo(copy.deepcopy(dataset.METAINFO))


def build(cfg, seed=0):
    """The network of a config with reproducible weights."""
    torch.manual_seed(seed)
    return revert_sync_batchnorm(MODELS.build(cfg.model))


def count(model_cfg):
    """Parameters of a module's config."""
    with torch.device('meta'):
        model = MODELS.build(copy.deepcopy(model_cfg))
    return sum(p.numel() for p in model.parameters())


def people(cfg, model, batch_size):
    """A batch of people in the data set's joints, as the network takes it."""
    codec, info = cfg.codec, metainfo(cfg)
    width, height = codec.input_size
    batch = get_packed_inputs(
        batch_size=batch_size,
        num_keypoints=info['num_keypoints'],
        img_shape=(height, width),
        input_size=codec.input_size,
        heatmap_size=codec.get('heatmap_size', (1, 1)),
        simcc_split_ratio=codec.get('simcc_split_ratio', 1.0),
    )
    for sample in batch['data_samples']:
        sample.set_metainfo(dict(flip_indices=info['flip_indices']))
    return model.data_preprocessor(batch, training=True)


def predict(model, data):
    """Joints (N, K, 3) and heatmaps, if any, by MMPose's flip test."""
    assert model.test_cfg.flip_test
    model.test_cfg.output_heatmaps = 'Heatmap' in type(model.head).__name__
    model.eval()
    with torch.no_grad():
        samples = model.predict(**copy.deepcopy(data))
    joints = [
        torch.cat(
            [
                torch.as_tensor(s.pred_instances.keypoints),
                torch.as_tensor(s.pred_instances.keypoint_scores)[..., None],
            ],
            dim=-1,
        )
        for s in samples
    ]
    fields = [s.pred_fields.heatmaps for s in samples if 'pred_fields' in s]
    return torch.cat(joints), fields


def maps(model, data):
    """What the head computes on an image and on its mirror image."""
    model.eval()
    image = data['inputs']
    with torch.no_grad():
        feats = [model.extract_feat(x) for x in (image, image.flip(-1))]
        return [model.head.forward(feat) for feat in feats]


def check_network(cfg, batch_size, half):
    """Identity at first, training, flip test, with the real neck and head."""
    neck = cfg.model.pop('neck')
    plain = build(cfg)
    cfg.model.neck = neck
    refined = build(cfg, seed=1)
    keys = refined.load_state_dict(plain.state_dict(), strict=False)
    assert not keys.unexpected_keys
    assert keys.missing_keys
    assert all(key.startswith('neck.') for key in keys.missing_keys)
    data = people(cfg, refined, batch_size)

    # The checkpoint of the plain network predicts what it did, to the bit.
    outs = predict(refined, data), predict(plain, data)
    torch.testing.assert_close(*outs, rtol=0, atol=0)
    joints, _ = outs[0]
    assert joints.shape == (batch_size, cfg.model.head.out_channels, 3)
    if half:
        with torch.autocast('cpu', torch.bfloat16):
            halves = maps(refined, data), maps(plain, data)
        torch.testing.assert_close(*halves, rtol=0, atol=0)
    del plain

    # The first step of training moves the gates off the identity.
    refined.train()
    refined.loss(**data)['loss_kpt'].backward()
    outer = refined.neck.graphs[0]
    outer = getattr(outer, 'gate', None) or outer.levels[0].gate
    assert outer.gamma.grad.abs().max() > 0

    # From then on everything learns, and the neck has an effect.
    refined.zero_grad()
    open_gates(refined)
    refined.loss(**data)['loss_kpt'].backward()
    for key, parameter in refined.named_parameters():
        # MMPose's Hourglass of one stack has parameters that it never uses.
        if '.inters.' not in key:
            assert parameter.grad is not None, key
            assert parameter.grad.isfinite().all(), key
    changed, _ = predict(refined, data)
    assert changed.isfinite().all()
    assert not torch.equal(changed, joints)


def open_gates(model, value=0.5):
    """Let the neck change the features."""
    for module in model.neck.modules():
        if isinstance(module, LayerScale):
            torch.nn.init.constant_(module.gamma, value)
