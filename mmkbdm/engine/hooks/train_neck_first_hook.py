"""Fine-tuning that begins with the neck alone (ours)."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import HOOKS

# The neck, and the predictors that supervise it in training.
FIRST = ('neck', 'auxiliary')


@HOOKS.register_module()
class TrainNeckFirstHook(Hook):
    """Trains only the neck for some epochs, then the whole model.

    A neck that starts as the identity first learns on the features of the
    trained network around it, together with its auxiliary predictors where
    there are some. While it does, no other parameter gets a gradient, hence
    neither a step nor weight decay, and the modules around the neck are in
    evaluation mode: their BatchNorm statistics stay as they are, and drop
    path is off. What the host itself keeps frozen stays so afterwards. All
    this follows from the epoch alone, so that resuming needs nothing.

    In distributed training the config has ``find_unused_parameters = True``:
    the model is wrapped before it is frozen, and
    DistributedDataParallel would wait for gradients that never come.

    Args:
        epochs (int): Epochs in which only the neck is trained.

    Raises:
        PreflightError: When ``epochs`` is negative, the loop does not count
            epochs, the model has no neck, or ``find_unused_parameters`` is
            not set in distributed training.
    """

    def __init__(self, epochs: int) -> None:
        if epochs < 0:
            raise PreflightError(f'epochs={epochs} must not be negative')
        self.epochs = epochs
        self._frozen: list[nn.Parameter] = []

    def before_train(self, runner: Runner) -> None:
        """Check that the neck can be trained alone."""
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise PreflightError(
                'TrainNeckFirstHook counts epochs: set train_cfg.by_epoch=True'
            )
        if not isinstance(getattr(_bare(runner), 'neck', None), nn.Module):
            raise PreflightError(
                'TrainNeckFirstHook found no neck to train: set model.neck, '
                'or remove the hook from custom_hooks'
            )
        if not getattr(runner.model, 'find_unused_parameters', True):
            raise PreflightError(
                'TrainNeckFirstHook freezes parameters: set '
                'find_unused_parameters=True in the config'
            )

    def before_train_epoch(self, runner: Runner) -> None:
        """Freeze or release everything outside the neck."""
        if runner.epoch >= self.epochs:
            for parameter in self._frozen:
                parameter.requires_grad_(True)
            self._frozen = []
        elif not self._frozen:
            self._frozen = [
                parameter
                for name, parameter in _bare(runner).named_parameters()
                if name.split('.')[0] not in FIRST and parameter.requires_grad
            ]
            for parameter in self._frozen:
                parameter.requires_grad_(False)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Keep everything outside the neck in evaluation mode.

        The loop calls ``model.train()`` after ``before_train_epoch``, and a
        resumed epoch may begin at any batch.
        """
        if runner.epoch < self.epochs:
            for name, child in _bare(runner).named_children():
                if name not in FIRST and child.training:
                    child.eval()


def _bare(runner: Runner) -> nn.Module:
    wrapped = is_model_wrapper(runner.model)
    return runner.model.module if wrapped else runner.model
