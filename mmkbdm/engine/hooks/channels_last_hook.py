"""The memory format that convolutions are fastest in."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmkbdm.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Puts the model's weights into torch's channels_last memory format.

    Convolutions then keep their activations in it too. Values, names and
    shapes are unchanged; convolutional networks train faster on CPUs and, in
    half precision, on GPUs.
    """

    def before_run(self, runner: Runner) -> None:
        """Convert the model; its parameters stay the same objects."""
        runner.model.to(memory_format=torch.channels_last)
