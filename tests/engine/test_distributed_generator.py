"""Two gloo processes train a generator through tools/dist_train.sh."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from training_parts import config, same

from mmkbdm.compat import read_checkpoint

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent


def launch(folder, *flags, **changes):
    """Train by two processes; returns what each of them has seen."""
    cfg = config('generator', folder, **changes)
    cfg.custom_imports = dict(imports=['training_parts'])
    cfg.custom_hooks.append(dict(type='mmkbdm.Witness', folder=str(folder)))
    folder.mkdir(exist_ok=True)
    cfg.dump(folder / 'config.py')
    paths = [str(HERE), os.environ.get('PYTHONPATH', '')]
    environment = dict(
        os.environ,
        OMP_NUM_THREADS='1',
        PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        PORT=str(29500 + os.getpid() % 1000),
        PYTHONPATH=':'.join(paths),
    )
    done = subprocess.run(
        ['bash', 'tools/dist_train.sh', str(folder / 'config.py'), '2']
        + ['--work-dir', str(folder), *flags],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [
        json.loads((folder / f'witness{rank}.json').read_text())
        for rank in (0, 1)
    ]


@pytest.mark.slow
def test_processes_share_weights_but_no_noise(tmp_path):
    # The same single image for both, so that the noise makes the loss.
    dataset = dict(dataset=dict(size=1), batch_size=1)
    one, other = launch(
        tmp_path / 'run',
        train_dataloader=dataset,
        model=dict(gradient_checkpointing=True),
        optim_wrapper=dict(
            type='mmkbdm.AutocastOptimWrapper', accumulative_counts=2
        ),
    )
    assert one['images'] == other['images'] == [[0]] * 6
    assert one['weights'] == other['weights'] != one['first_weights']
    assert one['base'] == other['base'] == one['first_base']
    pairs = zip(one['losses'], other['losses'], strict=True)
    assert all(a != b for a, b in pairs)


@pytest.mark.slow
def test_resumed_processes_go_on_exactly(tmp_path):
    whole = launch(tmp_path / 'whole')
    first = dict(max_iters=3)
    launch(tmp_path / 'parts', train_cfg=first)
    rest = launch(tmp_path / 'parts', '--resume')
    for one, other in zip(whole, rest):
        assert one['images'][3:] == other['images']
        assert one['losses'][3:] == other['losses']
        assert one['weights'] == other['weights']
    assert whole[0]['losses'] != whole[1]['losses']
    files = [
        read_checkpoint(tmp_path / name / 'iter_6.pth')
        for name in ('whole', 'parts')
    ]
    for key in ('state_dict', 'ema_state_dict', 'optimizer', 'chance'):
        assert same(files[0][key], files[1][key]), key
    states = files[0]['chance']['states']
    assert len(states) == 2
    assert not torch.equal(states[0]['torch'], states[1]['torch'])
