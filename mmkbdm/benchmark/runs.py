"""Training runs in parallel processes, each kept once it is finished (ours).

A result is one JSON object in a list of a file that is rewritten atomically
after every run: an interrupted experiment goes on where it stopped.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
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

    Raises:
        RunError: When the file is no list of results.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
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

        What another process has added meanwhile stays.
        """
        if self.path.exists():
            self.results = ResultFile(self.path).results
        self.results.append({**asdict(run), **measured})
        self.results.sort(key=self._key)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f'.{self.path.name}.{os.getpid()}')
        lines = ',\n'.join(json.dumps(result) for result in self.results)
        temporary.write_text(f'[\n{lines}\n]\n')
        os.replace(temporary, self.path)

    @staticmethod
    def _key(result: dict) -> tuple:
        names = ('study', 'config', 'lr', 'iters', 'seed')
        return tuple(result[name] for name in names)


class Trainer:
    """Trains configs in processes of their own, on one thread each."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen] = set()

    def train(
        self, run: Run, config: Path, work_dir: Path, options: list[str]
    ) -> dict:
        """Train and evaluate; several threads may call this.

        Args:
            run (Run): What to train.
            config (Path): Its config file.
            work_dir (Path): Folder for its log and checkpoint.
            options (list[str]): Further ``--cfg-options``.

        Returns:
            dict: Metrics of the last evaluation and ``seconds`` of the
            process.

        Raises:
            RunError: When the process fails; names the log.
        """
        work_dir.mkdir(parents=True, exist_ok=True)
        log = work_dir / 'output.log'
        command = [sys.executable, 'tools/train.py', str(config)]
        command += ['--work-dir', str(work_dir), '--cfg-options', *options]
        start = time.time()
        with log.open('w') as stream:
            process = subprocess.Popen(
                command,
                stdout=stream,
                stderr=subprocess.STDOUT,
                env={**os.environ, 'OMP_NUM_THREADS': '1'},
            )
            self._processes.add(process)
            process.wait()
            self._processes.discard(process)
        if process.returncode:
            last = log.read_text().strip().splitlines()[-1:]
            raise RunError(f'{run.name} failed, see {log}: {"".join(last)}')
        return dict(
            **last_metrics(work_dir), seconds=round(time.time() - start, 1)
        )

    def stop(self) -> None:
        """End the processes that are still training."""
        for process in list(self._processes):
            process.terminate()


def last_metrics(work_dir: Path) -> dict[str, float]:
    """Metrics of the newest evaluation that a Runner wrote to a folder.

    Raises:
        RunError: When there is none.
    """
    files = sorted(work_dir.glob('*/vis_data/scalars.json'))
    lines = files[-1].read_text().splitlines() if files else []
    for line in reversed(lines):
        scalars = json.loads(line)
        if 'coco/AP' in scalars:
            return {k: v for k, v in scalars.items() if '/' in k}
    raise RunError(f'{work_dir} holds no evaluation')


def run_all(
    runs: list[Run],
    jobs: int,
    work: Callable[[Run], dict],
    stop: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Run, dict | RunError]]:
    """Do runs in parallel and yield each as it ends.

    Args:
        runs (list[Run]): What to do, in order.
        jobs (int): Processes at a time.
        work (Callable[[Run], dict]): Does one run.
        stop (Callable[[], None]): Ends those under way when the caller is
            interrupted. Defaults to nothing.

    Yields:
        tuple[Run, dict | RunError]: The run and its result, or why it failed.
    """
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(work, run): run for run in runs}
        try:
            for future in as_completed(futures):
                try:
                    yield futures[future], future.result()
                except RunError as error:
                    yield futures[future], error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            stop()
            raise
