"""Tasks in processes that stay, some after others (ours).

Importing the frameworks takes a process many seconds, and the tasks of an
experiment are short: every process does one task after another, and where no
GPU is used all are forked from one that has imported what they need.
"""

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from .runs import RunError

# What the processes of the generation experiment have imported.
PRELOAD = ['mmkbdm.benchmark.generation_imports']
# Seconds that an idle process has to end by itself.
PATIENCE = 10


@dataclass(frozen=True)
class Task:
    """Something to do in a process of its own.

    Args:
        name (str): Unique.
        log (str): File of all that it prints.
        steps (int): What it counts for in a progress bar.
        needs (tuple[str]): Names of tasks that have to be done before; those
            that are not among the tasks are taken as done.
        settings (dict): For whoever does it.
    """

    name: str
    log: str
    steps: int = 1
    needs: tuple[str, ...] = ()
    settings: dict = field(default_factory=dict, hash=False)


# Does a task, telling how many steps it has made; answers its result.
Work = Callable[[Task, Callable[[int], None]], dict]


def run_tasks(
    tasks: Sequence[Task],
    jobs: int,
    work: Work,
    progress: Callable[[int], object] = lambda steps: None,
    preload: Sequence[str] | None = None,
    fork: bool = True,
) -> Iterator[tuple[Task, dict | RunError]]:
    """Do tasks in parallel, each as soon as what it needs is done.

    Args:
        tasks (Sequence[Task]): In the order in which they are begun.
        jobs (int): Processes at a time.
        work (Callable): A function of a module, which does a task. Whatever
            it raises fails the task, and the next ones go on.
        progress (Callable): Called with steps that were made.
        preload (Sequence[str], optional): Modules that every process has
            imported before its first task. Defaults to those of the
            generation experiment.
        fork (bool): Whether processes are forked from one that has imported
            these modules. CUDA cannot be used in a fork of a process that
            has looked for a GPU, as MMEngine does when it is imported: False
            starts each anew. Defaults to True.

    Yields:
        tuple[Task, dict | RunError]: The task as it ends, and its result or
        why it failed.
    """
    waiting = list(tasks)
    to_do = {task.name for task in tasks}
    failed: set[str] = set()
    pool = _Pool(jobs, work, PRELOAD if preload is None else preload, fork)
    try:
        while waiting or pool.busy:
            for task in [t for t in waiting if failed & set(t.needs)]:
                waiting.remove(task)
                failed.add(task.name)
                missing = ', '.join(sorted(failed & set(task.needs)))
                yield task, RunError(f'{task.name} needs {missing}')
            ready = [t for t in waiting if not to_do & set(t.needs)]
            for task in ready[: pool.free]:
                waiting.remove(task)
                pool.start(task)
            lost = any(failed & set(task.needs) for task in waiting)
            if waiting and not pool.busy and not lost:
                raise ValueError(f'{waiting[0].name} waits for itself')
            for task, message in pool.listen():
                if isinstance(message, int):
                    progress(message)
                    continue
                if isinstance(message, RunError):
                    failed.add(task.name)
                else:
                    to_do.discard(task.name)
                yield task, message
    finally:
        pool.stop()


class _Pool:
    """Processes, each with the task that it is at."""

    def __init__(
        self, jobs: int, work: Work, preload: Sequence[str], fork: bool
    ) -> None:
        self.jobs = jobs
        self.work = work
        method = 'forkserver' if fork else 'spawn'
        self.context = multiprocessing.get_context(method)
        if fork:
            self.context.set_forkserver_preload(list(preload))
        self.idle: list[Connection] = []
        self.busy: dict[Connection, Task] = {}
        self.processes: dict[Connection, multiprocessing.Process] = {}

    @property
    def free(self) -> int:
        """Tasks that can be started."""
        return self.jobs - len(self.busy)

    def start(self, task: Task) -> None:
        """Give a task to an idle process, or to a new one."""
        connection = self.idle.pop() if self.idle else self._new()
        connection.send(task)
        self.busy[connection] = task

    def listen(self) -> list[tuple[Task, int | dict | RunError]]:
        """Wait for messages of the busy processes."""
        heard = []
        for connection in wait(list(self.busy)) if self.busy else ():
            task = self.busy[connection]
            try:
                message = connection.recv()
            except (EOFError, ConnectionError):
                process = self.processes.pop(connection)
                process.join()
                message = RunError(
                    f'{task.name}: its process ended with '
                    f'{process.exitcode}, see {task.log}'
                )
                del self.busy[connection]
            else:
                if not isinstance(message, int):
                    del self.busy[connection]
                    self.idle.append(connection)
            heard.append((task, message))
        return heard

    def stop(self) -> None:
        """End all processes, those at work at once."""
        for connection in self.idle:
            connection.send(None)
        for connection in self.busy:
            self.processes[connection].terminate()
        for process in self.processes.values():
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()

    def _new(self) -> Connection:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(
            target=_serve, args=(theirs, self.work), daemon=True
        )
        process.start()
        # Whose end is not held here, so that its death is noticed.
        theirs.close()
        self.processes[ours] = process
        return ours


def _serve(connection: Connection, work: Work) -> None:
    """Do the tasks that come, until None comes."""
    # An interruption of the experiment reaches all its processes; it is the
    # first one's to end them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while (task := connection.recv()) is not None:
        with _output_to(task.log):
            connection.send(_outcome(task, work, connection.send))


def _outcome(task: Task, work: Work, report) -> dict | RunError:
    try:
        return work(task, report)
    except Exception as error:
        traceback.print_exc()
        reason = ' '.join(str(error).split()) or type(error).__name__
        return RunError(f'{task.name} failed, see {task.log}: {reason}')


@contextmanager
def _output_to(path: str) -> Iterator[None]:
    """Let a file get what this process prints, C libraries included."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    before = [os.dup(stream) for stream in (1, 2)]
    with open(path, 'a') as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for stream, old in zip((1, 2), before):
                os.dup2(old, stream)
                os.close(old)
