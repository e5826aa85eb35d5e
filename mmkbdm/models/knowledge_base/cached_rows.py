"""Rows of a cache, read where they are asked for (ours)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


class CachedRows(Sequence):
    """Rows of several .npy files, which are mapped into memory.

    So processes share them, none holds them all, and only the paths travel
    to the processes of a data loader. All are opened at once: whoever gives
    the folder to other items afterwards does not change these rows.

    Args:
        paths (Sequence[Path]): The files.
        shard_size (int): Rows of each but the last.
    """

    def __init__(self, paths: Sequence[Path], shard_size: int) -> None:
        self.paths = list(paths)
        self.shard_size = shard_size
        self._shards = {}
        *_, last = map(self._shard, range(len(self.paths)))
        self._last = len(last)

    def __len__(self) -> int:
        return (len(self.paths) - 1) * self.shard_size + self._last

    def __getitem__(self, index: int) -> np.ndarray:
        """Return a copy of one row."""
        shard, row = divmod(index, self.shard_size)
        return self._shard(shard)[row].copy()

    def take(self, indices: Sequence[int]) -> np.ndarray:
        """Return a copy of rows, in the order of their indices.

        Args:
            indices (Sequence[int]): n, not negative.

        Returns:
            np.ndarray: (n, ...).
        """
        first = self._shard(0)
        rows = np.empty((len(indices), *first.shape[1:]), first.dtype)
        for place, index in enumerate(indices):
            shard, row = divmod(index, self.shard_size)
            rows[place] = self._shard(shard)[row]
        return rows

    def __getstate__(self) -> dict:
        return {**vars(self), '_shards': {}}

    def _shard(self, number: int) -> np.ndarray:
        if number not in self._shards:
            shard = np.load(
                self.paths[number], mmap_mode='r', allow_pickle=False
            )
            # A view: rows of a memmap are slow to make.
            self._shards[number] = shard.view(np.ndarray)
        return self._shards[number]
