import json

import numpy as np
import onnxruntime
import pytest
import torch
from tiny_hosts import HOSTS, tiny

from mmkbdm.analysis import onnx_model
from mmkbdm.analysis.network import build_network, random_images
from mmkbdm.analysis.onnx_model import (
    check_packages,
    export,
    gates_are_zero,
    metadata,
    output_names,
)
from mmkbdm.apis.errors import PreflightError

TOY = 'simplebaseline_toy_rmpg_toyhuman'
SLOW = (
    'hourglass52_rmpg_coco',
    'hrnet_w32_rmpg_coco',
    'simplebaseline_res50_rmpg_coco',
    'vitpose_s_rmpg_coco',
)
# Beside the default: token context, sincos, fuse.
SETTINGS = {
    'add, pooled, bottleneck': dict(
        combine='add', kv_pool=2, kernel_size=3, mid_channels=32
    ),
    'channel, W_o, no position': dict(
        context='channel', combine='add', out_proj=True, position='none'
    ),
    'no context': dict(context='none'),
}


def exported(cfg, name, path):
    network = build_network(cfg, name)
    image = random_images(cfg, name)
    figures = export(
        network, image, str(path), name=name,
        metadata_props=metadata(cfg, name),
    )  # fmt: skip
    assert figures['batch_1'] < 1e-4 and figures['batch_3'] < 1e-4
    assert figures['torch'] > 0 and figures['onnxruntime'] > 0
    session = onnxruntime.InferenceSession(
        path, providers=['CPUExecutionProvider']
    )
    return network, session


def assert_parity(network, session, cfg, name):
    """Five images, and the neck matters in them."""
    batch = random_images(cfg, name, 5)
    got = session.run(None, {'input': batch.numpy()})
    with torch.no_grad():
        expected = network(batch)
        for gate in network.modules():
            if hasattr(gate, 'gamma'):
                gate.gamma.zero_()
        plain = network(batch)
    if isinstance(expected, torch.Tensor):
        expected, plain = (expected,), (plain,)
    assert len(got) == len(expected)
    for g, e, p in zip(got, expected, plain):
        unit = e.abs().max()
        assert np.abs(g - e.numpy()).max() < 1e-4 * unit
        assert (p - e).abs().max() > 1e-2 * unit


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW else ())
        for name in HOSTS
    ],
)
def test_hosts(name, tmp_path):
    torch.manual_seed(0)
    cfg = tiny(name)
    network, session = exported(cfg, name, tmp_path / 'model.onnx')
    assert [i.name for i in session.get_inputs()] == ['input']
    outputs = [o.name for o in session.get_outputs()]
    simcc = name.startswith('rtmpose')
    assert outputs == (['simcc_x', 'simcc_y'] if simcc else ['output'])
    assert session.get_inputs()[0].shape[0] == 'batch'
    assert_parity(network, session, cfg, name)


@pytest.mark.parametrize('setting', SETTINGS)
def test_settings_of_the_neck(setting, tmp_path):
    torch.manual_seed(0)
    cfg = tiny(TOY)
    cfg.model.neck.update(SETTINGS[setting])
    network, session = exported(cfg, TOY, tmp_path / 'model.onnx')
    assert_parity(network, session, cfg, TOY)


def export_convolution(path, metadata_props=None):
    """The file is of interest here, not the network."""
    torch.manual_seed(0)
    network = torch.nn.Conv2d(3, 20, 3).eval()
    image = torch.randn(1, 3, 8, 6)
    export(
        network, image, str(path), name='c.py',
        metadata_props=metadata_props or {},
    )  # fmt: skip
    return network


def test_metadata(tmp_path):
    path = tmp_path / 'new' / 'model.onnx'
    export_convolution(path, metadata(tiny(TOY), f'configs/{TOY}.py'))
    session = onnxruntime.InferenceSession(path)
    props = session.get_modelmeta().custom_metadata_map
    props = {key: json.loads(value) for key, value in props.items()}
    assert props['mean'] == [123.675, 116.28, 103.53]
    assert props['std'] == [58.395, 57.12, 57.375]
    assert props['input_size'] == [64, 96]
    assert props['codec']['type'] == 'UDPHeatmap'
    assert props['input'].startswith('RGB') and 'normalised' in props['input']
    assert props['flip_test'] == 'not in the graph'
    assert props['config'] == f'{TOY}.py'
    assert [file.name for file in path.parent.iterdir()] == ['model.onnx']


def test_large_weights_lie_beside_the_model(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_model, 'MAX_BYTES', 1000)
    path = tmp_path / 'model.onnx'
    network = export_convolution(path)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ['model.onnx', 'model.onnx.data']
    image = torch.randn(2, 3, 8, 6)
    session = onnxruntime.InferenceSession(path)
    (got,) = session.run(None, {'input': image.numpy()})
    torch.testing.assert_close(torch.from_numpy(got), network(image).detach())


def test_a_difference_writes_nothing(tmp_path, monkeypatch):
    path = tmp_path / 'model.onnx'
    path.write_text('what stood there')
    monkeypatch.setattr(onnx_model, 'TOLERANCE', -1.0)
    with pytest.raises(PreflightError, match='differ by .* nothing was writ'):
        export_convolution(path)
    assert [file.name for file in tmp_path.iterdir()] == ['model.onnx']
    assert path.read_text() == 'what stood there'


def test_what_does_not_export(tmp_path):
    cfg = tiny(TOY)
    network = build_network(cfg, TOY)
    relu = torch.nn.ReLU.forward

    class Branching(torch.nn.ReLU):
        def forward(self, x):
            return relu(self, x) if x.sum() > 0 else x

    network.estimator.backbone.relu = Branching()
    with pytest.raises(PreflightError, match=f'{TOY} does not export') as got:
        export(
            network, random_images(cfg, TOY), str(tmp_path / 'a.onnx'),
            name=TOY, metadata_props={},
        )  # fmt: skip
    assert '\n' not in str(got.value)
    assert not list(tmp_path.iterdir())


def test_output_names():
    heatmaps, vectors = torch.zeros(1, 17, 8, 6), torch.zeros(1, 17, 8)
    assert output_names(heatmaps, 'c') == ['output']
    assert output_names((vectors, vectors), 'c') == ['simcc_x', 'simcc_y']
    for output in ((vectors, heatmaps), (vectors,), dict(a=vectors)):
        with pytest.raises(PreflightError, match='^c: the head answers'):
            output_names(output, 'c')


def test_missing_packages(monkeypatch):
    check_packages()
    monkeypatch.setattr(onnx_model, 'PACKAGES', ('torch', 'no_such_onnx'))
    with pytest.raises(PreflightError, match='pip install no_such_onnx'):
        check_packages()


def test_gates_are_zero():
    cfg = tiny(TOY)
    assert not gates_are_zero(build_network(cfg, TOY))
    cfg.model.neck.gate_init = 0.0
    assert gates_are_zero(build_network(cfg, TOY))
    cfg.model.pop('neck')
    assert not gates_are_zero(build_network(cfg, TOY))
