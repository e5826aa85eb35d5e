"""Training stops where a loss or a gradient is no number (ours)."""

import math

from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner

from mmkbdm.engine.last_good import last_good_checkpoint
from mmkbdm.registry import HOOKS
from mmkbdm.utils.errors import NotFiniteError


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stops before a loss that is NaN or infinite reaches a checkpoint.

    The error names the iteration, the images of the batch and the last
    checkpoint whose weights are all numbers. A gradient that is not finite
    stops training as well, if gradients are clipped by their norm, since the
    step made of it has spoilt the weights.

    With a scaled loss, that is half precision, such a step was skipped, as it
    should be. But the scale must recover: many skipped steps in a row, or a
    scale that has fallen below any use, are errors.

    Everything looked at is known to MMEngine's log anyway, so the hook costs
    nothing.

    Args:
        max_skips (int): Skipped steps in a row that are allowed. Defaults to
            16, after which torch's first scale, 65536, has fallen to 1.
        min_scale (float): Smallest scale that is allowed. Defaults to 1.

    Raises:
        NotFiniteError: In one line.
    """

    # Before weights are averaged and checkpoints written.
    priority = 'HIGH'

    def __init__(self, max_skips: int = 16, min_scale: float = 1.0) -> None:
        self.max_skips = max_skips
        self.min_scale = min_scale
        self._skips = 0

    def before_train(self, runner: Runner) -> None:
        """Begin at the scale of the first step."""
        scaler = _scaler(runner)
        self._scale = scaler.get_scale() if scaler else None

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Look at the numbers of an iteration."""
        # MMEngine has asked the GPU for them already.
        values = {
            key: runner.message_hub.get_scalar(f'train/{key}').current()
            for key in outputs
        }
        if not math.isfinite(values['loss']):
            parts = ', '.join(f'{k} {v:g}' for k, v in values.items())
            self._stop(runner, data_batch, f'the loss is no number ({parts})')
        optim = runner.optim_wrapper
        if not isinstance(optim, OptimWrapper) or not optim.should_update():
            return  # gradients are still gathered
        norm = _gradient_norm(runner)
        if self._scale is not None:
            self._look_at_scale(runner, data_batch, norm)
        elif not math.isfinite(norm):
            self._stop(
                runner, data_batch, f'the norm of the gradient is {norm}'
            )

    def _look_at_scale(self, runner: Runner, batch, norm: float) -> None:
        before, self._scale = self._scale, _scaler(runner).get_scale()
        skipped = self._scale < before or not math.isfinite(norm)
        self._skips = (self._skips + 1) * skipped
        if self._skips > self.max_skips:
            self._stop(
                runner,
                batch,
                f'{self._skips} steps in a row had a gradient that '
                f'overflowed, with a loss scale of {self._scale:g} at last',
            )
        if self._scale < self.min_scale:
            self._stop(
                runner, batch, f'the loss scale has fallen to {self._scale:g}'
            )

    def _stop(self, runner: Runner, batch, what: str) -> None:
        images = 'a batch without img_id'
        if isinstance(batch, dict) and 'img_id' in batch:
            # Collated to a tensor, or a list of whatever they are.
            ids = getattr(batch['img_id'], 'tolist', lambda: batch['img_id'])
            images = f'images {", ".join(map(str, ids()))}'
        good = last_good_checkpoint(runner.work_dir)
        advice = (
            'there is no good checkpoint yet: begin again with a smaller '
            'optim_wrapper.optimizer.lr or without these images'
        )
        if good is not None:
            advice = (
                f'the last good checkpoint is {good}: --resume {good} goes on '
                'once these images are mended or left out (with them it comes '
                f'to the same end), --cfg-options load_from={good} '
                'optim_wrapper.optimizer.lr=... begins from it with a '
                'smaller rate'
            )
        raise NotFiniteError(
            f'training stopped at iteration {runner.iter + 1}, {images}: '
            f'{what}; {advice}'
        )


def _scaler(runner: Runner):
    """Return what scales the loss; None if nothing does."""
    scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
    return scaler if scaler is not None and scaler.is_enabled() else None


def _gradient_norm(runner: Runner) -> float:
    """Return the norm before clipping; 0 if there was none."""
    scalars = runner.message_hub.log_scalars
    if 'train/grad_norm' not in scalars:
        return 0.0
    return scalars['train/grad_norm'].current()
