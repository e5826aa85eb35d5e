"""Mixed precision on any device (ours)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import nn

from mmkbdm.registry import OPTIM_WRAPPERS

DTYPES = ('bfloat16', 'float16')


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(AmpOptimWrapper):
    """MMEngine's AmpOptimWrapper, also on a CPU and without needless scaling.

    MMEngine's needs a GPU, and scales the loss in bfloat16, too, whose range
    is that of float32. Here the loss is scaled in float16 only.

    Args:
        dtype (str): ``bfloat16`` or ``float16``. Defaults to ``bfloat16``.
        loss_scale (dict, optional): Settings of
            :class:`torch.amp.GradScaler`. Defaults to None, its own.
        **kwargs: Of :class:`mmengine.optim.OptimWrapper`.

    Raises:
        ValueError: On another dtype.
    """

    def __init__(
        self,
        dtype: str = 'bfloat16',
        loss_scale: dict | None = None,
        **kwargs,
    ) -> None:
        if dtype not in DTYPES:
            raise ValueError(f'dtype={dtype!r} must be one of {DTYPES}')
        # Not that of AmpOptimWrapper, which insists on a GPU.
        OptimWrapper.__init__(self, **kwargs)
        self.cast_dtype = getattr(torch, dtype)
        self._scale_update_param = None
        self.loss_scaler = torch.amp.GradScaler(
            get_device(), enabled=dtype == 'float16', **(loss_scale or {})
        )

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Run the forward pass of ``model`` in the lower precision."""
        autocast = torch.autocast(get_device(), dtype=self.cast_dtype)
        with OptimWrapper.optim_context(self, model), autocast:
            yield
