"""Few parameter groups for an optimizer (ours)."""

from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from mmkbdm.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MergedGroupsConstructor(DefaultOptimWrapperConstructor):
    """MMEngine's constructor, parameters of equal settings in one group.

    With ``paramwise_cfg`` MMEngine makes a group of every parameter. On a GPU
    torch updates a group by a few kernels, so that a small network spends
    more time on a hundred groups than on its backward pass. The update of a
    parameter does not depend on its group: nothing else changes.
    """

    def add_params(
        self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs
    ) -> None:
        """Add the groups of a module to ``params``, merged at its root."""
        if not any(value.requires_grad for value in module.parameters()):
            # Of every frozen parameter there would be a warning.
            return
        super().add_params(params, module, prefix=prefix, **kwargs)
        if prefix:
            return
        merged: dict[tuple, dict] = {}
        for group in params:
            settings = {k: v for k, v in group.items() if k != 'params'}
            key = tuple(sorted(settings.items()))
            merged.setdefault(key, dict(params=[], **settings))
            merged[key]['params'] += group['params']
        params[:] = merged.values()
