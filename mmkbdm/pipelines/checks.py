"""Whether the parts of a pipeline belong together (ours)."""

from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.base_checks import check_texts

FIX = 'take the one that it was trained with'


def check_adapter(adapter: nn.Module, base: nn.Module) -> None:
    """Check that an adapter was copied from such a UNet.

    Args:
        adapter (PoseAdapter): Of the pipeline.
        base (FrozenBase): The frozen parts of the pipeline.

    Raises:
        PreflightError: Names what differs.
    """
    if adapter.factor != base.factor:
        raise PreflightError(
            f'adapter makes {adapter.factor} pixels one, vae {base.factor}: '
            f'{FIX}'
        )
    for key in ('block_out_channels', 'cross_attention_dim', 'in_channels'):
        own, wanted = (
            _listed(part.config[key]) for part in (adapter.net, base.unet)
        )
        if own != wanted:
            raise PreflightError(
                f'adapter has {key}={own}, unet {wanted}: {FIX}'
            )


def check_knowledge_base(
    knowledge_base: nn.Module, base: nn.Module, adapter: nn.Module | None
) -> None:
    """Check that a knowledge base fits texts and FiLM.

    Args:
        knowledge_base (KnowledgeBase): Of the pipeline.
        base (FrozenBase): The frozen parts of the pipeline.
        adapter (PoseAdapter, optional): Of the pipeline.

    Raises:
        PreflightError: Names what is missing or differs.
    """
    film = adapter and adapter.config.film
    if not film:
        raise PreflightError(
            'knowledge_base needs an adapter with FiLM: take that of a model '
            'with a knowledge base'
        )
    wanted = film['code_dim']
    if knowledge_base.code_dim != wanted:
        raise PreflightError(
            f'knowledge_base answers codes of {knowledge_base.code_dim} '
            f'dimensions, the adapter takes {wanted}: {FIX}'
        )
    check_texts(base, knowledge_base)


def _listed(value):
    """A tuple becomes a list in JSON."""
    return list(value) if isinstance(value, tuple) else value
