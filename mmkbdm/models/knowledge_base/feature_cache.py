"""Features on disk: computed once, checked whenever they are read (ours)."""

import hashlib
import io
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.atomic_backend import AtomicLocalBackend

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

    Raises:
        ValueError: When ``shard_size`` is not positive.
    """

    def __init__(
        self, folder: str | Path, encoder_key: str, shard_size: int = 2048
    ) -> None:
        if shard_size < 1:
            raise ValueError(f'shard_size={shard_size} must be at least 1')
        self.folder = Path(folder)
        self.encoder_key = encoder_key
        self.shard_size = shard_size
        self.backend = AtomicLocalBackend()

    def get(
        self,
        identities: Sequence[str],
        compute: Callable[[range], np.ndarray],
    ) -> np.ndarray:
        """Return the features of items, from the disk where they are there.

        Args:
            identities (Sequence[str]): One of each of N items: changes when
                the item does.
            compute (Callable): Takes a range of n positions in
                ``identities`` and returns their features (n, d).

        Returns:
            np.ndarray: (N, d) float32.

        Raises:
            PreflightError: The folder cannot be written.
            ValueError: ``compute`` returns another number of rows, or a
                number that is not finite.
        """
        if not len(identities):
            raise ValueError('identities is empty: give at least one item')
        manifest = self._read_manifest()
        shards = []
        for start in range(0, len(identities), self.shard_size):
            rows = range(start, min(start + self.shard_size, len(identities)))
            name = f'features_{start // self.shard_size:05d}.npy'
            key = self._key([identities[row] for row in rows])
            shard = self._read(name, key, manifest.get(name))
            if shard is None:
                shard = self._checked(compute(rows), rows)
                manifest[name] = dict(key=key, sha256=self._write(name, shard))
                self._write_manifest(manifest)
                print_log(
                    f'{self.folder}: features of {rows.stop} of '
                    f'{len(identities)} items',
                    logger='current',
                )
            shards.append(shard)
        return np.concatenate(shards)

    def _key(self, identities: list[str]) -> str:
        text = json.dumps([self.encoder_key, *identities])
        return hashlib.sha256(text.encode()).hexdigest()

    def _read(
        self, name: str, key: str, known: dict | None
    ) -> np.ndarray | None:
        """Return the rows of a file, or None if they must be computed."""
        path = self.folder / name
        if known is None:
            return None
        if known.get('key') != key:
            self._log(f'{path} is of another encoder or other items')
            return None
        try:
            data = path.read_bytes()
        except OSError as error:
            self._log(f'{path} cannot be read ({error.strerror})')
            return None
        if hashlib.sha256(data).hexdigest() != known.get('sha256'):
            self._log(f'{path} is damaged')
            return None
        return np.load(io.BytesIO(data), allow_pickle=False)

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

    @staticmethod
    def _checked(features: np.ndarray, rows: range) -> np.ndarray:
        features = np.asarray(features, np.float32)
        if features.ndim != 2 or len(features) != len(rows):
            raise ValueError(
                f'the encoder answered features of shape {features.shape} to '
                f'{len(rows)} items: it must return (items, dimensions)'
            )
        finite = np.isfinite(features).all(1)
        if not finite.all():
            raise ValueError(
                f'the features of item {rows[int(np.argmin(finite))]} are '
                'not finite: run the encoder in float32, or mend the item'
            )
        return features
