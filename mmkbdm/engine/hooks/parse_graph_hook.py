"""Curves of how much of its context a network lets in (ours)."""

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.necks import RMPG
from mmkbdm.registry import HOOKS
from mmkbdm.visualization.parse_graph_record import (
    Place,
    named_levels,
    outer_gates,
)


@HOOKS.register_module()
class ParseGraphHook(Hook):
    """Logs the gates of an RMPG neck and the norms of its context.

    Every ``interval`` iterations the visualizer, and with it each of its
    backends such as TensorboardVisBackend, gets for every level

    - ``rmpg/level0/gamma``, ``rmpg/level0/gamma_max``: mean and maximum of
      \\|gamma\\| over the channels;
    - ``rmpg/level0/context``: \\|\\|gamma * branch\\|\\| / \\|\\|U\\|\\|
      over the batch, the context that the level adds to its maps U relative
      to them,

    as they were in the forward pass of that iteration. Level 0 is the root.
    A neck of several stages has ``rmpg/stage0/level0/...``, one of several
    feature maps ``rmpg/map0/level0/...``, and a bottleneck's own gate is
    ``rmpg/outer/...``. In between the hook does nothing; in distributed
    training the main process logs its part of the batch.

    Example:
        In a config::

            custom_hooks = [dict(type='mmkbdm.ParseGraphHook', interval=50)]
            visualizer = dict(
                vis_backends=[
                    dict(type='LocalVisBackend'),
                    dict(type='TensorboardVisBackend'),
                ]
            )

    Args:
        interval (int): Iterations between two entries. Defaults to 50.

    Raises:
        PreflightError: When training starts without an RMPG neck, or
            ``interval`` is not positive.
    """

    def __init__(self, interval: int = 50) -> None:
        if not isinstance(interval, int) or interval < 1:
            raise PreflightError(
                f'interval={interval!r} of ParseGraphHook must be 1 or more'
            )
        self.interval = interval
        self._handles: list = []
        self._seen: dict[str, list[Tensor]] = {}

    def before_train(self, runner: Runner) -> None:
        """Refuse a model that has no parse graph."""
        _neck(runner)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Listen to the gates in an iteration that is logged."""
        due = self.every_n_train_iters(runner, self.interval)
        if due and is_main_process():
            for name, gate in named_gates(_neck(runner)).items():
                listen = _listener(self._seen, name)
                self._handles.append(gate.register_forward_hook(listen))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Log what was heard, and forget it."""
        if not self._handles:
            return
        for handle in self._handles:
            handle.remove()
        scalars = {}
        for name, numbers in self._seen.items():
            gamma, gamma_max, branch, own = torch.stack(numbers).tolist()
            scalars[f'{name}/gamma'] = gamma
            scalars[f'{name}/gamma_max'] = gamma_max
            scalars[f'{name}/context'] = (branch / own) ** 0.5 if own else 0.0
        self._handles, self._seen = [], {}
        runner.visualizer.add_scalars(scalars, step=runner.iter + 1)


def named_gates(neck: RMPG) -> dict[str, nn.Module]:
    """Gates of a neck by the name that they are logged under."""
    levels = named_levels(neck)
    last = Place(*map(max, zip(*levels)))
    gates = {}
    for place, level in levels.items():
        parts = [f'map{place.graph}'] * bool(last.graph)
        parts += [f'stage{place.stage}'] * bool(last.stage)
        gates['/'.join(['rmpg', *parts, f'level{place.level}'])] = level.gate
    for graph, gate in outer_gates(neck).items():
        parts = [f'map{graph}'] * bool(last.graph)
        gates['/'.join(['rmpg', *parts, 'outer'])] = gate
    return gates


def _neck(runner: Runner) -> RMPG:
    model = runner.model
    model = model.module if is_model_wrapper(model) else model
    neck = getattr(model, 'neck', None)
    if not isinstance(neck, RMPG):
        raise PreflightError(
            f'ParseGraphHook found {type(neck).__name__} as model.neck: set '
            'it to mmkbdm.RMPG or mmkbdm.HierarchicalRMPG, or take the hook '
            'out of custom_hooks'
        )
    return neck


def _listener(seen: dict[str, list[Tensor]], name: str):
    @torch.no_grad()
    def listen(gate: nn.Module, inputs: tuple, output: Tensor) -> None:
        own, branch = (m.detach().float() for m in inputs)
        gamma = gate.gamma.detach().float()
        let_in = gamma.view(1, -1, 1, 1) * branch
        squares = [let_in.square().sum(), own.square().sum()]
        if name in seen:  # a graph of several maps, or several micro-batches
            squares = [a + b for a, b in zip(seen[name][2:], squares)]
        seen[name] = [gamma.abs().mean(), gamma.abs().max(), *squares]

    return listen
