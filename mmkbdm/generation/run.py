"""A dataset generated into a folder, image by image (ours)."""

from collections.abc import Callable, Sequence
from pathlib import Path

from tqdm import tqdm

from mmkbdm.apis.errors import PreflightError

from .contract import generate_images
from .fingerprint import pixels_digest
from .image_file import read_record, write_image
from .settings import settings_digest
from .shares import chunks_of_rank


def generate_dataset(
    generator,
    dataset: Sequence[dict],
    names: Sequence[str],
    folder: str | Path,
    settings: dict,
    batch_size: int = 4,
    overwrite: bool = False,
    rank: int = 0,
    world_size: int = 1,
) -> int:
    """Generate what a folder lacks of a dataset.

    An image that is there already and was made of the same prompt, condition
    and settings stays. A batch of which some images are missing is made as a
    whole again, so that a resumed run has the pixels of an uninterrupted
    one. Whatever ends the run leaves the images made so far.

    Args:
        generator: See ``contract.py``.
        dataset (Sequence[dict]): Samples of
            :class:`~mmkbdm.datasets.transforms.PackGeneration`.
        names (Sequence[str]): Of the images to generate, the first of the
            dataset: :func:`image_names`.
        folder (str | Path): Where the images go, as PNG.
        settings (dict): Of the generator, with ``seed``; see
            :func:`claim_folder`.
        batch_size (int): Defaults to 4.
        overwrite (bool): Replace images of another prompt, condition or
            other settings. Defaults to False.
        rank (int): Of the process. Defaults to 0, which shows its progress.
        world_size (int): Number of processes. Defaults to 1.

    Returns:
        int: Number of images written by this process.

    Raises:
        PreflightError: A file is there that is another image.
    """
    digest = settings_digest(settings)
    chunks = chunks_of_rank(len(names), batch_size, rank, world_size)
    written = 0
    with tqdm(
        total=sum(map(len, chunks)),
        desc=f'generating, seed {settings["seed"]}',
        disable=rank > 0,
    ) as bar:
        for chunk in chunks:
            samples = [dataset[i] for i in chunk]
            records = [
                dict(
                    prompt=sample['prompt'],
                    seed=str(settings['seed']),
                    img_id=str(sample['img_id']),
                    generator=_pipeline(settings),
                    condition=pixels_digest(sample['condition']),
                    settings=digest,
                )
                for sample in samples
            ]
            paths = [Path(folder, names[i]) for i in chunk]
            missing = [
                not _is_there(path, record, overwrite)
                for path, record in zip(paths, records)
            ]
            if any(missing):
                images = generate_images(generator, samples, settings['seed'])
                for row in zip(paths, images, records, missing):
                    if row[-1]:
                        write_image(*row[:-1])
                        written += 1
            bar.update(len(chunk))
    return written


def write_real_images(
    dataset: Sequence[dict],
    names: Sequence[str],
    folder: str | Path,
    visit: Callable[[str, dict], None],
) -> None:
    """Write the real images as the conditions have cropped them.

    Args:
        dataset (Sequence[dict]): As in :func:`generate_dataset`.
        names (Sequence[str]): As in :func:`generate_dataset`.
        folder (str | Path): Where the images go; those that are there with
            the same pixels stay.
        visit (Callable): Is given every name and sample on the way.
    """
    for index, name in enumerate(tqdm(names, 'real images')):
        sample = dataset[index]
        image = sample['image'].permute(1, 2, 0).numpy()
        record = dict(img_id=sample['img_id'], pixels=pixels_digest(image))
        path = Path(folder, name)
        if (read_record(path) or {}).get('pixels') != record['pixels']:
            write_image(path, image, record)
        visit(name, sample)


def _pipeline(settings: dict) -> str:
    described = settings['generator']
    return described.get('pipeline', described['name'])


def _is_there(path: Path, record: dict, overwrite: bool) -> bool:
    there = read_record(path)
    if there is None or there == record:
        return there is not None
    if overwrite:
        return False
    [key, *_] = [k for k in record if there.get(k) != record[k]] or ['texts']
    raise PreflightError(
        f'{path} is an image of another {key}: give --overwrite, or '
        'another --out'
    )
