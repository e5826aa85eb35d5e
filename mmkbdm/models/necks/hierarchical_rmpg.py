"""Several RMPGs in sequence as one drop-in neck."""

from collections.abc import Sequence

from torch import nn

from mmkbdm.models.layers import ParseGraph, ParseGraphSequence
from mmkbdm.registry import MODELS

from .rmpg import RMPG

STAGE_SETTINGS = (
    'groups',
    'kernel_size',
    'kv_pool',
    'context',
    'position',
    'combine',
    'out_proj',
    'num_heads',
    'norm',
)


@MODELS.register_module()
class HierarchicalRMPG(RMPG):
    """A hierarchy of parse graphs: the body, its parts, their parts.

    The hierarchical network of RMPG (arXiv 2501.11069) runs several modules
    in sequence, some of them supervised on their nodes. Here every stage is
    a parse graph on the same feature map, by default with one more level
    than the stage before, so that its deepest nodes are the whole body, two
    and four parts. Supervision is the business of
    :class:`~mmkbdm.models.pose_estimators.SupervisedTopdownPoseEstimator`.

    With ``mid_channels`` all stages lie within one bottleneck.

    Args:
        in_channels (int): Channels C of each feature map.
        stages (Sequence[dict]): One dict a stage with the arguments in which
            it differs from the others: ``groups``, ``kernel_size``,
            ``kv_pool``, ``context``, ``position``, ``combine``,
            ``out_proj``, ``num_heads``, ``norm``. Defaults to the groups
            (2,), (2, 2) and (2, 2, 2).
        **kwargs: Arguments of :class:`RMPG`, common to all stages.

    Raises:
        ValueError: As :class:`RMPG`, and on a stage argument that does not
            exist.

    Example:
        >>> import torch
        >>> neck = HierarchicalRMPG(in_channels=32, kv_pool=4)
        >>> neck((torch.rand(1, 32, 64, 48), ))[0].shape
        torch.Size([1, 32, 64, 48])
        >>> [len(levels) for levels in neck.nodes]
        [1, 2, 3]
    """

    def __init__(
        self,
        in_channels: int,
        stages: Sequence[dict] = (
            dict(groups=(2,)),
            dict(groups=(2, 2)),
            dict(groups=(2, 2, 2)),
        ),
        **kwargs,
    ) -> None:
        if not stages or isinstance(stages, dict):
            raise ValueError(
                f'stages={stages!r} must be a list of one dict a stage, such '
                'as [dict(groups=(2,)), dict(groups=(2, 2))]'
            )
        for index, stage in enumerate(stages):
            if not isinstance(stage, dict):
                raise ValueError(
                    f'stages[{index}]={stage!r} must be a dict, such as '
                    'dict(groups=(2, 2))'
                )
            unknown = set(stage) - set(STAGE_SETTINGS)
            if unknown:
                raise ValueError(
                    f'stages[{index}] has no argument {min(unknown)}: a '
                    f'stage takes {", ".join(STAGE_SETTINGS)}'
                )
        for name in STAGE_SETTINGS:
            if name in kwargs and all(name in stage for stage in stages):
                raise ValueError(
                    f'{name}={kwargs[name]!r} has no effect, every stage has '
                    f'its own {name}: change it in stages'
                )
        self._stages = [dict(stage) for stage in stages]
        super().__init__(in_channels, **kwargs)

    def build_body(self, **settings) -> nn.Module:
        """Build the parse graphs of one feature map."""
        graphs = []
        for index, stage in enumerate(self._stages):
            try:
                graphs.append(ParseGraph(**{**settings, **stage}))
            except ValueError as error:
                raise ValueError(f'stages[{index}]: {error}') from error
        return ParseGraphSequence(graphs)
