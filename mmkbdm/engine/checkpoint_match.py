"""Whether a checkpoint belongs to a model (ours)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmkbdm.models.layers import LayerScale

# Where estimators keep the predictors that only training uses.
AUXILIARY = 'auxiliary.'


class CheckpointMismatchError(ValueError):
    """The checkpoint was written by another model."""


def as_read_by(
    model: nn.Module, checkpoint: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return a state dict as the modules of a model would read it.

    MMPose and MMPretrain read older files through hooks that rename tensors,
    drop what is no parameter any more, or resize position embeddings.

    Args:
        model (nn.Module): The model that is going to load.
        checkpoint (Mapping[str, Tensor]): State dict of the file; unchanged.
    """
    state_dict = {k.removeprefix('module.'): v for k, v in checkpoint.items()}
    metadata = getattr(checkpoint, '_metadata', {})
    for name, module in model.named_modules():
        prefix = f'{name}.' if name else ''
        for hook in module._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, metadata.get(name, {}), True, [], [], [])
    return state_dict


def neck_may_lack(model: nn.Module) -> tuple[str, ...]:
    """Return the prefix of a neck that a checkpoint for use need not have.

    A neck with a closed gate begins as the identity, and a plain network's
    file is as good as one with it. One whose gates begin open would answer
    by random weights.

    Args:
        model (nn.Module): As it was built.

    Returns:
        tuple[str]: Empty for a neck with gates, all of them open.
    """
    neck = getattr(model, 'neck', None) or nn.Identity()
    gates = [m.gamma for m in neck.modules() if isinstance(m, LayerScale)]
    return () if gates and all(map(torch.any, gates)) else ('neck.',)


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
        # absent in files older than torch 0.4.1, and of no effect
        and not name.endswith('num_batches_tracked')
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
            'use the config it was trained with, in the version of mmkbdm '
            'that trained it'
        )
