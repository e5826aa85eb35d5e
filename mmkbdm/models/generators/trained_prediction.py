"""What a generator computes in a training step, as a function of tensors."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


class TrainedPrediction(nn.Module):
    """The frozen UNet's prediction with the pose adapter beside it (ours).

    Args:
        base (FrozenBase): Frozen parts.
        adapter (PoseAdapter): Gets the gradients.
    """

    def __init__(self, base: nn.Module, adapter: nn.Module) -> None:
        super().__init__()
        self.base = base
        self.adapter = adapter

    def forward(
        self,
        noisy: Tensor,
        timesteps: Tensor,
        text: Tensor,
        condition: Tensor,
        code: Tensor | None = None,
    ) -> Tensor:
        """Predict what the UNet was trained to predict.

        Args:
            noisy (Tensor): Latents (B, C, h, w).
            timesteps (Tensor): (B).
            text (Tensor): Encoded prompts (B, tokens, d).
            condition (Tensor): Drawn poses (B, 3, H, W), uint8 RGB.
            code (Tensor, optional): Of the knowledge base (B, k). Defaults
                to None.

        Returns:
            Tensor: (B, C, h, w).
        """
        pose = self.adapter.prepare_pose(condition)
        time = self.adapter.prepare_time(timesteps, pose, code)
        residuals = self.adapter.residuals(noisy, text, pose, time)
        return self.base.denoise(noisy, timesteps, text, residuals)


def as_cuda_graph(
    module: nn.Module, inputs: tuple[Tensor, ...]
) -> Callable[..., Tensor]:
    """Capture forward and backward of a module as CUDA graphs.

    Small networks take longer to be launched than to be calculated: replayed
    graphs leave out the launching. Parameters may change in place, and
    nothing else.

    Args:
        module (nn.Module): Takes tensors, and does not wait for the GPU.
        inputs (tuple[Tensor, ...]): Of the first call, on a GPU; all later
            ones are like them in shape, dtype and need of a gradient.

    Returns:
        Callable: In place of the module.
    """
    samples = tuple(
        one.detach().clone().requires_grad_(one.requires_grad)
        for one in inputs
    )
    # Converted weights of a cache would outlive the weights' next step.
    with torch.autocast(
        'cuda',
        dtype=torch.get_autocast_dtype('cuda'),
        enabled=torch.is_autocast_enabled('cuda'),
        cache_enabled=False,
    ):
        graphed = torch.cuda.make_graphed_callables(module, samples)

    def replay(*tensors: Tensor) -> Tensor:
        for sample, tensor in zip(samples, tensors):
            if sample.shape != tensor.shape:
                raise ValueError(
                    f'graph=True was captured for {tuple(sample.shape)}, got '
                    f'{tuple(tensor.shape)}: give batches of one size, or '
                    'leave graph out'
                )
        return graphed(*tensors)

    return replay
