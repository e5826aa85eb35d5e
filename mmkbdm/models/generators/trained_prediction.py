"""What a generator computes in a training step, as a function of tensors."""

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
