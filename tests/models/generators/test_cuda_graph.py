"""What is captured, and what is refused; capturing itself needs a GPU."""

import pytest
import torch
from torch import nn

from mmkbdm.models.generators.cuda_graph import as_cuda_graph


@pytest.fixture
def captured(monkeypatch):
    """The samples of a capture, which is the module itself here."""
    samples = []

    def capture(module, tensors):
        samples.extend(tensors)
        return module

    monkeypatch.setattr(torch.cuda, 'make_graphed_callables', capture)
    return samples


class Product(nn.Module):
    def forward(self, left, right):
        return left * right


def test_samples_are_copies_that_need_the_same_gradients(captured):
    inputs = (torch.ones(2, 3), torch.ones(2, 3, requires_grad=True) + 1)
    as_cuda_graph(Product(), inputs)
    assert [one.requires_grad for one in captured] == [False, True]
    for sample, given in zip(captured, inputs):
        assert sample.is_leaf and torch.equal(sample, given)
        # A replay writes into them.
        assert sample.data_ptr() != given.data_ptr()


def test_batches_of_another_size_are_refused(captured):
    replay = as_cuda_graph(Product(), (torch.ones(2, 3), torch.ones(2, 3)))
    assert replay(torch.ones(2, 3), torch.ones(2, 3)).shape == (2, 3)
    with pytest.raises(ValueError, match=r'\(2, 3\), got \(1, 3\)'):
        replay(torch.ones(1, 3), torch.ones(1, 3))
