"""Checkpoints of MMEngine: everything they hold, and nothing else."""

import builtins
import functools
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmkbdm import compat
from mmkbdm.compat import weights_only

LOAD = """
import sys
from mmengine.runner.checkpoint import _load_checkpoint, load_checkpoint
path, activate = sys.argv[1:]
if activate == 'yes':
    from mmkbdm import compat
    compat.activate()
import torch
checkpoint = _load_checkpoint(path, map_location='cpu')
hub = checkpoint['message_hub']
losses = hub['log_scalars']['train/loss']
assert len(losses.data[0]) == 4, losses.data
assert losses.statistics('mean', 2) == losses.data[0][-2:].sum() / 2
info = hub['runtime_info']
assert (info['best'], info['count'], info['flag']) == (0.5, 3, True)
assert info['sigmas'].tolist() == [0, 0.5, 1]
assert info['names'].tolist() == ['nose', 'eye']
from tiny_runner import TinyModel, build_runner
model = TinyModel()
load_checkpoint(model, path)
assert torch.equal(model.linear.weight,
                   checkpoint['state_dict']['linear.weight'])
runner = build_runner(path.rpartition('/')[0], epochs=3, resume=True)
runner.train()
assert runner.iter == 6, runner.iter
assert len(runner.message_hub.get_scalar('train/loss').data[0]) == 6
"""


@pytest.fixture(scope='module')
def runner_checkpoint(tmp_path_factory):
    from tiny_runner import build_runner

    # The runner itself imports torchvision to describe the environment.
    compat.activate()
    folder = tmp_path_factory.mktemp('runner')
    build_runner(folder, epochs=2).train()
    return folder / 'epoch_2.pth'


def test_runner_checkpoint_loads_and_resumes(runner_checkpoint, run_python):
    done = run_python(LOAD, runner_checkpoint, 'yes')
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    not weights_only.needed()[0], reason='torch loads anything here'
)
def test_runner_checkpoint_fails_without(runner_checkpoint, run_python):
    done = run_python(LOAD, runner_checkpoint, 'no')
    assert done.returncode != 0
    assert 'Weights only load failed' in done.stderr


class Call:
    """Pickles as a call: the way a checkpoint attacks its reader."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


class State:
    """Pickles as a ``HistoryBuffer`` with a state of the attacker."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return HistoryBuffer, (), self.state


def _payload(marker):
    return Call(os.system, f'echo run > "{marker}"')


HOSTILE = {
    'system': _payload,
    'eval': lambda m: Call(builtins.eval, f'open({str(m)!r}, "w")'),
    'exec': lambda m: Call(builtins.exec, f'open({str(m)!r}, "w")'),
    'open': lambda m: Call(open, str(m), 'w'),
    'getattr_other_class': lambda m: Call(getattr, torch.Tensor, 'numpy'),
    'getattr_private': lambda m: Call(getattr, HistoryBuffer, '__init__'),
    'getattr_globals': lambda m: Call(
        getattr, HistoryBuffer.mean, '__globals__'
    ),
    'getattr_registrar': lambda m: Call(
        getattr, HistoryBuffer, 'register_statistics'
    ),
    'call_statistic': lambda m: Call(HistoryBuffer.mean, 'x'),
    'partial': lambda m: Call(functools.partial, os.system, f'touch {m}'),
    'state': lambda m: State({'statistics_methods': {'mean': os.system}}),
    'nested_bytes': lambda m: Call(
        torch.storage._load_from_bytes, pickle.dumps(_payload(m))
    ),
    'nested_pickle': lambda m: Call(pickle.loads, pickle.dumps(_payload(m))),
    'nested_array': lambda m: np.array([_payload(m)], dtype=object),
    'object_scalar': lambda m: Call(
        np.float64(0).__reduce__()[0], np.dtype('O'), _payload(m)
    ),
    'object_dtype': lambda m: np.dtype('O'),
    'module': lambda m: torch.nn.Linear(1, 1),
}


@pytest.mark.parametrize('name', HOSTILE)
def test_hostile_checkpoint_is_refused(tmp_path, name):
    weights_only.activate()
    marker = tmp_path / 'marker'
    path = tmp_path / 'hostile.pth'
    content = {
        'state_dict': OrderedDict(weight=torch.zeros(1)),
        'message_hub': {'log_scalars': [{'deep': (HOSTILE[name](marker),)}]},
    }
    torch.save(content, path)
    with pytest.raises(pickle.UnpicklingError, match='Weights only'):
        torch.load(path)
    assert not marker.exists()


def test_payload_would_run(tmp_path):
    """The marker proves something: an unrestricted reader writes it."""
    marker = tmp_path / 'marker'
    pickle.loads(pickle.dumps(_payload(marker)))
    assert marker.exists()


def test_getattr_itself_is_never_allowed():
    weights_only.activate()
    allowed = torch.serialization.get_safe_globals()
    values = [item[0] if isinstance(item, tuple) else item for item in allowed]
    assert builtins.getattr not in values


def test_names_of_both_numpy_versions():
    names = {name for _, name in weights_only.allowed_globals()}
    for core in ('numpy.core', 'numpy._core'):
        assert f'{core}.multiarray._reconstruct' in names
        assert f'{core}.multiarray.scalar' in names


def test_off_with_old_torch(monkeypatch):
    def forbidden(pairs):
        raise AssertionError('called')

    monkeypatch.setattr(torch, '__version__', '2.5.1+cu121')
    monkeypatch.setattr(torch.serialization, 'add_safe_globals', forbidden)
    assert not weights_only.activate().active


@pytest.mark.parametrize('absent', ['torch', 'mmengine'])
def test_off_when_package_is_absent(monkeypatch, absent):
    find = weights_only.find_package
    monkeypatch.setattr(
        weights_only,
        'find_package',
        lambda name: None if name == absent else find(name),
    )
    assert not weights_only.activate().active
