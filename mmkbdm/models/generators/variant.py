"""Which of the methods a state dict is of (ours)."""

from collections.abc import Collection, Mapping

from torch import Tensor

from mmkbdm.engine.checkpoint_match import CheckpointMismatchError, check_match

# What the configs call a part, by where its weights are.
PARTS = {
    'adapter.net.': 'adapter',
    'adapter.masked_block.': 'masks',
    'adapter.film_layers.': 'film',
    'knowledge_base.': 'knowledge_base',
    'knowledge_base.source.codebook.': 'codebook',
    'knowledge_base.source.text_to_code.': 'text_to_code',
    'knowledge_base.source.projection.': 'raw text',
}
# Files need not have it.
FROZEN = 'base.'


def parts_of(names: Collection[str]) -> tuple[str, ...]:
    """Return the parts that names of weights belong to."""
    return tuple(
        part
        for prefix, part in PARTS.items()
        if any(name.startswith(prefix) for name in names)
    )


def method_of(parts: Collection[str]) -> str:
    """Return the method's name, and its parts in brackets."""
    if 'adapter' not in parts:
        return 'no pose-guided generator'
    masks, knowledge = 'masks' in parts, 'knowledge_base' in parts
    name = {
        (False, False): 'ControlNet',
        (True, False): 'Stable-Pose-style',
        (False, True): 'ControlNet with a knowledge base',
        (True, True): 'KB-DMGen',
    }[masks, knowledge]
    return f'{name} ({", ".join(parts)})'


def check_variant(
    model: Mapping[str, Tensor], checkpoint: Mapping[str, Tensor]
) -> None:
    """Refuse weights of another method, or of other sizes.

    Static and dynamic masks have the same weights, so that one can be
    continued by the other.

    Args:
        model (Mapping[str, Tensor]): State dict of the model.
        checkpoint (Mapping[str, Tensor]): What is to be loaded.

    Raises:
        CheckpointMismatchError: Names both methods, and the first weight that
            does not fit.
    """
    try:
        check_match(model, checkpoint, may_lack=(FROZEN,))
    except CheckpointMismatchError as error:
        found, wanted = parts_of(checkpoint), parts_of(model)
        if found == wanted:
            raise
        reason = str(error).partition(': ')[2]
        raise CheckpointMismatchError(
            f'the checkpoint is of {method_of(found)}, the model is '
            f'{method_of(wanted)}: {reason}'
        ) from error
