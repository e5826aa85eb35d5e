"""One image to make, and all of them from a pose file or a dataset (ours)."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.inputs.pose_file import PoseRecord
from mmkbdm.visualization.pose_drawing import draw_pose

from .build import Wanted
from .pose_source import place
from .seeds import image_seed

LONGEST_NAME = 40


@dataclass(frozen=True)
class Job:
    """An image to make.

    Args:
        height, width (int): Of the image, in pixels.
        seed (int): Of its generator on the CPU; the same seed and settings
            make the same image. Defaults to 0.
        call (dict): Settings of sampling in place of the pipeline's.
        name (str): Of the file.
        prompt (str): Any text. Defaults to none.
        poses (np.ndarray): (P, 17, 3) in pixels of the image. Defaults to
            nobody.
    """

    height: int
    width: int
    seed: int = 0
    call: dict = field(default_factory=dict)
    name: str = ''
    prompt: str = ''
    poses: np.ndarray = field(
        default_factory=lambda: np.zeros((0, 17, 3), np.float32)
    )

    def condition(self) -> np.ndarray:
        """Draw the poses, uint8 (height, width, 3) RGB."""
        return draw_pose(self.poses, self.height, self.width)

    def generator(self) -> torch.Generator:
        """Return a fresh generator of the seed."""
        return torch.Generator().manual_seed(self.seed)


def of_records(
    base: Job,
    records: Sequence[PoseRecord],
    file: str,
    prompts: Sequence[str] | None = None,
    num_images: int = 1,
    size: tuple[int, int] | None = None,
) -> list[Job]:
    """Return jobs for all poses of a file, all prompts, and several seeds.

    Args:
        base (Job): What they share; its seed is the first one.
        records (Sequence[PoseRecord]): Read.
        file (str): Where from, for messages and names.
        prompts (Sequence[str], optional): In place of those of the file.
        num_images (int): Seeds of each. Defaults to 1.
        size (tuple[int, int], optional): See :func:`place`.

    Raises:
        PreflightError: There is no prompt, or a pose is impossible.
    """
    jobs = []
    for record in records:
        poses = place(record, base.height, base.width, file, size)
        stem = Path(record.name or file).stem
        for prompt in prompts or [record.prompt]:
            if prompts is None and not prompt:
                raise PreflightError(
                    f'{file} has no prompt of its own: give --prompt, or '
                    "--prompt '' for none"
                )
            for seed in range(base.seed, base.seed + num_images):
                name = f'{stem}_{slug(prompt)}_seed{seed}.png'
                jobs.append(
                    replace(
                        base, name=name, prompt=prompt, poses=poses, seed=seed
                    )
                )
    return _numbered(jobs)


def of_dataset(base: Job, wanted: Wanted, num_images: int = 1) -> list[Job]:
    """Return a job for each image of a dataset, with its prompt and poses.

    The seeds are those of ``tools/generate_and_eval.py``, and the size is
    that of the dataset's conditions.

    Args:
        base (Job): What they share.
        wanted (Wanted): Of :func:`~mmkbdm.generation.build.build_wanted`.
        num_images (int): Seeds of each. Defaults to 1.

    Raises:
        PreflightError: The dataset draws poses in another way.
    """
    jobs = []
    for i, name in enumerate(tqdm(wanted.names, 'poses')):
        sample = wanted.samples[i]
        height, width = sample['condition'].shape[-2:]
        job = replace(
            base,
            height=height,
            width=width,
            prompt=sample['prompt'],
            poses=sample['poses'].numpy(),
        )
        drawn = sample['condition'].permute(1, 2, 0).numpy()
        if not np.array_equal(job.condition(), drawn):
            raise PreflightError(
                f'the dataset draws the poses of {name} with another line or '
                'threshold than the field: leave the arguments of '
                'mmkbdm.DrawPose out'
            )
        for number in range(base.seed, base.seed + num_images):
            path = Path(name)
            if num_images > 1:
                path = path.with_name(f'{path.stem}_seed{number}.png')
            seed = image_seed(sample['img_id'], number)
            jobs.append(replace(job, name=str(path), seed=seed))
    return unique(jobs)


def unique(
    jobs: list[Job], where: Callable[[int], str] = 'image {}'.format
) -> list[Job]:
    """Return the jobs, whose files must differ.

    Raises:
        PreflightError: Two would be written to one file.
    """
    seen = {}
    for i, job in enumerate(jobs):
        if job.name in seen:
            raise PreflightError(
                f'{where(i)} would be written to {job.name}, as '
                f'{where(seen[job.name])}: give names that differ'
            )
        seen[job.name] = i
    return jobs


def _numbered(jobs: list[Job]) -> list[Job]:
    """Number those that have the name of one before: it is cut short."""
    numbered, seen = [], Counter()
    for job in jobs:
        seen[job.name] += 1
        if seen[job.name] > 1:
            stem = job.name.removesuffix('.png')
            job = replace(job, name=f'{stem}_{seen[job.name]}.png')
        numbered.append(job)
    return unique(numbered)


def batches(jobs: Sequence[Job], batch_size: int) -> Iterator[list[Job]]:
    """Yield jobs that can be made at once: of one size and settings."""
    groups = {}
    for job in jobs:
        key = job.height, job.width, repr(sorted(job.call.items()))
        groups.setdefault(key, []).append(job)
    for group in groups.values():
        for start in range(0, len(group), batch_size):
            yield group[start : start + batch_size]


def slug(text: str) -> str:
    """Return a text as a part of a file's name.

    Example:
        >>> slug('oil_painting, a man running')
        'oil_painting-a-man-running'
    """
    words = re.sub(r'\W+', '-', text).strip('-')
    return words[:LONGEST_NAME].rstrip('-') or 'no-prompt'
