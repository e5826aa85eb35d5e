"""Chance goes on where a checkpoint was written (ours)."""

from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmkbdm.engine.random_state import random_state, set_random_state
from mmkbdm.registry import HOOKS


@HOOKS.register_module()
class RandomStateHook(Hook):
    """Keeps the random states of all processes in the checkpoints.

    MMEngine seeds a resumed run as one that begins, so it draws the chance
    of the first iterations again. With this hook, and the loops of
    :mod:`mmkbdm.engine.loops`, it continues bit by bit as if it had never
    stopped. That takes two more things, which are also done here: evaluations
    do not change the chance of training, and the sampler keeps its seed where
    the config gives none.

    What transforms draw in worker processes is not known to a checkpoint. It
    begins anew on resuming; with ``num_workers=0`` it is exact, too.

    Checkpoints for use, which have no optimizer, have no states.
    """

    # Before checkpoints are written, after all that may draw.
    priority = 'LOW'

    def __init__(self) -> None:
        self._gathered: list[dict] | None = None
        self._resumed: list[dict] | None = None
        self._kept: dict | None = None

    def before_checkpoint(self, runner: Runner) -> None:
        """Gather the states; SafeCheckpointHook calls it in all processes."""
        self._gathered = all_gather_object(random_state())

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Put the states into a checkpoint that can be resumed."""
        if 'optimizer' in checkpoint:
            sampler = runner.train_dataloader.sampler
            checkpoint['chance'] = dict(
                # Another checkpoint hook tells this process only.
                states=self._gathered or [random_state()],
                sampler_seed=getattr(sampler, 'seed', None),
            )
            self._gathered = None

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Take the states out; they count once training begins."""
        if not runner._resume:
            return
        chance = checkpoint.get('chance', dict(states=[]))
        found, wanted = len(chance['states']), get_world_size()
        if found != wanted:
            runner.logger.warning(
                f'The checkpoint has the random states of {found} processes, '
                f'not of {wanted}: training goes on with chance that begins '
                'anew, not exactly as it would have'
            )
            return
        self._resumed = chance['states']
        if chance['sampler_seed'] is not None:
            runner.train_dataloader.sampler.seed = chance['sampler_seed']

    def before_train_epoch(self, runner: Runner) -> None:
        """Go on where the checkpoint was."""
        if self._resumed is not None:
            set_random_state(self._resumed[get_rank()])
            self._resumed = None

    def before_val(self, runner: Runner) -> None:
        """Remember the state before an evaluation."""
        self._kept = random_state()

    def after_val_epoch(self, runner: Runner, metrics=None) -> None:
        """Restore it, before a checkpoint is written of the scores."""
        set_random_state(self._kept)
