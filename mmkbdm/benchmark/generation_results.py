"""Results of the toy generation experiment, kept as they come (ours)."""

import io
from pathlib import Path

import numpy as np

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.output import write_file

from .generation_plan import REFERENCES
from .origin import commit, machine
from .runs import ResultFile
from .workers import Task

RESULTS = 'generation_toy.json'
PICTURES = 'generation_toy_pictures.npz'


class Results:
    """The files of finished runs.

    Args:
        folder (str | Path): Of the files.
        device (str): Name of the study: results of a CPU and of a GPU are
            never compared.
        code (str, optional): Commit of the code; asked of git by default.

    Raises:
        RunError: The file of results is damaged.
    """

    def __init__(
        self, folder: str | Path, device: str, code: str | None = None
    ) -> None:
        self.folder = Path(folder)
        self.file = ResultFile(self.folder / RESULTS)
        self.device = device
        self.origin = dict(commit=code or commit(), machine=machine(device))

    def refuse_others(self, setting: dict) -> None:
        """Make sure that what is there can be compared with what comes.

        Raises:
            PreflightError: It is of another setting.
        """
        for result in self.file.of(self.device):
            there = result.get('setting', setting)
            for key, value in setting.items():
                if there.get(key) != value:
                    raise PreflightError(
                        f'{self.file.path} holds runs of {key}='
                        f'{there.get(key)}, not {value}: give another --out, '
                        'or the same setting'
                    )

    def add(self, plan, task: Task, result: dict) -> str:
        """Keep a result; returns a line about it."""
        run = plan.runs.get(task.name)
        seconds = f'{result["seconds"]:.0f} s'
        if run is None:
            return seconds
        if 'sweep' in result:
            result = {**result, 'setting': plan.setting()}
        self.file.add(run, **result, **self.origin)
        pictures = Path(task.settings['work_dir'], 'pictures.npz')
        shown = run.config == REFERENCES or run.seed == plan.args.seeds[0]
        if shown and pictures.exists():
            self._add_pictures(pictures)
        if 'sweep' in result:
            chosen = f'{result["chosen"]:g}'
            ap = result['testing']['AP']
            return f'AP {ap:.3f} at guidance {chosen}, {seconds}'
        return seconds

    def _add_pictures(self, path: Path) -> None:
        target = self.folder / PICTURES
        kept = {}
        for file in (target, path):
            if file.exists():
                with np.load(file, allow_pickle=False) as arrays:
                    kept.update(arrays)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **kept)
        write_file(buffer.getvalue(), target)
