"""Training runs of an experiment, each kept once it is finished (ours).

A result is one JSON object in a list of a file that is rewritten atomically
after every run: an interrupted experiment goes on where it stopped.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mmkbdm.apis.errors import PreflightError


class RunError(PreflightError):
    """A training process failed, or its results cannot be read."""


@dataclass(frozen=True)
class Run:
    """One training of a config.

    Args:
        study (str): Experiment that the run belongs to.
        config (str): Name of a config file without folder and suffix.
        seed (int): Random seed of initialisation, order and augmentation.
        lr (float): Factor on the learning rate of the config.
        iters (int): Training iterations.
    """

    study: str
    config: str
    seed: int
    lr: float = 1.0
    iters: int = 500

    @property
    def name(self) -> str:
        """Folder of the run, unique for it."""
        return (
            f'{self.study}/{self.config}/lr{self.lr:g}_iters{self.iters}'
            f'_seed{self.seed}'
        )


class ResultFile:
    """Results of finished runs.

    Args:
        path (str | Path): JSON file, made with the first result.
        defaults (Mapping): Further names that tell runs apart, with what
            results have that were kept without them. Defaults to none.

    Raises:
        RunError: When the file is no list of results.
    """

    def __init__(self, path: str | Path, defaults: Mapping = {}) -> None:
        self.path = Path(path)
        self.defaults = dict(defaults)
        self.results: list[dict] = []
        if self.path.exists():
            try:
                self.results = json.loads(self.path.read_text())
                self.missing(())
            except (ValueError, KeyError, TypeError) as error:
                raise RunError(
                    f'{self.path} is no list of results ({error}): move it '
                    'away, or name another file'
                ) from error

    def missing(self, runs: Iterable[Run]) -> list[Run]:
        """Runs that have no result yet, in order."""
        done = {self._key(result) for result in self.results}
        return [run for run in runs if self._key(asdict(run)) not in done]

    def of(self, study: str) -> list[dict]:
        """Results of one study."""
        return [r for r in self.results if r['study'] == study]

    def add(self, run: Run, **measured) -> None:
        """Keep a result; the file is replaced in one step.

        What another process has added meanwhile stays, but for a result of
        the same run.
        """
        if self.path.exists():
            self.results = ResultFile(self.path, self.defaults).results
        result = {**asdict(run), **measured}
        key = self._key(result)
        self.results = [r for r in self.results if self._key(r) != key]
        self.results.append(result)
        self.results.sort(key=self._key)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f'.{self.path.name}.{os.getpid()}')
        lines = ',\n'.join(json.dumps(result) for result in self.results)
        temporary.write_text(f'[\n{lines}\n]\n')
        os.replace(temporary, self.path)

    def _key(self, result: dict) -> tuple:
        result = {**self.defaults, **result}
        names = ('study', 'config', 'lr', 'iters', 'seed', *self.defaults)
        return tuple(result[name] for name in names)
