"""Two gloo processes against one process with the doubled batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmkbdm.compat import read_checkpoint
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]
WORKER = ROOT / 'tests' / 'tools' / 'ddp_worker.py'
ONE_THREAD = dict(os.environ, OMP_NUM_THREADS='1')


def run(*args):
    done = subprocess.run(
        [str(arg) for arg in args],
        cwd=ROOT,
        env=ONE_THREAD,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope='module')
def toy_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toyhuman')
    write_dataset(folder, num_train=8, num_val=4, size=64)
    return folder


def test_loss_and_gradients_equal_the_doubled_batch(toy_data, tmp_path):
    launcher = ['-m', 'torch.distributed.run', '--nproc_per_node=2']
    run(
        sys.executable,
        *launcher,
        '--rdzv_backend=c10d',
        '--rdzv_endpoint=localhost:0',
        *(WORKER, toy_data, tmp_path / 'two.pt'),
    )
    run(sys.executable, WORKER, toy_data, tmp_path / 'one.pt')
    one, two = (
        torch.load(tmp_path / f'{name}.pt', weights_only=True)
        for name in ('one', 'two')
    )
    torch.testing.assert_close(two['loss'], one['loss'], rtol=1e-5, atol=0)
    largest = max(grad.abs().max() for grad in one['grads'].values())
    assert largest > 1e-4
    for name, grad in one['grads'].items():
        torch.testing.assert_close(
            two['grads'][name], grad, rtol=1e-5, atol=1e-5 * largest, msg=name
        )


def test_dist_train_and_dist_test_run(toy_data, tmp_path):
    config = 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'
    options = [
        f'{phase}_dataloader.dataset.data_root={toy_data}'
        for phase in ('train', 'val', 'test')
    ] + [
        f'{phase}_evaluator.ann_file={toy_data}/annotations/val.json'
        for phase in ('val', 'test')
    ]
    options += ['train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    options += ['train_dataloader.batch_size=2']
    environment = dict(
        ONE_THREAD,
        PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        PORT=str(29500 + os.getpid() % 1000),
    )
    checkpoint = tmp_path / 'epoch_1.pth'
    out = tmp_path / 'metrics.json'
    for args in (
        ['dist_train.sh', config, 2, '--work-dir', tmp_path],
        ['dist_test.sh', config, checkpoint, 2, '--out', out]
        + ['--work-dir', tmp_path],
    ):
        done = subprocess.run(
            ['bash', f'tools/{args[0]}', *map(str, args[1:])]
            + ['--cfg-options', *options],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert read_checkpoint(checkpoint)['meta']['epoch'] == 1
    assert 'coco/AP' in out.read_text()
