"""The pose adapter of a frozen base, of settings that fit it (ours)."""

from torch import nn

from mmkbdm.apis.errors import PreflightError

from .frozen_base import FrozenBase


def build_adapter(base: FrozenBase, **settings) -> nn.Module:
    """Copy the encoder of a base's UNet.

    Args:
        base (FrozenBase): Stays as it is.
        **settings: Of
            :meth:`~mmkbdm.models.generators.pose_adapter.PoseAdapter.from_unet`.

    Returns:
        PoseAdapter: To be trained.

    Raises:
        PreflightError: There is no such setting, or its value does not fit
            itself or the base.
    """
    # Here, because it imports diffusers.
    from .pose_adapter import PoseAdapter

    try:
        adapter = PoseAdapter.from_unet(base.unet, **settings)
    # A name that does not exist is a TypeError.
    except (TypeError, ValueError) as error:
        raise PreflightError(
            f'adapter, masks or film cannot be built ({error}): mend their '
            'settings'
        ) from error
    if adapter.factor != base.factor:
        raise PreflightError(
            f'the VAE makes {base.factor} pixels one, the pose encoder '
            f'{adapter.factor}: conditioning_channels needs '
            f'{base.factor.bit_length()} numbers'
        )
    block = adapter.masked_block
    if block is not None and base.multiple % (base.factor * block.patch_size):
        raise PreflightError(
            f'masks have block.patch_size={block.patch_size}: it must divide '
            f'{base.multiple // base.factor}, which the UNet divides latents '
            'by'
        )
    return adapter
