"""A moving average of what is trained (ours)."""

import torch
from mmengine.model import ExponentialMovingAverage
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mmkbdm.registry import MODELS


@MODELS.register_module()
class TrainedMovingAverage(ExponentialMovingAverage):
    """MMEngine's ExponentialMovingAverage, a few kernels a step.

    MMEngine's averages one parameter after the other, the frozen ones too:
    for a generator those of the whole base with itself. Here only what is
    trained is averaged, all at once; the values are the same. Chosen by
    ``dict(type='EMAHook', ema_type='mmkbdm.TrainedMovingAverage')``.

    Args:
        model (nn.Module): Averaged; what is frozen now stays so.
        momentum (float): Share of the new in an average. Defaults to 0.0002.
        interval (int): Steps between two updates. Defaults to 1.
        device (torch.device, optional): Of the average. Defaults to None,
            that of the model.
    """

    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        interval: int = 1,
        device: torch.device | None = None,
    ) -> None:
        super().__init__(model, momentum, interval, device)
        self.avg_parameters = {
            name: self.avg_parameters[name]
            for name, value in model.named_parameters()
            if value.requires_grad
        }
        self.device = device
        self.average = get_ema_multi_avg_fn(1 - momentum)
        self._pairs: tuple[list[Tensor], ...] | None = None

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Take a step of the model in, the same model every time."""
        if self._pairs is None:
            # Walking through hundreds of modules takes longer than the rest.
            self._pairs = self._find(model)
            self._take_frozen(model)
        averages, trained, kept, buffers = self._pairs
        if self.device is not None:
            trained = [value.to(self.device) for value in trained]
            buffers = [value.to(self.device) for value in buffers]
        if self.steps == 0:
            torch._foreach_copy_(averages, trained)
        elif self.steps % self.interval == 0:
            self.average(averages, trained, None)
        if kept:
            torch._foreach_copy_(kept, buffers)
        self.steps += 1

    def _take_frozen(self, model: nn.Module) -> None:
        # MMEngine makes the average before a model gets its first weights,
        # pretrained ones of frozen parts among them.
        theirs = dict(model.named_parameters())
        for name, ours in self.module.named_parameters():
            if name not in self.avg_parameters:
                ours.copy_(theirs[name])

    def _find(self, model: nn.Module) -> tuple[list[Tensor], ...]:
        """Averages and what they are of, then the same of buffers."""
        values = dict(model.named_parameters())
        trained = [values[name] for name in self.avg_parameters]
        pairs = zip(self.module.buffers(), model.buffers())
        # Of frozen parts, both are the same.
        pairs = [
            (ours, theirs) for ours, theirs in pairs if ours is not theirs
        ]
        return (
            list(self.avg_parameters.values()),
            trained,
            [ours for ours, _ in pairs],
            [theirs for _, theirs in pairs],
        )
