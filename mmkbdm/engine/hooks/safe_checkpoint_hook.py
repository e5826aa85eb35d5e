"""Checkpoints that survive a crash and belong to the model (ours)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.model import is_model_wrapper
from mmengine.runner import BaseLoop, Runner

from mmkbdm.engine import atomic_backend  # noqa: F401  registers 'atomic'
from mmkbdm.engine.checkpoint_match import (
    AUXILIARY,
    CheckpointMismatchError,
    as_read_by,
    check_match,
    neck_may_lack,
)
from mmkbdm.registry import HOOKS


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's CheckpointHook with four promises.

    - A file is written beside its place and then moved there.
    - An outdated checkpoint is removed after its successor is complete, not
      before: whenever the process dies, one whole checkpoint is left.
    - A checkpoint of another model is refused instead of loaded in parts.
      Resuming and testing need every tensor; a fresh start of training
      (``load_from``) may change neck and head. A neck whose gates start
      closed may be missing in the file except when resuming, since it starts
      as the identity: this is how the checkpoint of a plain network is
      refined.
    - A checkpoint without the optimizer, such as the best one, is for use
      and not for resuming: it has no auxiliary predictors.

    Before it saves, it calls ``before_checkpoint`` of all hooks in all
    processes, so that they can gather what belongs into the file.

    Args:
        backend_args (dict, optional): Storage backend. Defaults to None, the
            atomic local one.
        keep_auxiliary (bool): Whether every checkpoint has the auxiliary
            predictors. Defaults to False.
        **kwargs: Arguments of :class:`mmengine.hooks.CheckpointHook`.

    Raises:
        CheckpointMismatchError: On loading a checkpoint of another model.
    """

    def __init__(
        self,
        *,
        backend_args: dict | None = None,
        keep_auxiliary: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(
            backend_args=backend_args or dict(backend='atomic'), **kwargs
        )
        self.keep_auxiliary = keep_auxiliary

    def before_train(self, runner: Runner) -> None:
        """Remove what a killed process left half written."""
        super().before_train(runner)
        if is_main_process():
            for half in Path(self.out_dir).glob('.*.pth.*.tmp'):
                half.unlink()

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Leave out what only training uses, unless training can go on."""
        super().before_save_checkpoint(runner, checkpoint)
        if self.keep_auxiliary or 'optimizer' in checkpoint:
            return
        for key in ('state_dict', 'ema_state_dict'):
            state_dict = checkpoint.get(key, {})
            for name in list(state_dict):
                if name.removeprefix('module.').startswith(AUXILIARY):
                    del state_dict[name]

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse a checkpoint that was not written by this model."""
        super().after_load_checkpoint(runner, checkpoint)
        wrapped = is_model_wrapper(runner.model)
        model = runner.model.module if wrapped else runner.model
        may_lack = (*neck_may_lack(model), AUXILIARY)
        may_differ = (AUXILIARY,)
        if runner._resume:
            may_lack = may_differ = ()
        elif isinstance(runner._train_loop, BaseLoop):
            may_differ = ('neck.', 'head.', AUXILIARY)
        state_dict = checkpoint.get('state_dict', checkpoint)
        try:
            check_match(
                # Both as read: a model may fill in what its files leave out.
                as_read_by(model, model.state_dict()),
                as_read_by(model, state_dict),
                may_lack=may_lack,
                may_differ=may_differ,
            )
        except CheckpointMismatchError as error:
            # None where MMEngine has looked for the last one itself.
            file = runner._load_from or 'the last checkpoint'
            raise CheckpointMismatchError(f'{file}: {error}') from error

    def _save_checkpoint_with_step(self, runner, step, meta) -> None:
        # All processes are here; before_save_checkpoint is the main one's.
        runner.call_hook('before_checkpoint')
        with self._removals_last():
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner, metrics) -> None:
        if not isinstance(runner._train_loop, BaseLoop):
            return  # Runner.val() alone evaluates what is saved already
        with self._removals_last():
            super()._save_best_checkpoint(runner, metrics)

    @contextmanager
    def _removals_last(self) -> Iterator[None]:
        """Let the backend remove files only once the block has succeeded."""
        backend = self.file_backend
        outdated: list = []
        remove = backend.remove
        backend.remove = outdated.append
        try:
            yield
        finally:
            backend.remove = remove
        for path in outdated:
            backend.remove(path)
