"""RMPG as a drop-in neck."""

import difflib
import inspect
from collections.abc import Sequence
from typing import Literal

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmkbdm.models.layers import GatedBottleneck, LayerScale, ParseGraph
from mmkbdm.registry import MODELS


@MODELS.register_module()
class RMPG(BaseModule):
    """Refinement Module based on the Parse Graph of the feature map.

    "Refinement Module based on Parse Graph of Feature Map for Human Pose
    Estimation" (arXiv 2501.11069). The formulation is ours and documented in
    :class:`~mmkbdm.models.layers.ParseGraph`; three presets are documented
    argument sets:

    ==========  ========================================================
    preset      arguments
    ==========  ========================================================
    default     none
    paper-size  ``kernel_size=3, position='none', combine='add'``
    lite        ``combine='add', out_proj=True``
    ==========  ========================================================

    With ``gate_init=0`` the neck starts as the exact identity: a checkpoint
    of the network without it, loaded with ``strict=False``, gives the same
    predictions until training moves the gates.

    Args:
        in_channels (int): Channels C of each feature map.
        groups (Sequence[int]): Children of a node, level by level from the
            root; their product divides the channels. Defaults to (2, 2, 2).
        kernel_size (int): Kernel of the query, key and value convolutions, 1
            or 3. Defaults to 1.
        kv_pool (int): Pooling of keys and values in pixels; 4 is meant for
            64x64 maps. Defaults to 1.
        context (str): ``token``, ``channel`` or ``none``. Defaults to
            ``token``.
        position (str): ``sincos``, ``rotary`` or ``none``. Defaults to
            ``sincos``.
        combine (str): ``fuse`` or ``add``. Defaults to ``fuse``.
        out_proj (bool): A 1x1 convolution at the end of ``add``. Defaults to
            False.
        num_heads (int): Attention heads of each child, ``token`` context
            only. Defaults to 1.
        norm (str): ``layer``, ``group`` or ``none``. Defaults to ``layer``.
        mid_channels (int, optional): If given, the parse graph works on so
            many channels between two 1x1 convolutions, for maps too wide for
            a tree of their own. Defaults to None.
        num_maps (int | str): Parse graphs, one for each feature map of the
            input in order; ``'shared'`` applies a single one to every map.
            Defaults to 1.
        gate_init (float): Start of the gates; 0 is the identity. Defaults to
            0.
        init_cfg (dict | list[dict], optional): Initialisation of MMEngine.
            The gates keep ``gate_init``. Defaults to None.

    Raises:
        ValueError: On an unknown argument, a setting that does not exist, or
            an input of another shape than configured; the message names the
            argument to change.

    Example:
        >>> import torch
        >>> neck = RMPG(in_channels=256, kv_pool=4)
        >>> outs = neck((torch.rand(1, 256, 64, 64), ))
        >>> [out.shape for out in outs]
        [torch.Size([1, 256, 64, 64])]
    """

    def __init__(
        self,
        in_channels: int,
        groups: Sequence[int] = (2, 2, 2),
        kernel_size: int = 1,
        kv_pool: int = 1,
        context: str = 'token',
        position: str = 'sincos',
        combine: str = 'fuse',
        out_proj: bool = False,
        num_heads: int = 1,
        norm: str = 'layer',
        mid_channels: int | None = None,
        num_maps: int | Literal['shared'] = 1,
        gate_init: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
        **unknown,
    ) -> None:
        super().__init__(init_cfg)
        if unknown:
            raise ValueError(_unknown_argument(type(self), unknown))
        if num_maps != 'shared' and (
            not isinstance(num_maps, int) or num_maps < 1
        ):
            raise ValueError(
                f"num_maps={num_maps!r} must be a positive int or 'shared'"
            )
        if mid_channels is not None and (
            not isinstance(mid_channels, int) or mid_channels < 1
        ):
            raise ValueError(
                f'mid_channels={mid_channels!r} must be a positive int or None'
            )
        if isinstance(gate_init, bool) or not isinstance(
            gate_init, int | float
        ):
            raise ValueError(f'gate_init={gate_init!r} must be a number')
        self.in_channels = in_channels
        self.num_maps = num_maps

        settings = dict(
            groups=groups,
            kernel_size=kernel_size,
            kv_pool=kv_pool,
            context=context,
            position=position,
            combine=combine,
            out_proj=out_proj,
            num_heads=num_heads,
            norm=norm,
        )

        def build_graph() -> nn.Module:
            if mid_channels is None:
                return self.build_body(
                    channels=in_channels, gate_init=gate_init, **settings
                )
            body = self.build_body(
                channels=mid_channels, gate_init=1.0, **settings
            )
            return GatedBottleneck(in_channels, mid_channels, body, gate_init)

        self.graphs = nn.ModuleList(
            build_graph()
            for _ in range(1 if num_maps == 'shared' else num_maps)
        )

    def build_body(self, **settings) -> nn.Module:
        """Build the parse graph of one feature map."""
        return ParseGraph(**settings)

    @property
    def nodes(self) -> list[list[tuple[int, int]]]:
        """Nodes and channels (n_l, c_l) of every level of every stage."""
        return self.graphs[0].nodes

    def init_weights(self) -> None:
        """Initialise by ``init_cfg``, then set the gates to their start.

        Gates that were trained are left alone: those of a second call, and
        those of an ``init_cfg`` of type Pretrained.
        """
        cfgs = self.init_cfg
        cfgs = cfgs if isinstance(cfgs, list) else [cfgs or {}]
        trained = any(cfg.get('type') == 'Pretrained' for cfg in cfgs)
        first_time = not self.is_init
        super().init_weights()
        if first_time and not trained:
            for module in self.modules():
                if isinstance(module, LayerScale):
                    module.reset_parameters()

    def forward(self, feats: Tensor | Sequence[Tensor]):
        """Refine every feature map.

        Args:
            feats (Tensor | tuple[Tensor] | list[Tensor]): Feature maps (B, C,
                H, W); their sizes may differ.

        Returns:
            Tensor | tuple[Tensor] | list[Tensor]: Refined maps in the
            container, shapes and dtypes of the input.
        """
        pairs = self._pair(feats)
        refined = [graph(feat) for graph, feat in pairs]
        return _in_kind(refined, feats)

    def forward_stages(self, feats: Tensor | Sequence[Tensor]):
        """Refine every feature map and show the nodes on the way.

        Args:
            feats (Tensor | tuple[Tensor] | list[Tensor]): As in
                :meth:`forward`.

        Returns:
            tuple: What :meth:`forward` returns, and for each feature map, in
            a list, its node maps ``[stage][level]`` (B, C or mid_channels,
            H, W), root level first.
        """
        pairs = self._pair(feats)
        refined, stages = zip(*[g.forward_stages(f) for g, f in pairs])
        return _in_kind(refined, feats), list(stages)

    def _pair(
        self, feats: Tensor | Sequence[Tensor]
    ) -> list[tuple[nn.Module, Tensor]]:
        """Give every feature map the graph that refines it."""
        if isinstance(feats, Tensor):
            feats = [feats]
        if not isinstance(feats, tuple | list):
            raise ValueError(
                'RMPG takes a Tensor, or a tuple or list of them, got '
                f'{type(feats).__name__}: change out_type or out_indices of '
                'the backbone'
            )
        graphs = list(self.graphs)
        if self.num_maps == 'shared':
            graphs *= len(feats)
        if len(feats) != len(graphs):
            raise ValueError(
                f'RMPG has num_maps={self.num_maps}, got {len(feats)} feature '
                "maps: set num_maps to that number, or to 'shared'"
            )
        for feat in feats:
            if feat.ndim != 4 or feat.shape[1] != self.in_channels:
                raise ValueError(
                    f'RMPG has in_channels={self.in_channels}, got a feature '
                    f'map of shape {tuple(feat.shape)}: set in_channels to '
                    'the channels of (B, C, H, W)'
                )
        return list(zip(graphs, feats))


def _in_kind(refined: Sequence[Tensor], feats: Tensor | Sequence[Tensor]):
    """Put the refined maps into the container that the input came in."""
    if isinstance(feats, Tensor):
        return refined[0]
    return type(feats)(refined)


def _unknown_argument(neck: type, unknown: dict) -> str:
    arguments = inspect.signature(RMPG).parameters
    arguments = {**inspect.signature(neck).parameters, **arguments}
    names = [n for n, a in arguments.items() if a.kind != a.VAR_KEYWORD]
    key, value = next(iter(unknown.items()))
    close = difflib.get_close_matches(key, names, n=1)
    if close:
        hint = f'did you mean {close[0]}?'
    else:
        hint = (
            'if it comes from the neck of an inherited config, add '
            '_delete_=True to your neck.'
        )
    return (
        f'{neck.__name__} has no argument {key}={value!r}: {hint} It takes '
        f'{", ".join(names)}'
    )
