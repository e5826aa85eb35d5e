import os
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file

from mmkbdm.compat import CheckpointError, read_checkpoint


@pytest.fixture(params=['zip', 'legacy'])
def save(request, tmp_path):
    def write(content):
        path = tmp_path / 'checkpoint.pth'
        torch.save(
            content,
            path,
            _use_new_zipfile_serialization=request.param == 'zip',
        )
        return path

    return write


def reason(path):
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    message = str(caught.value)
    assert '\n' not in message
    assert message.startswith(f'{path}: ')
    return message.removeprefix(f'{path}: ')


def test_reads_mmengine_checkpoint(save):
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    path = save(
        {
            'state_dict': OrderedDict(weight=torch.arange(3.0)),
            'message_hub': {'loss': buffer, 'best': np.float64(0.5)},
        }
    )
    checkpoint = read_checkpoint(str(path))
    assert checkpoint['state_dict']['weight'].tolist() == [0, 1, 2]
    assert checkpoint['message_hub']['loss'].mean() == 1.5


def test_reads_bare_state_dict(save):
    path = save(OrderedDict(weight=torch.zeros(2)))
    assert list(read_checkpoint(path)) == ['weight']


def test_reads_safetensors(tmp_path):
    path = tmp_path / 'weights.safetensors'
    save_file({'weight': torch.arange(3.0).half()}, path)
    checkpoint = read_checkpoint(path)
    assert checkpoint['weight'].tolist() == [0, 1, 2]
    path.write_bytes(path.read_bytes()[:-3])
    assert reason(path).startswith('damaged or no safetensors file')
    torch.save({'weight': torch.zeros(2)}, path)
    assert reason(path).startswith('damaged or no safetensors file')
    assert reason(tmp_path / 'absent.safetensors') == 'no such file'


def test_missing_file(tmp_path):
    assert reason(tmp_path / 'absent.pth') == 'no such file'
    assert reason(tmp_path) == 'no such file'


@pytest.mark.parametrize('part', [0.1, 0.5, 0.99])
def test_truncated(save, part):
    path = save({'state_dict': {'weight': torch.zeros(5000)}})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    assert reason(path).startswith(('damaged', 'cannot be read'))


@pytest.mark.parametrize(
    'content', [b'', b'<!DOCTYPE html>', b'version https://git-lfs.github.com']
)
def test_other_file(tmp_path, content):
    path = tmp_path / 'page.pth'
    path.write_bytes(content)
    assert reason(path) == 'not a checkpoint file of torch.save'


@pytest.mark.filterwarnings('ignore:.*TorchScript archive:UserWarning')
def test_torchscript(tmp_path):
    path = tmp_path / 'script.pt'
    torch.jit.script(torch.nn.ReLU()).save(path)
    assert 'TorchScript' in reason(path)


class Call:
    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def test_refused_global_is_named(save, tmp_path):
    marker = tmp_path / 'marker'
    call = Call(os.system, f'echo run > "{marker}"')
    path = save({'state_dict': {'weight': torch.zeros(1)}, 'meta': call})
    assert reason(path) == (
        f'refused: it asks to call {os.name}.system; nothing was executed'
    )
    assert not marker.exists()


@pytest.mark.parametrize(
    'call, name',
    [
        (Call(eval, '1'), 'call builtins.eval'),
        (Call(getattr, HistoryBuffer, 'update'), 'call builtins.getattr'),
        (Call(np.dtype, 'O'), 'call numpy.dtype'),
        (Call(HistoryBuffer.mean, 1), 'use <function HistoryBuffer.mean'),
        (torch.nn.ReLU(), 'call torch.nn.modules.activation.ReLU'),
    ],
)
def test_other_refusals(save, call, name):
    path = save({'state_dict': {'weight': torch.zeros(1)}, 'meta': call})
    assert reason(path).startswith(f'refused: it asks to {name}')


def test_not_a_dict(save):
    assert reason(save([torch.zeros(1)])) == 'holds a list, not a dict'


@pytest.mark.parametrize(
    'content', [{}, {'epoch': 3, 'meta': {}}, {'state_dict': {}, 'epoch': 1}]
)
def test_no_state_dict(save, content):
    keys = ', '.join(content)
    assert reason(save(content)) == f'has no state dict, its keys are: {keys}'
