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

    - ``gate/P_tT``: the gate of the FiLM layer at place P for the codes of
      the batch at time T, 0 is clean, their mean;
    - ``film/P``: norm of its head, which starts at zero;
    - ``delta/B_radius_tT`` and ``delta/B_strength_tT``: of mask block B at
      time T, mean of the heads; in pixels of the drawing the radii are meant
      for, and in attention logits;
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
        self._codes: Tensor | None = None
        self._handle = None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Listen to the codes of this iteration, if it is due."""
        knowledge = _unwrapped(runner).knowledge_base
        due = self.every_n_train_iters(runner, self.interval)
        if due and knowledge is not None:
            self._handle = knowledge.register_forward_hook(self._keep)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Write what codes and weights say."""
        if not self.every_n_train_iters(runner, self.interval):
            return
        adapter = _unwrapped(runner).adapter
        found = weight_curves(adapter)
        if self._handle is not None:
            self._handle.remove()
            found.update(code_curves(adapter, self._codes))
            self._handle, self._codes = None, None
        # One wait for the GPU in all.
        values = torch.stack(list(found.values())).tolist()
        runner.visualizer.add_scalars(
            dict(zip(found, values)), step=runner.iter + 1
        )

    def _keep(self, module: nn.Module, inputs, output: Tensor) -> None:
        self._codes = output.detach()


@torch.no_grad()
def code_curves(adapter: nn.Module, codes: Tensor) -> dict[str, Tensor]:
    """Return the scalars that depend on codes.

    Args:
        adapter (PoseAdapter): Asked.
        codes (Tensor): Of a batch (B, d), zeros are none.

    Returns:
        dict[str, Tensor]: float32 scalars by the names above.
    """
    there = codes.any(-1)
    found = {'codes/dropped': 1 - there.float().mean()}
    known = codes[there].to(adapter.dtype)
    if not len(known):
        return found
    net, last = adapter.net, adapter.config.num_train_timesteps - 1
    for time in TIMES:
        steps = torch.full((len(known),), time * last, device=known.device)
        embedding = net.time_proj(steps).to(adapter.dtype)
        embedding = net.time_embedding(embedding)
        for place, film in adapter.film_layers.items():
            gate = film.modulation(known, embedding).gate
            found[f'gate/{place}_t{time:g}'] = gate.float().mean()
    return found


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


def _unwrapped(runner: Runner) -> nn.Module:
    wrapped = is_model_wrapper(runner.model)
    return runner.model.module if wrapped else runner.model
