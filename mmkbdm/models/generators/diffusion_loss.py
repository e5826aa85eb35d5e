"""What the noise is compared with, and where it counts more."""

from torch import Tensor

from mmkbdm.models.layers import distance_to_pose, pose_mask, token_distance


def training_target(
    scheduler, latents: Tensor, noise: Tensor, timesteps: Tensor
) -> Tensor:
    """Return what the UNet of a scheduler predicts.

    Args:
        scheduler: Of diffusers.
        latents, noise (Tensor): (B, C, h, w).
        timesteps (Tensor): (B).

    Returns:
        Tensor: (B, C, h, w).

    Raises:
        ValueError: It is neither the noise nor the velocity.
    """
    kind = scheduler.config.prediction_type
    if kind == 'epsilon':
        return noise
    if kind == 'v_prediction':
        return scheduler.get_velocity(latents, noise, timesteps)
    raise ValueError(
        f'prediction_type={kind!r} of the scheduler must be epsilon or '
        'v_prediction'
    )


def pose_weight(
    condition: Tensor, factor: int, alpha: float, radius: float
) -> Tensor:
    """Weigh latents: alpha near the pose, 1 elsewhere.

    Source: the pose-mask guided loss of Stable-Pose (arXiv 2406.02485); an
    exact radius in place of its mask is ours.

    Args:
        condition (Tensor): Drawn poses (B, 3, H, W).
        factor (int): Pixels of the drawing a pixel of the latents; one
            counts as near if any of its pixels is.
        alpha (float): Weight near the pose.
        radius (float): In pixels of a drawing whose shorter side is 512.

    Returns:
        Tensor: (B, 1, H / factor, W / factor), float32.
    """
    reach = radius * min(condition.shape[-2:]) / 512
    distance = distance_to_pose(pose_mask(condition))
    near = token_distance(distance, factor) <= reach
    return 1 + (alpha - 1) * near.float()
