"""Features on disk: computed once, checked whenever they are read (ours)."""

import hashlib
import io
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from tqdm import tqdm

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.atomic_backend import AtomicLocalBackend

from .cached_rows import CachedRows

MANIFEST = 'manifest.json'


class FeatureCache:
    """Rows of features of a list of items, in files of many rows.

    A file (.npy) belongs to a run of items. ``manifest.json`` has its
    SHA-256 and a key made of the encoder's and of the items' identities. A
    file is taken from the disk when both agree; otherwise, and where it is
    missing or damaged, its rows alone are computed again. Both are written
    atomically and after every file, so that a process that is killed goes on
    where it was.

    One folder holds the features of one list: another encoder or another
    list of items overwrites them.

    Args:
        folder (str | Path): Where the files are; made when missing.
        encoder_key (str): Changes with everything that the features depend
            on beside the items: parameters and preprocessing.
        shard_size (int): Rows of a file. Defaults to 2048, 6 MiB of 768
            float32.
        dtype (type): Of the features. Defaults to float32.

    Raises:
        ValueError: When ``shard_size`` is not positive.
    """

    def __init__(
        self,
        folder: str | Path,
        encoder_key: str,
        shard_size: int = 2048,
        dtype: type = np.float32,
    ) -> None:
        if shard_size < 1:
            raise ValueError(f'shard_size={shard_size} must be at least 1')
        self.folder = Path(folder)
        self.encoder_key = encoder_key
        self.shard_size = shard_size
        self.dtype = np.dtype(dtype)
        self.backend = AtomicLocalBackend()

    def get(
        self,
        identities: Sequence[str],
        compute: Callable[[range], np.ndarray],
    ) -> np.ndarray:
        """Return the features of items, held in memory.

        Arguments and errors are those of :meth:`rows`.

        Returns:
            np.ndarray: (N, ...), N items.
        """
        rows = self.rows(identities, compute)
        return rows.take(range(len(rows)))

    def rows(
        self,
        identities: Sequence[str],
        compute: Callable[[range], np.ndarray],
    ) -> CachedRows:
        """Return the features of items, left on the disk.

        Args:
            identities (Sequence[str]): One of each of N items: changes when
                the item does.
            compute (Callable): Takes a range of n positions in
                ``identities`` and returns their features (n, ...).

        Returns:
            CachedRows: N rows.

        Raises:
            PreflightError: The folder cannot be written.
            ValueError: ``compute`` returns another number of rows, or a
                number that is not finite.
        """
        if not len(identities):
            raise ValueError('identities is empty: give at least one item')
        manifest = self._read_manifest()
        plan, missing = {}, []
        for start in range(0, len(identities), self.shard_size):
            rows = range(start, min(start + self.shard_size, len(identities)))
            name = f'features_{start // self.shard_size:05d}.npy'
            plan[name] = rows
            key = self._key([identities[row] for row in rows])
            if not self._is_whole(name, key, manifest.get(name)):
                missing.append((name, key))
        total = sum(len(plan[name]) for name, _ in missing)
        with tqdm(
            total=total, desc=f'Filling {self.folder}', disable=not missing
        ) as bar:
            for name, key in missing:
                shard = self._checked(compute(plan[name]), plan[name])
                manifest[name] = dict(key=key, sha256=self._write(name, shard))
                self._write_manifest(manifest)
                bar.update(len(shard))
        paths = [self.folder / name for name in plan]
        return CachedRows(paths, self.shard_size)

    def _key(self, identities: list[str]) -> str:
        text = json.dumps([self.encoder_key, self.dtype.str, *identities])
        return hashlib.sha256(text.encode()).hexdigest()

    def _is_whole(self, name: str, key: str, known: dict | None) -> bool:
        """Whether the rows of a file need not be computed."""
        path = self.folder / name
        if known is None:
            return False
        if known.get('key') != key:
            self._log(f'{path} is of another encoder or other items')
            return False
        try:
            data = path.read_bytes()
        except OSError as error:
            self._log(f'{path} cannot be read ({error.strerror})')
            return False
        if hashlib.sha256(data).hexdigest() != known.get('sha256'):
            self._log(f'{path} is damaged')
            return False
        return True

    def _write(self, name: str, shard: np.ndarray) -> str:
        """Write rows and return the SHA-256 of their file."""
        data = io.BytesIO()
        np.save(data, shard, allow_pickle=False)
        self._put(data.getvalue(), name)
        return hashlib.sha256(data.getvalue()).hexdigest()

    def _read_manifest(self) -> dict[str, dict]:
        path = self.folder / MANIFEST
        try:
            shards = json.loads(path.read_text(encoding='utf-8'))['shards']
            return {name: dict(entry) for name, entry in shards.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._log(f'{path} is damaged')
            return {}

    def _write_manifest(self, shards: dict[str, dict]) -> None:
        content = dict(encoder=self.encoder_key, shards=shards)
        self._put(json.dumps(content, indent=1).encode(), MANIFEST)

    def _put(self, data: bytes, name: str) -> None:
        path = self.folder / name
        try:
            self.backend.put(data, path)
        except OSError as error:
            raise PreflightError(
                f'{path} cannot be written ({error.strerror}): give the cache '
                'a folder with room that you may write to'
            ) from error

    def _log(self, problem: str) -> None:
        print_log(
            f'{problem}: computing it again',
            logger='current',
            level=logging.WARNING,
        )

    def _checked(self, features: np.ndarray, rows: range) -> np.ndarray:
        features = np.asarray(features, self.dtype)
        if features.ndim < 2 or len(features) != len(rows):
            raise ValueError(
                f'the encoder answered features of shape {features.shape} to '
                f'{len(rows)} items: it must return (items, dimensions)'
            )
        finite = np.isfinite(features).reshape(len(rows), -1).all(1)
        if not finite.all():
            raise ValueError(
                f'the features of item {rows[int(np.argmin(finite))]} are '
                'not finite: run the encoder in float32, or mend the item'
            )
        return features
