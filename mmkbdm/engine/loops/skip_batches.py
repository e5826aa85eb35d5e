"""Data that was seen, left out without loading it (ours)."""

from collections.abc import Iterator
from itertools import islice

from mmengine.dataset import InfiniteSampler
from torch.utils.data import DataLoader, Sampler


def skip_batches(dataloader: DataLoader, epoch: int, count: int) -> None:
    """Let the next iterator of a data loader begin at a later batch.

    Args:
        dataloader (DataLoader): Its batches are of one size.
        epoch (int): That the iterator is in; samplers that never end have
            none.
        count (int): Batches of that epoch to leave out.
    """
    sampler = dataloader.batch_sampler.sampler
    if isinstance(sampler, InfiniteSampler):
        # Its position is in itself, and workers have read ahead.
        sampler.__init__(
            sampler.dataset, shuffle=sampler.shuffle, seed=sampler.seed
        )
    elif hasattr(sampler, 'set_epoch'):
        sampler.set_epoch(epoch)
    skipped = count * dataloader.batch_sampler.batch_size
    dataloader.batch_sampler.sampler = _Rest(sampler, skipped)


class _Rest(Sampler):
    """A sampler without its first indices, the first time."""

    def __init__(self, sampler: Sampler, skipped: int) -> None:
        self.sampler = sampler
        # Now, before anybody names another epoch.
        self.first = islice(iter(sampler), skipped, None)

    def __iter__(self) -> Iterator[int]:
        first, self.first = self.first, None
        return first or iter(self.sampler)

    def __len__(self) -> int:
        return len(self.sampler)
