"""Jobs made into files that say what they are (ours)."""

import importlib.metadata
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from tqdm import tqdm

from mmkbdm.apis.errors import PreflightError
from mmkbdm.version import __version__

from .diffusers_generator import DiffusersGenerator
from .fingerprint import pixels_digest
from .image_file import read_record, write_image
from .job import Job, batches

# What makes an image another one.
COMPARED = ('prompt', 'seed', 'settings', 'condition', 'parameters_sha256')
PACKAGES = ('torch', 'diffusers', 'transformers')


def run_jobs(
    generator: DiffusersGenerator,
    jobs: Sequence[Job],
    folder: str | Path,
    batch_size: int = 4,
    overwrite: bool = False,
) -> int:
    """Make the images that a folder lacks.

    An image that is there and was made of the same prompt, pose, seed,
    settings and weights stays. A batch of which some are missing is made as
    a whole again, so that a resumed run has the pixels of an uninterrupted
    one. Whatever ends the run leaves the images made so far.

    Args:
        generator (DiffusersGenerator): Makes them.
        jobs (Sequence[Job]): Their names differ.
        folder (str | Path): Where the images go, as PNG with texts: the
            prompt, the seed of :meth:`Job.generator`, the model, all
            settings, the poses, the codes of the knowledge base, versions.
        batch_size (int): Of the same size and settings. Defaults to 4.
        overwrite (bool): Replace other images of the same name. Defaults to
            False.

    Returns:
        int: Number of images written.

    Raises:
        PreflightError: A file is there that is another image; before any is
            made.
    """
    described = generator.describe()
    records = {job.name: _record(job, generator, described) for job in jobs}
    missing = {
        job.name
        for job in jobs
        if not _is_there(Path(folder, job.name), records[job.name], overwrite)
    }
    with tqdm(total=len(jobs), desc='images') as bar:
        for batch in batches(jobs, batch_size):
            if any(job.name in missing for job in batch):
                images = make(generator, batch)
                codes = _codes(generator, batch)
                for job, image, code in zip(batch, images, codes):
                    if job.name in missing:
                        record = dict(records[job.name], codes=code)
                        write_image(Path(folder, job.name), image, record)
            bar.update(len(batch))
    return len(missing)


def make(
    generator: DiffusersGenerator, batch: Sequence[Job]
) -> list[np.ndarray]:
    """Make the images of a batch, uint8 (H, W, 3) RGB."""
    samples = [
        dict(
            prompt=job.prompt,
            condition=torch.from_numpy(job.condition()).permute(2, 0, 1),
        )
        for job in batch
    ]
    images = generator.generate(
        pseudo_collate(samples),
        [job.generator() for job in batch],
        **batch[0].call,
    )
    return list(images.permute(0, 2, 3, 1).cpu().numpy())


def _record(job: Job, generator, described: dict) -> dict[str, str]:
    settings = dict(
        generator.merged(job.call),
        height=job.height,
        width=job.width,
        dtype=described['dtype'],
        scheduler=described.get('scheduler'),
    )
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return dict(
        prompt=job.prompt,
        seed=str(job.seed),
        model=f'{described["pipeline"]} {described["pretrained"]}'.strip(),
        parameters_sha256=described['parameters_sha256'],
        settings=json.dumps(settings, sort_keys=True),
        poses=json.dumps(job.poses.round(2).tolist()),
        condition=pixels_digest(job.condition()),
        versions=json.dumps(dict(mmkbdm=__version__, **versions)),
    )


def _codes(generator, batch: Sequence[Job]) -> list[str]:
    pipeline = generator.pipeline
    if not hasattr(pipeline, 'codes'):
        return ['{}'] * len(batch)
    told = pipeline.codes([job.prompt for job in batch])
    return [json.dumps(one) for one in told]


def _is_there(path: Path, record: dict, overwrite: bool) -> bool:
    there = read_record(path)
    if there is None:
        return False
    other = [key for key in COMPARED if there.get(key) != record[key]]
    if not other:
        return True
    if overwrite:
        return False
    raise PreflightError(
        f'{path} is an image of another {other[0]}: give --overwrite, or '
        'another --out'
    )
