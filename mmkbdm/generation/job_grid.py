"""Conditions and images on one page (ours)."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmkbdm.evaluation.inputs.read_image import read_image
from mmkbdm.visualization import captioned, contact_sheet

from .image_file import write_image
from .job import Job

LEAST_SIDE = 256
LONGEST_CAPTION = 60


def write_grid(
    jobs: Sequence[Job],
    folder: str | Path,
    path: str | Path,
    columns: int = 4,
) -> None:
    """Write a page with condition | image of each job, which are there.

    Args:
        jobs (Sequence[Job]): At least one.
        folder (str | Path): Of the images.
        path (str | Path): Of the page, a PNG.
        columns (int): Pairs in a row. Defaults to 4.
    """
    pairs = [
        pair(job, read_image(str(Path(folder, job.name)))) for job in jobs
    ]
    height = max(one.shape[0] for one in pairs)
    page = contact_sheet(pairs, columns, cell_height=height)
    write_image(path, np.ascontiguousarray(page[..., ::-1]), {})


def pair(job: Job, image: np.ndarray) -> np.ndarray:
    """Condition | image under the prompt, at least 256 pixels high, BGR.

    Args:
        job (Job): Of the image.
        image (np.ndarray): uint8 (H, W, 3) RGB.
    """
    zoom = max(1, -(-LEAST_SIDE // min(image.shape[:2])))
    size = zoom * image.shape[1], zoom * image.shape[0]
    both = [
        cv2.resize(one, size, interpolation=cv2.INTER_CUBIC)
        for one in (job.condition(), image)
    ]
    picture = np.concatenate(both, axis=1)[..., ::-1]
    return captioned(np.ascontiguousarray(picture), [_caption(job)])


def _caption(job: Job) -> str:
    # OpenCV draws nothing else.
    text = ' '.join(job.prompt.split()).encode('ascii', 'replace').decode()
    if len(text) > LONGEST_CAPTION:
        text = text[: LONGEST_CAPTION - 3] + '...'
    return text or 'no prompt'
