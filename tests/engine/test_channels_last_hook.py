import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn


class TinyConvNet(BaseModel):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.contiguous = []

    def forward(self, inputs, mode='tensor'):
        out = self.conv(inputs)
        self.contiguous.append(
            out.is_contiguous(memory_format=torch.channels_last)
        )
        return dict(loss=out.square().mean())


def weights_after_training(tmp_path, hooks):
    torch.manual_seed(0)
    runner = Runner(
        model=TinyConvNet(),
        work_dir=str(tmp_path),
        train_dataloader=dict(
            dataset=[dict(inputs=image) for image in torch.rand(4, 3, 8, 8)],
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=2,
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        custom_hooks=hooks,
        log_level='ERROR',
        experiment_name=f'{tmp_path.name}_{len(hooks)}',
    )
    runner.train()
    return runner.model.conv.weight.detach(), runner.model.contiguous


def test_same_training_in_the_other_format(tmp_path):
    plain, flags = weights_after_training(tmp_path, [])
    assert flags == [False] * 4
    hook = dict(type='mmkbdm.ChannelsLastHook')
    other, flags = weights_after_training(tmp_path, [hook])
    assert flags == [True] * 4
    assert other.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(other, plain)
