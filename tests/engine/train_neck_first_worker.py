"""Train a tiny pose network, its neck first.

Usage: train_neck_first_worker.py OUT, under torch.distributed.run.
"""

import os
import sys
from pathlib import Path

import torch

from mmkbdm import compat

compat.activate()

from mmengine.config import Config  # noqa: E402
from mmengine.dataset import pseudo_collate  # noqa: E402
from mmengine.hooks import Hook  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from mmengine.runner import Runner  # noqa: E402
from mmpose.registry import MODELS  # noqa: E402
from mmpose.testing import get_packed_inputs  # noqa: E402

from mmkbdm.apis.distributed import prepare_cpu_processes  # noqa: E402

CONFIG = (
    Path(__file__).parents[2]
    / 'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'
)


class StateOfEachEpoch(Hook):
    """Keeps the model's parameters and buffers, the start included."""

    def __init__(self):
        self.states = []

    def keep(self, runner):
        """Keep the state of now."""
        model = getattr(runner.model, 'module', runner.model)
        state = model.state_dict()
        self.states.append({k: v.clone() for k, v in state.items()})

    def before_train(self, runner):
        """Keep the start."""
        self.keep(runner)

    def after_train_epoch(self, runner):
        """Keep the end of the epoch."""
        self.keep(runner)


def samples():
    """Four people as the data pipeline gives them."""
    batch = get_packed_inputs(
        batch_size=4,
        img_shape=(96, 64),
        input_size=(64, 96),
        heatmap_size=(32, 48),
    )
    return [
        dict(inputs=image, data_samples=sample)
        for image, sample in zip(batch['inputs'], batch['data_samples'])
    ]


def make_runner(work_dir, epochs, first, frozen_stages=-1, **kwargs):
    """Runner with an optimizer that decays weights, and its recorder."""
    cfg = Config.fromfile(CONFIG)
    init_default_scope(cfg.default_scope)
    cfg.model.backbone.frozen_stages = frozen_stages
    cfg.launcher = kwargs.get('launcher', 'none')
    cfg.find_unused_parameters = True
    prepare_cpu_processes(cfg)
    torch.manual_seed(0)
    recorder = StateOfEachEpoch()
    runner = Runner(
        model=MODELS.build(cfg.model),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=samples(),
            batch_size=2,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=pseudo_collate,
        ),
        train_cfg=kwargs.pop(
            'train_cfg', dict(by_epoch=True, max_epochs=epochs)
        ),
        optim_wrapper=cfg.optim_wrapper,
        default_hooks=dict(
            checkpoint=dict(type='mmkbdm.SafeCheckpointHook', interval=1)
        ),
        custom_hooks=[
            dict(type='mmkbdm.TrainNeckFirstHook', epochs=first),
            recorder,
        ],
        experiment_name=f'first{os.urandom(4).hex()}',
        default_scope='mmpose',
        cfg=cfg if cfg.launcher != 'none' else None,
        **kwargs,
    )
    return runner, recorder.states


if __name__ == '__main__':
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    runner, states = make_runner(out, 3, first=1, launcher='pytorch')
    runner.train()
    torch.save(states, out / f'rank_{os.environ["RANK"]}.pt')
    torch.distributed.barrier()
    # Taking the wrapped model down can hang: its destructor holds the GIL
    # and waits for a thread of gloo that wants it.
    os._exit(0)
