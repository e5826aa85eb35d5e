import copy
import shutil
import subprocess
import sys

import onnxruntime
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS

from mmkbdm.models.necks import RMPG

PRESETS = {
    'default': dict(),
    'paper_size': dict(kernel_size=3, position='none', combine='add'),
    'lite': dict(combine='add', out_proj=True),
}


def count(module):
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(
    'preset, channels, params',
    [
        ('default', 256, 2_529_280),
        ('default', 768, 22_726_656),
        ('paper_size', 256, 3_101_184),
        ('paper_size', 768, 27_883_008),
        ('lite', 256, 464_128),
        ('lite', 768, 4_144_896),
    ],
)
def test_parameter_counts(preset, channels, params):
    assert count(RMPG(channels, **PRESETS[preset])) == params


@pytest.mark.parametrize('mid_channels', [None, 16])
@pytest.mark.parametrize('preset', PRESETS)
def test_identity_after_construction_and_init_weights(preset, mid_channels):
    neck = RMPG(
        32,
        mid_channels=mid_channels,
        init_cfg=dict(type='Constant', layer=['LayerScale'], val=0.5),
        **PRESETS[preset],
    )
    x = torch.randn(2, 32, 6, 5)
    assert torch.equal(neck(x), x)
    for parameter in neck.parameters():
        torch.nn.init.normal_(parameter)
    neck.init_weights()
    assert torch.equal(neck(x), x)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(neck(x), x)


def test_init_weights_called_again_leaves_trained_gates_alone():
    neck = RMPG(32)
    neck.init_weights()
    torch.nn.init.ones_(neck.graphs[0].levels[0].gate.gamma)
    neck.init_weights()
    assert (neck.graphs[0].levels[0].gate.gamma == 1).all()


def test_pretrained_gates_are_kept(tmp_path):
    trained = RMPG(32, gate_init=0.5)
    torch.save(dict(state_dict=trained.state_dict()), tmp_path / 'neck.pth')
    path = str(tmp_path / 'neck.pth')
    neck = RMPG(32, init_cfg=dict(type='Pretrained', checkpoint=path))
    neck.init_weights()
    x = torch.randn(1, 32, 4, 4)
    assert torch.equal(neck(x), trained(x))


def test_gate_init_opens_the_outermost_gate():
    x = torch.randn(1, 32, 4, 4)
    for mid_channels in (None, 16):
        neck = RMPG(32, mid_channels=mid_channels, gate_init=0.5)
        gammas = {
            name: parameter.unique().tolist()
            for name, parameter in neck.named_parameters()
            if name.endswith('gamma')
        }
        outer = [v for n, v in gammas.items() if '.body.' not in n]
        inner = [v for n, v in gammas.items() if '.body.' in n]
        assert all(v == [0.5] for v in outer) and outer
        assert all(v == [1.0] for v in inner)
        assert len(inner) == (3 if mid_channels else 0)
        assert not torch.equal(neck(x), x)


def test_bottleneck_gets_gradients_within_two_steps():
    torch.manual_seed(0)
    neck = RMPG(32, mid_channels=16)
    optimizer = torch.optim.SGD(neck.parameters(), lr=0.1)
    x, target = torch.randn(2, 2, 32, 6, 5)
    for _ in range(2):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(neck(x), target).backward()
        optimizer.step()
    assert all(p.grad.abs().max() > 0 for p in neck.parameters())


def test_containers_are_answered_in_kind():
    x = torch.randn(1, 16, 4, 4)
    assert isinstance(RMPG(16)(x), torch.Tensor)
    assert isinstance(RMPG(16)((x,)), tuple)
    assert isinstance(RMPG(16)([x]), list)
    smaller = x[..., :2, :2]
    for num_maps, graphs in ((2, 2), ('shared', 1)):
        neck = RMPG(16, num_maps=num_maps, gate_init=1.0)
        assert len(neck.graphs) == graphs
        outs = neck((x, smaller))
        assert [o.shape for o in outs] == [x.shape, smaller.shape]
        expected = neck.graphs[graphs - 1](smaller)
        assert torch.equal(outs[1], expected)


@pytest.mark.parametrize(
    'kwargs, words',
    [
        (dict(gruops=(2,)), ['gruops=(2,)', 'groups?']),
        (dict(scale_factor=4.0), ['scale_factor=4.0', '_delete_=True']),
        (dict(groups=(3, 2)), ['32 channels', '(3, 2)', 'in_channels']),
        (dict(mid_channels=12), ['12 channels', '(2, 2, 2)', 'mid_channels']),
        (dict(mid_channels=0), ['mid_channels=0', 'positive']),
        (dict(num_maps=0), ['num_maps=0', 'shared']),
        (dict(num_maps='all'), ["num_maps='all'", 'shared']),
    ],
    ids=str,
)
def test_wrong_arguments(kwargs, words):
    with pytest.raises(ValueError) as caught:
        RMPG(32, **kwargs)
    assert all(word in str(caught.value) for word in words)
    with (
        DefaultScope.overwrite_default_scope('mmpose'),
        pytest.raises(ValueError, match=next(iter(kwargs))),
    ):
        MODELS.build(dict(type='mmkbdm.RMPG', in_channels=32, **kwargs))


@pytest.mark.parametrize(
    'feats, words',
    [
        (torch.zeros(1, 8, 4, 4), ['in_channels=16', '(1, 8, 4, 4)']),
        (torch.zeros(1, 16, 4), ['in_channels=16', '(1, 16, 4)']),
        ([torch.zeros(1, 16, 4, 4)] * 2, ['num_maps=1', '2 feature maps']),
        ([], ['num_maps=1', '0 feature maps']),
        ({'a': torch.zeros(1, 16, 4, 4)}, ['dict', 'out_type']),
    ],
    ids=lambda v: type(v).__name__,
)
def test_wrong_inputs(feats, words):
    with pytest.raises(ValueError) as caught:
        RMPG(16)(feats)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    'name, imports', [('mmkbdm.RMPG', []), ('RMPG', ['mmkbdm.models.necks'])]
)
def test_builds_in_a_config_of_mmpose(name, imports, tmp_path):
    """The full name without custom_imports, the bare name with them."""
    config = tmp_path / 'config.py'
    config.write_text(
        "_base_ = ('mmpose::body_2d_keypoint/topdown_heatmap/coco/'\n"
        "          'td-hm_res50_8xb64-210e_coco-256x192.py')\n"
        f'neck = dict(type={name!r}, in_channels=2048, mid_channels=64)\n'
        'model = dict(neck=neck)\n'
        + (f'custom_imports = dict(imports={imports})\n' if imports else '')
    )
    code = f"""
from mmkbdm import compat
compat.activate()
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
cfg = Config.fromfile({str(config)!r})
init_default_scope(cfg.default_scope)
from mmpose.registry import MODELS
with torch.device('meta'):
    model = MODELS.build(cfg.model)
print(type(model.neck).__module__, 'RMPG' in MODELS._module_dict)
"""
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ['mmkbdm.models.necks.rmpg', 'True']


def test_pure_function_of_its_input():
    neck = RMPG(16, gate_init=1.0)
    before = copy.deepcopy(neck.state_dict())
    x = torch.randn(2, 16, 6, 4)
    first = neck(x)
    neck(torch.randn(1, 16, 3, 9))
    assert torch.equal(neck(x), first)
    torch.testing.assert_close(neck(x[:1]), first[:1])
    after = neck.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert before.keys() == after.keys()


def assert_compiles(neck, backend):
    torch._dynamo.reset()  # each case compiles anew
    compiled = torch.compile(neck, fullgraph=True, backend=backend)
    x = torch.randn(2, 16, 6, 4)
    torch.testing.assert_close(compiled(x), neck(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('context', ['token', 'channel', 'none'])
@pytest.mark.parametrize('preset', PRESETS)
def test_is_one_graph_for_torch_compile(preset, context):
    torch.manual_seed(0)
    neck = RMPG(16, gate_init=1.0, **PRESETS[preset] | dict(context=context))
    assert_compiles(neck, 'aot_eager')


@pytest.mark.skipif(
    shutil.which('g++') is None, reason='torch.compile on CPU needs g++'
)
def test_compiles():
    torch.manual_seed(0)
    assert_compiles(RMPG(16, (2,), kv_pool=2, gate_init=1.0), 'inductor')


@pytest.mark.parametrize(
    'setting',
    [
        *PRESETS.values(),
        dict(context='channel'),
        dict(context='none'),
        dict(kv_pool=2),
        dict(kv_pool=2, kernel_size=3, mid_channels=8),
    ],
    ids=str,
)
def test_exports_to_onnx(setting, tmp_path):
    torch.manual_seed(0)
    neck = RMPG(16, gate_init=1.0, **setting).eval()
    path = tmp_path / 'neck.onnx'
    batch = torch.export.Dim('batch', min=1, max=64)
    torch.onnx.export(
        neck,
        (torch.randn(2, 16, 6, 4),),
        path,
        dynamo=True,
        dynamic_shapes=({0: batch},),
        verbose=False,
    )
    session = onnxruntime.InferenceSession(
        path, providers=['CPUExecutionProvider']
    )
    for size in (2, 5):
        x = torch.randn(size, 16, 6, 4)
        (out,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        with torch.no_grad():
            expected = neck(x)
        torch.testing.assert_close(
            torch.from_numpy(out), expected, atol=1e-4, rtol=1e-4
        )
