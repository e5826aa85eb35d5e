"""Iterations a second in the log (ours)."""

from mmengine.hooks import IterTimerHook
from mmengine.runner import Runner

from mmkbdm.registry import HOOKS


@HOOKS.register_module()
class SpeedTimerHook(IterTimerHook):
    """MMEngine's timer, which also tells iterations a second.

    ``it_per_s`` is the inverse of the mean time of the last iterations, data
    included, in training only. Chosen by ``default_hooks.timer``, beside the
    time left, which MMEngine logs as ``eta``.

    Args:
        window (int): Iterations of the mean. Defaults to 50.
    """

    def __init__(self, window: int = 50) -> None:
        super().__init__()
        self.window = window

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Add the speed to what is logged."""
        super().after_train_iter(runner, *args, **kwargs)
        hub = runner.message_hub
        seconds = hub.get_scalar('train/time').mean(self.window)
        hub.update_scalar('train/it_per_s', 1 / seconds)
