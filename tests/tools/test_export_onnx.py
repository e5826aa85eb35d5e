"""The export tool, in this process; test_onnx_model.py has the networks."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

from mmkbdm.analysis import onnx_model

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'


@pytest.fixture
def module():
    path = ROOT / 'tools' / 'export_onnx.py'
    spec = importlib.util.spec_from_file_location('tool_export_onnx', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool(module, monkeypatch, capsys):
    """Call main; returns status, stdout and stderr."""
    monkeypatch.chdir(ROOT)

    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['export_onnx.py', *map(str, args)])
        capsys.readouterr()
        try:
            module.main()
            status = 0
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


@pytest.fixture
def estimator():
    from mmkbdm.analysis.network import build_network
    from mmkbdm.apis.arguments import read_config

    return build_network(read_config(str(ROOT / CONFIG)), CONFIG).estimator


def test_exports_the_checkpoint(tool, estimator, tmp_path):
    import onnxruntime

    saved, out = tmp_path / 'epoch_1.pth', tmp_path / 'model.onnx'
    torch.nn.init.ones_(estimator.neck.graphs[0].levels[0].gate.gamma)
    torch.save(dict(state_dict=estimator.state_dict()), saved)
    status, stdout, stderr = tool(CONFIG, saved, '--out', out)
    assert status == 0, stderr
    assert f'{out}: onnxruntime and torch differ by' in stdout
    assert 'one image: torch' in stdout
    assert 'note: a gate of the neck is zero' in stdout  # the other levels
    image = torch.randn(2, 3, 96, 64)
    with torch.no_grad():
        expected = estimator.head.forward(estimator.extract_feat(image))
    session = onnxruntime.InferenceSession(out)
    (got,) = session.run(['output'], {'input': image.numpy()})
    torch.testing.assert_close(
        torch.from_numpy(got), expected, atol=1e-4, rtol=1e-4
    )


def test_checkpoints_that_fit(module, estimator, tmp_path):
    """A plain network's, and one with predictors of training."""
    saved = tmp_path / 'a.pth'
    state_dict = estimator.state_dict()
    plain = {k: v for k, v in state_dict.items() if 'neck.' not in k}
    torch.save(plain, saved)
    module.load(estimator, str(saved))
    name = 'head.final_layer.bias'
    torch.save({**state_dict, name: torch.arange(17.0)}, saved)
    module.load(estimator, str(saved))
    assert estimator.state_dict()[name][3] == 3


def test_foreign_checkpoint(tool, estimator, tmp_path):
    state_dict = estimator.state_dict()
    state_dict['head.final_layer.bias'] = torch.zeros(14)
    torch.save(state_dict, tmp_path / 'a.pth')
    out = tmp_path / 'a.onnx'
    status, _, stderr = tool(CONFIG, tmp_path / 'a.pth', '--out', out)
    assert status == 2
    assert 'head.final_layer.bias is (14,) in it, (17,)' in stderr
    assert not out.exists()


@pytest.mark.parametrize(
    'args, words',
    [
        (['gone.py'], 'gone.py does not exist'),
        ([CONFIG, 'gone.pth'], 'gone.pth: no such file'),
        ([CONFIG, '--out', 'model.pb'], 'must end in .onnx'),
        ([CONFIG, '--out', '/proc/no/model.onnx'], 'cannot be written to'),
        ([CONFIG, '--cfg-options', 'model.neck'], "'model.neck' is no KEY"),
        (
            [CONFIG, '--cfg-options', 'model.neck.kv_pool=0'],
            'kv_pool=0 must be a positive int',
        ),
        (
            [CONFIG, '--cfg-options', 'model.head.in_channels=32'],
            f'{CONFIG} does not run on an image',
        ),
    ],
    ids=str,
)
def test_bad_input(tool, args, words):
    status, stdout, stderr = tool(*args)
    assert status == 2 and not stdout
    (line,) = [line for line in stderr.splitlines() if 'error: ' in line]
    assert words in line


def test_missing_package(tool, monkeypatch):
    monkeypatch.setattr(onnx_model, 'PACKAGES', ('no_such_onnx',))
    status, _, stderr = tool(CONFIG)
    assert status == 2
    assert 'error: no_such_onnx cannot be imported: pip install' in stderr
