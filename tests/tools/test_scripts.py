"""What the tools do beside training: launchers, dumps."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]
CONFIG = 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS='1')


def run(*command, **environment):
    return subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    'script, args, wanted',
    [
        ('slurm_train', ['C', 'W'], 'train.py C --work-dir=W'),
        ('slurm_test', ['C', 'P'], 'test.py C P'),
    ],
)
def test_slurm(script, args, wanted, tmp_path):
    """A stand-in srun shows what it was asked for."""
    srun = tmp_path / 'srun'
    srun.write_text('#!/bin/sh\necho "$@"\n')
    srun.chmod(0o755)
    path = f'{tmp_path}:{os.environ["PATH"]}'
    done = run(
        *('bash', f'tools/{script}.sh', 'gpu', 'job', *args, '--seed', 1),
        PATH=path,
        GPUS='4',
        SRUN_ARGS='--mem=8G --quiet',
    )
    assert done.returncode == 0, done.stderr
    for part in ('-p gpu', '--gres=gpu:4', '--mem=8G --quiet', wanted):
        assert part in done.stdout
    assert done.stdout.endswith('--launcher=slurm --seed 1\n')


@pytest.mark.parametrize(
    'script',
    ['dist_generate', 'dist_train', 'dist_test', 'slurm_train', 'slurm_test'],
)
def test_too_few_arguments(script):
    done = run('bash', f'tools/{script}.sh')
    assert done.returncode == 2
    assert f'Usage: tools/{script}.sh' in done.stderr


def test_train_then_dump(tmp_path):
    """--dump and --out, the evaluator's options given beside them."""
    data = tmp_path / 'data'
    write_dataset(data, num_train=8, num_val=3, size=64)
    options = ['--cfg-options', 'train_cfg.max_epochs=1']
    options += ['train_cfg.val_interval=1', 'train_dataloader.batch_size=4']
    for phase in ('train', 'val', 'test'):
        options.append(f'{phase}_dataloader.dataset.data_root={data}')
    for phase in ('val', 'test'):
        options.append(
            f'{phase}_evaluator.ann_file={data}/annotations/val.json'
        )
    work = ['--work-dir', tmp_path / 'work']
    train = [sys.executable, 'tools/train.py', CONFIG, *work]
    done = run(*train, *options)
    assert done.returncode == 0, done.stderr[-2000:]
    dump, out = tmp_path / 'people.pkl', tmp_path / 'new' / 'metrics.json'
    test = [sys.executable, 'tools/test.py', CONFIG]
    test += [tmp_path / 'work' / 'epoch_1.pth', *work]
    done = run(*test, '--dump', dump, '--out', out, *options)
    assert done.returncode == 0, done.stderr[-2000:]
    people = pickle.loads(dump.read_bytes())
    assert people[0]['pred_instances']['keypoints'].shape == (1, 17, 2)
    assert 'coco/AP' in out.read_text()
    done = run(*test, '--out', tmp_path / 'metrics.txt', *options)
    assert done.returncode == 2
    assert 'must end in .json' in done.stderr
