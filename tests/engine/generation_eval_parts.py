"""A runner that trains the toy generator, with or without the hook.

Usage: generation_eval_parts.py DATA OUT, under torch.distributed.run.
"""

import os
import sys
from pathlib import Path

import torch

from mmkbdm import compat

compat.activate()
sys.path.insert(0, str(Path(__file__).parents[1] / 'generation'))

from mmengine.config import Config  # noqa: E402
from mmengine.hooks import Hook  # noqa: E402
from mmengine.runner import Runner  # noqa: E402
from toy_parts import ToyGenerator, dataset_cfg  # noqa: E402

from mmkbdm.apis.distributed import prepare_cpu_processes  # noqa: E402


class Losses(Hook):
    """Keeps the loss of every iteration."""

    def __init__(self):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        """Keep it."""
        self.losses.append(float(outputs['loss'].detach()))


def noise(number):
    """What the toy generator trains on."""
    return [dict(inputs=torch.rand(3, 8, 8)) for _ in range(number)]


def hook_cfg(data, **kwargs):
    """Five images every second iteration."""
    return dict(
        type='mmkbdm.GenerationEvalHook',
        interval=2,
        dataset=dataset_cfg(data),
        num_images=5,
        judge=dict(type='mmkbdm.PixelJudge'),
        batch_size=2,
        **kwargs,
    )


def make_runner(work_dir, hooks=(), iters=4, launcher='none', **kwargs):
    """Runner of a model that chance is part of, and its losses."""
    cfg = Config(dict(launcher=launcher))
    prepare_cpu_processes(cfg)
    torch.manual_seed(0)
    recorder = Losses()
    options = dict(
        train_dataloader=dict(
            dataset=noise(8),
            batch_size=2,
            sampler=dict(type='InfiniteSampler', shuffle=True),
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=dict(by_epoch=False, max_iters=iters),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=2, by_epoch=False)
        ),
    )
    runner = Runner(
        model=ToyGenerator(),
        work_dir=str(work_dir),
        custom_hooks=[*hooks, recorder],
        experiment_name=f'generation{os.urandom(4).hex()}',
        randomness=dict(seed=0),
        cfg=cfg if launcher != 'none' else None,
        launcher=launcher,
        **{**options, **kwargs},
    )
    return runner, recorder.losses


if __name__ == '__main__':
    data, out = sys.argv[1:]
    torch.set_num_threads(1)
    hook = hook_cfg(
        data, features=dict(type='mmkbdm.MeanColours'), save_best='pose/CAP'
    )
    runner, _ = make_runner(out, [hook], iters=2, launcher='pytorch')
    runner.train()
    torch.distributed.barrier()
    # Taking the wrapped model down can hang: its destructor holds the GIL
    # and waits for a thread of gloo that wants it.
    os._exit(0)
