"""What parts of a prompt find, alone and together."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS

from mmkbdm.benchmark.composition import ASKED, composed_accuracy
from mmkbdm.models.knowledge_base import KnowledgeBase, PredictedCode

# Two types and two objects make four prompts, of a code each.
TYPES, OBJECTS = ('sketch', 'oil painting'), ('a man', 'a dog')
PROMPTS = [f'{kind}, {one}' for kind in TYPES for one in OBJECTS]
CODES = np.arange(4)


class Classifier(torch.nn.Module):
    """Knows for each text which of the four codes it fits."""

    in_dim, num_codes = 4, 4

    def forward(self, features):
        return features


def encode(texts):
    """More than one fits a part, the first of them a little better."""
    fits = torch.tensor([[text in p for p in PROMPTS] for text in texts])
    return 8.0 * fits - 0.1 * torch.arange(4)


@pytest.fixture
def knowledge():
    torch.manual_seed(0)
    codebook = dict(
        type='mmkbdm.FeatureCodebook', in_dim=6, num_codes=4, code_dim=4
    )
    codebook = MODELS.build(codebook)
    # Two that are each other's opposite, so that their mean is neither.
    codes = torch.tensor([[1.0, 0.1], [0.1, 1.0], [0.0, -1.0], [-1.0, 0.0]])
    codes = torch.cat([codes, torch.zeros(4, 2)], 1)
    codebook.quantizer.codes.data = torch.nn.functional.normalize(codes)
    return KnowledgeBase(PredictedCode(codebook, Classifier(), top_k=2)).eval()


def test_all_parts_find_what_none_finds_alone(knowledge):
    shares = composed_accuracy(knowledge, PROMPTS, encode, CODES, (1, 2))
    # Each leaves two codes, of which one is right.
    for part in ('type', 'objects'):
        assert shares.pop(f'{part}/top2') == 1
        assert shares.pop(f'{part}/top1') == 0.5
    assert shares['together/top1'] == 1
    assert shares['mean/top1'] < 1
    # No prompt has a status.
    assert set(shares) == {
        f'{one}/top{k}' for one in ('mean', 'together') for k in (1, 2)
    }
    assert set(ASKED) == {'type', 'objects', 'status', 'mean', 'together'}
