"""Whether a checkpoint belongs to a model (ours)."""

from collections.abc import Mapping

from torch import Tensor


class CheckpointMismatchError(ValueError):
    """The checkpoint was written by another model."""


def check_match(
    model: Mapping[str, Tensor],
    checkpoint: Mapping[str, Tensor],
    *,
    may_lack: tuple[str, ...] = (),
    may_differ: tuple[str, ...] = (),
) -> None:
    """Compare the names and shapes of two state dicts.

    MMEngine loads what fits and only logs the rest, so a wrong file would
    be scored as if it were an untrained model.

    Args:
        model (Mapping[str, Tensor]): State dict of the model.
        checkpoint (Mapping[str, Tensor]): State dict of the file.
        may_lack (tuple[str]): Prefixes of names that the file need not have.
        may_differ (tuple[str]): Prefixes of names that are not compared.

    Raises:
        CheckpointMismatchError: Names the first tensor that does not fit and
            how many do not, in one line.
    """

    def compared(name: str) -> bool:
        return not name.startswith(may_differ)

    problems = [
        f'{name} is not in it'
        for name in model
        if name not in checkpoint
        and compared(name)
        and not name.startswith(may_lack)
    ]
    problems += [
        f'{name} is {tuple(checkpoint[name].shape)} in it, '
        f'{tuple(tensor.shape)} in the model'
        for name, tensor in model.items()
        if name in checkpoint
        and compared(name)
        and checkpoint[name].shape != tensor.shape
    ]
    problems += [
        f'{name} is not in the model'
        for name in checkpoint
        if name not in model and compared(name)
    ]
    if problems:
        raise CheckpointMismatchError(
            f'the checkpoint is of another model: {problems[0]}, and '
            f'{len(problems) - 1} more of {len(model)} tensors do not fit; '
            'use the config it was trained with'
        )
