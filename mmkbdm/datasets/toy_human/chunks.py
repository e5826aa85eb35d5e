"""A chunk: up to 64 consecutive images of a split, the unit of resuming.

Source: ours. A chunk is done when its record exists and every image has the
checksum that the record names.
"""

import os
import threading
from multiprocessing import parent_process

import cv2

from .files import read_json, sha256, write_bytes, write_json
from .image import render_image
from .settings import MAX_IMAGES, SPLITS

CHUNK = 64
RECORDS = '.progress'
_PNG = (
    cv2.IMWRITE_PNG_COMPRESSION,
    1,
    cv2.IMWRITE_PNG_STRATEGY,
    cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY,
)


def all_chunks(settings):
    """Return ``(split, first index)`` of every chunk, in order."""
    return [
        (split, first)
        for split in SPLITS
        for first in range(0, settings.count(split), CHUNK)
    ]


def chunk_length(settings, chunk):
    """Return the number of images of a chunk."""
    return min(CHUNK, settings.count(chunk[0]) - chunk[1])


def record_path(folder, chunk):
    """Return where the record of a chunk is kept."""
    return folder / RECORDS / f'{chunk[0]}-{chunk[1]:06d}.json'


def read_chunk(folder, chunk):
    """Return the record of a finished chunk, or None.

    Args:
        folder (Path): Dataset folder.
        chunk (tuple): Split and first index.

    Returns:
        dict | None: ``images`` and ``annotations`` in COCO format and
        ``files``, the SHA-256 by path.
    """
    record = read_json(record_path(folder, chunk))
    if record is None:
        return None
    for name, digest in record['files'].items():
        if sha256(folder / name) != digest:
            return None
    return record


def render_chunk(folder, settings, chunk):
    """Render the images of a chunk, write them, then write its record.

    Args:
        folder (Path): Dataset folder; the folders in it exist.
        settings (Settings): What to generate.
        chunk (tuple): Split and first index.

    Returns:
        int: Number of images.

    Raises:
        OSError: If a file cannot be written.
    """
    split, first = chunk
    count = chunk_length(settings, chunk)
    images, annotations, files = [], [], {}
    for index in range(first, first + count):
        toy = render_image(
            (settings.seed, SPLITS.index(split), index),
            settings.size,
            settings.max_people,
        )
        name = f'{index:06d}.png'
        data = cv2.imencode('.png', toy.image, _PNG)[1].tobytes()
        files[f'{split}/{name}'] = write_bytes(folder / split / name, data)
        image_id = MAX_IMAGES * SPLITS.index(split) + index + 1
        images.append(
            {
                'id': image_id,
                'file_name': name,
                'width': settings.size,
                'height': settings.size,
                'description': toy.description,
                'category': toy.category,
                'license': 1,
            }
        )
        for i, annotation in enumerate(toy.annotations):
            ids = {'id': 10 * image_id + i, 'image_id': image_id}
            annotations.append({**ids, **annotation})
    record = {'images': images, 'annotations': annotations, 'files': files}
    write_json(record_path(folder, chunk), record)
    return count


def start_worker():
    """Prepare a worker process: one thread, and no life after its parent."""
    cv2.setNumThreads(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent():
    parent_process().join()
    os._exit(1)
