"""A real MMEngine runner, small enough for a unit test."""

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn


class TinyModel(BaseModel):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, inputs, mode='tensor'):
        return dict(loss=self.linear(inputs).square().mean())


def build_runner(work_dir, epochs, resume=False):
    runner = Runner(
        model=TinyModel(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=[torch.ones(2), torch.zeros(2)],
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=1,
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        param_scheduler=dict(type='MultiStepLR', milestones=[1]),
        custom_hooks=[dict(type='EMAHook')],
        resume=resume,
        log_level='ERROR',
        experiment_name=f'tiny_{epochs}',
    )
    # Values that hooks and evaluators are seen to leave in the hub.
    runner.message_hub.update_info('best', np.float32(0.5))
    runner.message_hub.update_info('count', np.int64(3))
    runner.message_hub.update_info('flag', np.bool_(True))
    runner.message_hub.update_info('sigmas', np.linspace(0, 1, 3))
    runner.message_hub.update_info('colors', np.zeros((2, 3), np.uint8))
    runner.message_hub.update_info('names', np.array(['nose', 'eye']))
    return runner
