"""Write, resume and verify a ToyHuman folder.

Source: ours; the annotation files are in COCO's keypoint format with the
``description`` and ``category`` of Human-Art.
"""

from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import cv2
from tqdm import tqdm

from .chunks import (
    RECORDS,
    all_chunks,
    chunk_length,
    read_chunk,
    record_path,
    render_chunk,
    start_worker,
)
from .errors import ToyHumanError
from .files import TEMPORARY, read_json, sha256, write_json
from .settings import GENERATOR_VERSION, SPLITS, Settings, check_record
from .skeleton import COCO_SKELETON, KEYPOINT_NAMES

MANIFEST = 'manifest.json'
_STARTED = 'arguments.json'


def write_dataset(
    out_dir,
    num_train=3000,
    num_val=500,
    size=128,
    max_people=4,
    seed=0,
    workers=1,
    progress=False,
):
    """Write a dataset, or finish one that was interrupted.

    The bytes of the folder depend on all arguments but ``workers`` and
    ``progress``, however often the run was interrupted. Pixels and
    annotations are the same on every machine; the compressed bytes of the
    PNG files are, for one build of OpenCV.

    Layout: ``train/000000.png``, ``val/000000.png``,
    ``annotations/train.json``, ``annotations/val.json``, ``manifest.json``.

    Args:
        out_dir (str | Path): Folder, made when missing.
        num_train (int): Images of the train split.
        num_val (int): Images of the val split.
        size (int): Width and height in pixels, at least 32.
        max_people (int): Largest number of people in an image, 1 to 4.
        seed (int): Not negative.
        workers (int): Processes; 1 renders in this one.
        progress (bool): Show a progress bar.

    Returns:
        int: Number of images rendered now; 0 when all were there.

    Raises:
        ToyHumanError: If an argument is out of range, or the folder was
            made with other arguments or holds something else.
        OSError: If the folder cannot be written.
    """
    settings = Settings(num_train, num_val, size, max_people, seed)
    if workers < 1:
        raise ToyHumanError(f'workers {workers} is too few; use 1 or more')
    folder = Path(out_dir)
    if _is_complete(folder, settings):
        return 0
    _prepare(folder, settings)
    missing = [
        chunk
        for chunk in all_chunks(settings)
        if read_chunk(folder, chunk) is None
    ]
    total = settings.num_train + settings.num_val
    left = sum(chunk_length(settings, chunk) for chunk in missing)
    with tqdm(
        desc='ToyHuman',
        total=total,
        initial=total - left,
        unit='image',
        disable=not progress,
    ) as bar:
        for count in _render(folder, settings, missing, workers):
            bar.update(count)
    _finish(folder, settings)
    return left


def verify_dataset(out_dir):
    """Compare a folder with its manifest.

    Args:
        out_dir (str | Path): Folder of a finished dataset.

    Returns:
        list[str]: One line per missing, changed or unknown file; empty for
        an intact folder.

    Raises:
        ToyHumanError: If the folder has no manifest.
    """
    folder = Path(out_dir)
    manifest = read_json(folder / MANIFEST)
    if manifest is None:
        raise ToyHumanError(
            f'{folder} has no {MANIFEST}; run the generator without --verify '
            'to write or finish it'
        )
    problems = []
    for name, digest in manifest['files'].items():
        found = sha256(folder / name)
        if found is None:
            problems.append(f'{name} is missing')
        elif found != digest:
            problems.append(f'{name} has changed')
    for path in sorted(folder.rglob('*')):
        name = path.relative_to(folder).as_posix()
        if (
            path.is_file()
            and name != MANIFEST
            and name not in manifest['files']
        ):
            problems.append(f'{name} is not in {MANIFEST}')
    return problems


def _is_complete(folder, settings):
    manifest = read_json(folder / MANIFEST)
    if manifest is None:
        return False
    check_record(manifest['arguments'], settings, folder)
    return not verify_dataset(folder)


def _prepare(folder, settings):
    """Make the folders, or check that an earlier run made them."""
    started = folder / RECORDS / _STARTED
    arguments = read_json(started)
    if arguments is not None:
        check_record(arguments, settings, folder)
    elif (
        folder.is_dir()
        and not (folder / MANIFEST).exists()
        and any(path.name != RECORDS for path in folder.iterdir())
    ):
        raise ToyHumanError(
            f'{folder} is not empty and was not made by this tool; choose '
            'an empty folder'
        )
    for name in (RECORDS, 'annotations', *SPLITS):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder / name).glob('*' + TEMPORARY):
            path.unlink()
    if arguments is None:
        write_json(started, settings.record())


def _render(folder, settings, chunks, workers):
    """Yield the number of images of every chunk when it is written."""
    if workers == 1 or len(chunks) < 2:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            for chunk in chunks:
                yield render_chunk(folder, settings, chunk)
        finally:
            cv2.setNumThreads(threads)
        return
    with ProcessPoolExecutor(
        min(workers, len(chunks)),
        mp_context=get_context('spawn'),
        initializer=start_worker,
    ) as pool:
        jobs = [
            pool.submit(render_chunk, folder, settings, chunk)
            for chunk in chunks
        ]
        for job in as_completed(jobs):
            yield job.result()


def _finish(folder, settings):
    """Gather the chunk records into annotation files and the manifest."""
    files = {}
    for split in SPLITS:
        content = _header(settings, split)
        for chunk in all_chunks(settings):
            if chunk[0] == split:
                record = read_json(record_path(folder, chunk))
                content['images'] += record['images']
                content['annotations'] += record['annotations']
                files.update(record['files'])
        name = f'annotations/{split}.json'
        files[name] = write_json(folder / name, content)
    manifest = {
        'generator': 'ToyHuman',
        'arguments': settings.record(),
        'files': files,
    }
    write_json(folder / MANIFEST, manifest, indent=1)
    for chunk in all_chunks(settings):
        record_path(folder, chunk).unlink()
    (folder / RECORDS / _STARTED).unlink()
    (folder / RECORDS).rmdir()


def _header(settings, split):
    return {
        'info': {
            'description': f'ToyHuman, {split} split: rendered people',
            'version': GENERATOR_VERSION,
            'seed': settings.seed,
            'size': settings.size,
        },
        'licenses': [
            {
                'id': 1,
                'name': 'Apache License 2.0',
                'url': 'https://www.apache.org/licenses/LICENSE-2.0',
            }
        ],
        'categories': [
            {
                'id': 1,
                'name': 'person',
                'supercategory': 'person',
                'keypoints': list(KEYPOINT_NAMES),
                'skeleton': [list(pair) for pair in COCO_SKELETON],
            }
        ],
        'images': [],
        'annotations': [],
    }
