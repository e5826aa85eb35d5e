"""What the parts of a generator learn, as curves (ours)."""

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn

from mmkbdm.registry import HOOKS

# From clean to noisiest.
TIMES = (0.0, 0.5, 1.0)


@HOOKS.register_module()
class GeneratorCurvesHook(Hook):
    """Writes numbers of a PoseGuidedGenerator to the visualizer's backends.

    Of the parts that it has:

    - ``gate/P``: the sigmoid gate of the FiLM layer at place P, mean of the
      batch; ``film/P``: norm of the head that starts at zero;
    - ``delta/B_radius_tT`` and ``delta/B_strength_tT``: of mask block B at
      time T, 0 is clean, mean of the heads; in pixels of the drawing the
      radii are meant for, and in attention logits;
    - ``codes/dropped``: share of the batch that had no code;
    - ``zero_conv/I``: norm of the I-th zero convolution of ControlNet.

    In between, nothing is computed.

    Args:
        interval (int): Iterations between two points. Defaults to 100.
    """

    # Before the checkpoint of the same iteration.
    priority = 'BELOW_NORMAL'

    def __init__(self, interval: int = 100) -> None:
        self.interval = interval
        self._seen: dict[str, Tensor] = {}
        self._handles: list = []

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Listen to gates and codes of this iteration, if it is due."""
        if not self.every_n_train_iters(runner, self.interval):
            return
        model = _unwrapped(runner)
        if model.knowledge_base is not None:
            self._listen(model.knowledge_base, 'codes/dropped', _dropped)
        for place, film in model.adapter.film_layers.items():
            if film.gate is not None:
                self._listen(film.gate, f'gate/{place}', torch.sigmoid)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Write what was heard, and what the weights say."""
        if not self.every_n_train_iters(runner, self.interval):
            return
        for handle in self._handles:
            handle.remove()
        found = {**self._seen, **weight_curves(_unwrapped(runner).adapter)}
        self._handles, self._seen = [], {}
        # One wait for the GPU in all.
        values = torch.stack(list(found.values())).tolist()
        runner.visualizer.add_scalars(
            dict(zip(found, values)), step=runner.iter + 1
        )

    def _listen(self, module: nn.Module, name: str, measure) -> None:
        def keep(module, inputs, output):
            self._seen[name] = measure(output.detach().float()).mean()

        self._handles.append(module.register_forward_hook(keep))


@torch.no_grad()
def weight_curves(adapter: nn.Module) -> dict[str, Tensor]:
    """Return the scalars that depend on the weights only.

    Args:
        adapter (PoseAdapter): Asked.

    Returns:
        dict[str, Tensor]: float32 scalars by the names above.
    """
    found = {}
    if adapter.dynamic_mask is not None:
        masks = adapter.dynamic_mask
        times = torch.tensor(TIMES, device=masks.radii.device)
        for name, values in zip(
            ('radius', 'strength'), masks(times, masks.reference_size)
        ):
            for time, blocks in zip(TIMES, values.mean(-1)):
                for block, value in enumerate(blocks):
                    found[f'delta/{block}_{name}_t{time:g}'] = value
    for place, film in adapter.film_layers.items():
        found[f'film/{place}'] = film.head.weight.norm().float()
    net = adapter.net
    convolutions = [*net.controlnet_down_blocks, net.controlnet_mid_block]
    for index, convolution in enumerate(convolutions):
        found[f'zero_conv/{index}'] = convolution.weight.norm().float()
    return found


def _dropped(codes: Tensor) -> Tensor:
    """Tell which codes (B, d) are none."""
    return (~codes.any(-1)).float()


def _unwrapped(runner: Runner) -> nn.Module:
    wrapped = is_model_wrapper(runner.model)
    return runner.model.module if wrapped else runner.model
