"""What the datasets in memory share (ours)."""

from collections.abc import Sequence

import torch
from mmengine.registry import FUNCTIONS
from torch.utils.data import Dataset


class InMemory(Dataset):
    """A dataset whose batches are gathered in one step.

    A small model takes a batch in milliseconds: too fast to be fed with
    samples that are loaded and stacked one by one. The loader needs
    ``num_workers=0`` and ``collate_fn=dict(type='whole_batch')``.
    """

    # MMEngine's evaluator asks for it.
    metainfo: dict = {}

    def gather(self, indices: torch.Tensor) -> dict:
        """Return the batch of some samples; indices are int64 (B,)."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> dict:
        return self.gather(torch.tensor([index]))

    def __getitems__(self, indices: Sequence[int]) -> dict:
        return self.gather(torch.tensor(indices))


@FUNCTIONS.register_module()
def whole_batch(batch: dict) -> dict:
    """Return a batch of :class:`InMemory` as it is."""
    return batch
