"""The knowledge base as a component of a pipeline (ours)."""

from collections.abc import Mapping

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from torch import Tensor, nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.whole_weights import WholeWeights
from mmkbdm.registry import MODELS


class KnowledgeBaseModel(WholeWeights, ModelMixin, ConfigMixin):
    """Saves a knowledge base as diffusers does: ``config.json``, safetensors.

    Args:
        knowledge_base (dict): Config of
            :class:`~mmkbdm.models.knowledge_base.KnowledgeBase`, ready for
            JSON.

    Example:
        >>> model = KnowledgeBaseModel.of(generator.knowledge_base)
        >>> model.save_pretrained('folder')
    """

    @register_to_config
    def __init__(self, knowledge_base: dict) -> None:
        super().__init__()
        self.net = MODELS.build(dict(knowledge_base))

    @classmethod
    def of(cls, knowledge_base: nn.Module) -> 'KnowledgeBaseModel':
        """Wrap a knowledge base that is there; both share the weights.

        Raises:
            PreflightError: It was not built of a config alone, or needs the
                true images.
        """
        settings = plain(knowledge_base.settings, 'knowledge_base')
        if settings['source']['type'].endswith('OracleCode'):
            raise PreflightError(
                'OracleCode needs the true images, which a pipeline has '
                'not: take another source'
            )
        # Without weights, which are there already.
        with torch.device('meta'):
            model = cls(dict(settings, type='mmkbdm.KnowledgeBase'))
        model.net = knowledge_base
        return model

    def forward(
        self, prompts, encode_text, image_features=None, generator=None
    ) -> Tensor:
        """Answer prompts, as the knowledge base itself."""
        return self.net(prompts, encode_text, image_features, generator)


def plain(value, name: str):
    """Return a config as plain values, without files of weights.

    Raises:
        PreflightError: A value is none that JSON knows; names its place.
    """
    if isinstance(value, Mapping):
        return {
            key: plain(one, f'{name}.{key}')
            for key, one in value.items()
            if key != 'init_cfg'
        }
    if isinstance(value, list | tuple):
        return [plain(one, f'{name}[{i}]') for i, one in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise PreflightError(
        f'{name} is a {type(value).__name__}, which cannot be written down: '
        'build the knowledge base of a config'
    )
