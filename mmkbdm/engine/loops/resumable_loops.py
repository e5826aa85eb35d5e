"""Loops that go on at the batch where a checkpoint was written (ours).

MMEngine's loop of iterations loads all data again that a resumed run has
seen, its loop of epochs begins an epoch anew. These skip indices instead,
which costs nothing and draws no chance: with
:class:`~mmkbdm.engine.hooks.RandomStateHook` a resumed run is, bit by bit, the
one that was never stopped.
"""

from mmengine.dataset import InfiniteSampler
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from mmengine.runner.loops import _InfiniteDataloaderIterator

from mmkbdm.registry import LOOPS

from .skip_batches import skip_batches


@LOOPS.register_module()
class ResumableIterLoop(IterBasedTrainLoop):
    """MMEngine's loop of iterations, in place of ``by_epoch=False``.

    Args:
        max_iters (int): Iterations of the whole training.
        **kwargs: Of :class:`mmengine.runner.IterBasedTrainLoop`.
    """

    def run(self):
        """Train to the end."""
        self.runner.call_hook('before_train')
        if self._iter > 0:
            self._continue_data()
        self.runner.call_hook('before_train_epoch')
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            self.run_iter(next(self.dataloader_iterator))
            self._decide_current_val_interval()
            if self._is_time_to_validate():
                self.runner.val_loop.run()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def _continue_data(self) -> None:
        """Replace the iterator, which stands at the first batch."""
        del self.dataloader_iterator
        epoch, count = 0, self._iter
        if not isinstance(self.dataloader.sampler, InfiniteSampler):
            epoch, count = divmod(count, len(self.dataloader))
        skip_batches(self.dataloader, epoch, count)
        self.dataloader_iterator = _InfiniteDataloaderIterator(self.dataloader)
        self.dataloader_iterator._epoch = epoch

    def _is_time_to_validate(self) -> bool:
        last = self._iter == self._max_iters
        return (
            self.runner.val_loop is not None
            and self._iter >= self.val_begin
            and (last or self._iter % self.val_interval == 0)
        )


@LOOPS.register_module()
class ResumableEpochLoop(EpochBasedTrainLoop):
    """MMEngine's loop of epochs, in place of ``by_epoch=True``.

    A checkpoint written within an epoch (``by_epoch=False`` of the hook) is
    continued within it.

    Args:
        max_epochs (int): Epochs of the whole training.
        **kwargs: Of :class:`mmengine.runner.EpochBasedTrainLoop`.
    """

    def run_epoch(self) -> None:
        """Train an epoch, or what is left of it."""
        batches, done = self.dataloader, self._batches_done()
        if done:
            skip_batches(self.dataloader, self._epoch, done)
            # Here, as it draws a number that the run before had drawn.
            batches = iter(self.dataloader)
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, batch in enumerate(batches, start=done):
            self.run_iter(index, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def _batches_done(self) -> int:
        """Batches of this epoch that were trained before resuming."""
        length = len(self.dataloader)
        done = self._iter - self._epoch * length
        if 0 <= done <= length:
            return done
        self.runner.logger.warning(
            f'An epoch has {length} batches now, another number than in the '
            'checkpoint: it begins anew'
        )
        self._iter = self._epoch * length
        return 0
