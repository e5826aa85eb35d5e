"""A checkpoint becomes a folder that the other tools take."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.model import ExponentialMovingAverage

ROOT = Path(__file__).parents[2]
for folder in ('generation', 'pipelines', 'models/generators'):
    sys.path.insert(0, str(ROOT / 'tests' / folder))

from tiny_generator import batch, build, config, generators, wake  # noqa: E402
from tiny_knowledge import kb_dmgen  # noqa: E402

from mmkbdm.generation import DiffusersGenerator  # noqa: E402
from mmkbdm.generation.load_pipeline import load_pipeline  # noqa: E402


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config, a checkpoint of MMEngine's EMAHook, and both models."""
    folder = tmp_path_factory.mktemp('trained')
    cfg = kb_dmgen(call=dict(num_inference_steps=2))
    last = build(cfg)
    hook = EMAHook()
    hook.ema_model = ExponentialMovingAverage(last, momentum=0.3)
    wake(last)
    hook.ema_model.steps.fill_(1)
    hook.ema_model.update_parameters(last)
    content = dict(state_dict=last.state_dict())
    hook.before_save_checkpoint(None, content)
    torch.save(content, folder / 'iter_9.pth')
    for name in ('vae', 'unet', 'text_encoder', 'tokenizer'):
        getattr(last.base, name).save_pretrained(folder / name)
        cfg[name] = dict(
            type=cfg[name]['type'], from_pretrained=str(folder / name)
        )
    (folder / 'model.py').write_text(f'model = {cfg!r}\n')
    plain = dict(cfg, adapter=None)
    for key in ('masks', 'film', 'knowledge_base'):
        del plain[key]
    (folder / 'plain.py').write_text(f'model = {plain!r}\n')
    return folder, last, hook.ema_model.module.eval()


@pytest.fixture
def tool(monkeypatch, capsys):
    """Call main; returns status, stdout and stderr."""
    monkeypatch.chdir(ROOT)
    path = ROOT / 'tools' / 'model_converters' / 'export_pipeline.py'
    spec = importlib.util.spec_from_file_location('tool_export', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*words):
        monkeypatch.setattr(sys, 'argv', ['export', *map(str, words)])
        capsys.readouterr()
        try:
            module.main()
            status = 0
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def pictures(model):
    return model.generate(batch(), generators())


def test_the_average_and_the_last(tool, trained, tmp_path):
    folder, last, averaged = trained
    files = folder / 'model.py', folder / 'iter_9.pth'
    out = tmp_path / 'new' / 'pipeline'
    status, stdout, stderr = tool(*files, '--out', out)
    assert status == 0, stderr
    assert str(out) in stdout and 'MB' in stdout
    endings = {p.suffix for p in out.rglob('*') if p.is_file()}
    assert endings <= {'.json', '.safetensors', '.txt'}
    pipeline = DiffusersGenerator(str(out))
    assert torch.equal(pictures(pipeline), pictures(averaged))
    assert not torch.equal(pictures(averaged), pictures(last))
    # What is there and is a pipeline is replaced, and nothing is left over.
    status, _, stderr = tool(*files, '--out', out, '--last-weights')
    assert status == 0, stderr
    pipeline = DiffusersGenerator(str(out))
    assert torch.equal(pictures(pipeline), pictures(last))
    assert [one.name for one in out.parent.iterdir()] == ['pipeline']


def test_weights_alone(tool, trained, tmp_path):
    folder, _, averaged = trained
    files = folder / 'model.py', folder / 'iter_9.pth'
    whole, half = (tmp_path / f'{name}.safetensors' for name in 'ab')
    for out, flags in ((whole, []), (half, ['--half'])):
        status, _, stderr = tool(*files, '--out', out, *flags)
        assert status == 0, stderr
    loaded = load_pipeline(str(files[0]), str(whole))
    assert torch.equal(pictures(loaded), pictures(averaged))
    assert half.stat().st_size < 0.6 * whole.stat().st_size
    loaded = load_pipeline(str(files[0]), str(half))
    far = (pictures(loaded).float() - pictures(averaged)).abs().mean()
    assert far < 3


def test_half_precision(tool, trained, tmp_path):
    folder, _, averaged = trained
    out = tmp_path / 'half'
    files = folder / 'model.py', folder / 'iter_9.pth'
    status, _, stderr = tool(*files, '--half', '--out', out)
    assert status == 0, stderr
    loaded = DiffusersGenerator(str(out))
    parts = loaded.pipeline.components.values()
    dtypes = {one.dtype for one in parts if isinstance(one, torch.nn.Module)}
    assert dtypes == {torch.float32}
    far = (pictures(loaded).float() - pictures(averaged)).abs().mean()
    assert far < 3


def test_without_adapter_nothing_is_trained(tool, trained, tmp_path):
    folder, last, _ = trained
    out = tmp_path / 'plain'
    status, _, stderr = tool(folder / 'plain.py', '--out', out)
    assert status == 0, stderr
    expected = last.generate(batch(), generators(), pose_strength=0)
    assert torch.equal(pictures(DiffusersGenerator(str(out))), expected)


def test_bad_input(tool, trained, tmp_path):
    folder, *_ = trained
    model, checkpoint = folder / 'model.py', folder / 'iter_9.pth'
    other = tmp_path / 'controlnet.pth'
    torch.save(dict(state_dict=build(config()).state_dict()), other)
    full = tmp_path / 'full'
    full.mkdir()
    (full / 'a.txt').write_text('mine')
    missing = tmp_path / 'missing.py'
    text = model.read_text().replace(str(folder / 'unet'), '/gone/unet')
    missing.write_text(text)
    for words, expected in (
        (['gone.py', checkpoint], 'gone.py does not exist'),
        ([folder, checkpoint], 'is no config'),
        ([model], 'would be random: give the checkpoint'),
        ([model, 'gone.pth'], 'gone.pth: no such file'),
        ([model, other], 'controlnet.pth: the checkpoint is of ControlNet'),
        ([missing, checkpoint], 'folder /gone/unet does not exist'),
        ([model, checkpoint, '--out', full], 'is there and is no pipeline'),
        ([model, checkpoint, '--out', __file__], 'is no pipeline'),
        ([model, checkpoint, '--out', __file__ + '/a/b'], 'written to'),
    ):
        if '--out' not in words:
            words = [*words, '--out', tmp_path / 'out']
        status, _, stderr = tool(*words)
        assert status == 2, words
        [line] = [one for one in stderr.splitlines() if 'error: ' in one]
        assert expected in line
    assert (full / 'a.txt').read_text() == 'mine'
    assert not (tmp_path / 'out').exists()
