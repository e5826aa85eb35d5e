"""FID, KID and CLIP score of judged images (ours)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from mmkbdm.utils.errors import UnreadableImageError

from .inputs.fit import fit_image
from .inputs.read_image import read_image
from .judged import Evaluation, JudgedImage
from .metrics import CLIPFeatures
from .metrics.feature_distances import (
    clip_scores,
    frechet_distance,
    kernel_distance,
)
from .metrics.generated_images import embed_images, without_scenario

CLIP, PLAIN_CLIP = 'CLIP_score', 'CLIP_score_without_scenario'


def score_images(
    evaluation: Evaluation,
    features: nn.Module | None = None,
    clip: CLIPFeatures | None = None,
    batch_size: int = 16,
    progress: bool = True,
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Score the pictures themselves, whoever is in them.

    Distances are those between the scored images and their references, which
    are cut and resized to the size of the generated ones; images without a
    readable reference are left out on both sides, as are images without a
    prompt from the CLIP score.

    Args:
        evaluation (Evaluation): Judged images.
        features (nn.Module, optional): Takes (B, 3, H, W) uint8 RGB, answers
            (B, d). Without it there are no distances.
        clip (CLIPFeatures, optional): Without it there is no CLIP score.
        batch_size (int): Images at a time. Defaults to 16.
        progress (bool): Whether to show bars. Defaults to True.

    Returns:
        tuple[dict, dict]: Scores, named after the class of ``features`` F:
        ``FID_F`` (squared units of the features), ``KID_F`` and its standard
        deviation over subsets ``KID_std_F``, ``FID_F_<scenario>`` for
        scenarios of at least two pairs; ``CLIP_score`` (0 to 100) and, if
        prompts begin with a scenario, ``CLIP_score_without_scenario``. The
        numbers ``images_with_reference`` and ``images_with_prompt`` say of
        how many images. A score of too few is NaN. Second, the CLIP scores
        of the images by name, by name of the column of a table.
    """
    scores, columns = {}, {}
    if features is not None:
        pairs = [image for image in evaluation.images if image.reference]
        scores.update(_distances(pairs, features, batch_size, progress))
    if clip is not None:
        columns = _clip_columns(evaluation.images, clip, batch_size, progress)
        for name, values in columns.items():
            scores[name] = _mean(values)
        scores['images_with_prompt'] = len(columns[CLIP])
    return scores, columns


def _distances(
    images: Sequence[JudgedImage],
    features: nn.Module,
    batch_size: int,
    progress: bool,
) -> dict[str, float]:
    fake, real, scenarios = [], [], []
    for batch in _batches(images, batch_size, 'FID and KID', progress):
        pictures = [_pair(image) for image in batch]
        kept = [pair for pair in pictures if pair is not None]
        scenarios += [
            image.scenario
            for image, pair in zip(batch, pictures)
            if pair is not None
        ]
        if kept:
            fake.append(embed(features, [one for one, _ in kept]))
            real.append(embed(features, [one for _, one in kept]))
    name = type(features).__name__
    count = len(scenarios)
    scores = dict.fromkeys(
        (f'FID_{name}', f'KID_{name}', f'KID_std_{name}'), float('nan')
    )
    scores['images_with_reference'] = count
    if count < 2:
        return scores
    fake, real = np.concatenate(fake), np.concatenate(real)
    scores[f'FID_{name}'] = frechet_distance(real, fake)
    mean, deviation = kernel_distance(real, fake)
    scores[f'KID_{name}'], scores[f'KID_std_{name}'] = mean, deviation
    for scenario in sorted(set(scenarios) - {''}):
        own = np.array([one == scenario for one in scenarios])
        if own.sum() >= 2:
            scores[f'FID_{name}_{scenario}'] = frechet_distance(
                real[own], fake[own]
            )
    return scores


def _clip_columns(
    images: Sequence[JudgedImage],
    clip: CLIPFeatures,
    batch_size: int,
    progress: bool,
) -> dict[str, dict[str, float]]:
    columns = {CLIP: {}, PLAIN_CLIP: {}}
    images = [image for image in images if image.prompt]
    prefixed = False
    for batch in _batches(images, batch_size, 'CLIP score', progress):
        pictures = embed(clip, [_picture(image) for image in batch])
        full = [image.prompt for image in batch]
        plain = [without_scenario(one.prompt, one.scenario) for one in batch]
        prefixed |= plain != full
        for name, texts in ((CLIP, full), (PLAIN_CLIP, plain)):
            embedded = clip.encode_text(texts).cpu().numpy()
            values = clip_scores(pictures, embedded)
            columns[name].update(
                (image.name, float(value))
                for image, value in zip(batch, values)
            )
    if not prefixed:
        del columns[PLAIN_CLIP]
    return columns


def _pair(image: JudgedImage) -> tuple[np.ndarray, np.ndarray] | None:
    """The image and its reference at its size, None if that is damaged."""
    try:
        real = read_image(image.reference)
    except UnreadableImageError:
        return None
    return _picture(image), fit_image(real, (image.height, image.width))


def _picture(image: JudgedImage) -> np.ndarray:
    """The image as it was judged."""
    return fit_image(read_image(image.path), (image.height, image.width))


def embed(network: nn.Module, images: Sequence[np.ndarray]) -> np.ndarray:
    """Embed images (H, W, 3) uint8 RGB where the network is, (B, d)."""
    device = next((one.device for one in network.parameters()), None)
    return embed_images(
        network,
        [
            torch.tensor(image, device=device).permute(2, 0, 1)
            for image in images
        ],
    )


def _batches(images: Sequence, size: int, what: str, progress: bool):
    starts = tqdm(range(0, len(images), size), what, disable=not progress)
    return (images[start : start + size] for start in starts)


def _mean(values: dict[str, float]) -> float:
    return float(np.mean(list(values.values()))) if values else float('nan')
