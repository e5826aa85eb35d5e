"""Generators looked at on held-out poses (ours).

A third of the poses choose a generator's guidance, the others are what it is
tested on: no number of a table was chosen by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.build_from import build_from
from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.image_scores import embed
from mmkbdm.evaluation.judged import Evaluation
from mmkbdm.evaluation.judges import Judge, build_judge
from mmkbdm.evaluation.metrics import CLIPFeatures
from mmkbdm.evaluation.metrics.build_features import build_features
from mmkbdm.evaluation.metrics.feature_distances import (
    clip_scores,
    frechet_distance,
    kernel_distance,
)
from mmkbdm.evaluation.scoring import score_evaluation
from mmkbdm.generation.chance import refuse_chance
from mmkbdm.generation.judged_share import Seen, see
from mmkbdm.generation.shares import spread
from mmkbdm.registry import DATASETS, TRANSFORMS

from .generation_arms import TUNING

POSE_SCORES = ('AP', 'AP50', 'AR', 'CAP', 'PCE')
# Greater is better, but for these.
LESS_IS_BETTER = ('PCE', 'FID', 'KID')


class Called:
    """A generator with other settings of sampling than its own."""

    def __init__(self, generator, **call) -> None:
        self.generator = generator
        self.call = call

    def generate(self, batch: dict, generator: list) -> Tensor:
        """Make images, see ``mmkbdm/generation/contract.py``."""
        return self.generator.generate(batch, generator, **self.call)


class RealImages:
    """The images that the poses are from: what a judge can reach."""

    def generate(self, batch: dict, generator: list) -> list[Tensor]:
        """Return them."""
        return batch['image']


class Conditions:
    """The drawn poses."""

    def generate(self, batch: dict, generator: list) -> list[Tensor]:
        """Return them."""
        return batch['condition']


class Reconstructions:
    """The real images through a VAE: what a generator behind it can reach."""

    def __init__(self, base) -> None:
        self.base = base

    def generate(self, batch: dict, generator: list) -> Tensor:
        """Encode and decode; the latents' chance is the global one."""
        images = torch.stack(batch['image']).to(self.base.device)
        return self.base.decode(self.base.encode_images(images))


@dataclass(frozen=True)
class HeldOut:
    """Held-out samples, and who looks at the images made for them.

    Args:
        samples (Sequence[dict]): Of
            :class:`~mmkbdm.datasets.transforms.PackGeneration`, with
            ``image_features`` of the real images.
        judge (Judge): Finds the people.
        clip (CLIPFeatures): Of FID, KID and the CLIP score.
        texts (np.ndarray): (N, d), the prompts as CLIP embeds them.
        batch_size (int): Images that are made at a time.
    """

    samples: Sequence[dict]
    judge: Judge
    clip: CLIPFeatures
    texts: np.ndarray
    batch_size: int

    @property
    def tuning(self) -> list[int]:
        """Places of the samples that settings are chosen on."""
        return list(range(0, len(self.samples), TUNING))

    @property
    def testing(self) -> list[int]:
        """Places of the samples that are reported."""
        return [i for i in range(len(self.samples)) if i % TUNING]

    def look(
        self,
        generator,
        places: Sequence[int],
        seed: int,
        samples: Sequence[dict] | None = None,
        progress: Callable[[int], object] = lambda images: None,
    ) -> list[Seen]:
        """Let a generator make images, and look at them.

        Args:
            generator: See ``mmkbdm/generation/contract.py``.
            places (Sequence[int]): Of the samples.
            seed (int): Of the images.
            samples (Sequence[dict], optional): Those that are generated for
                in place of the held-out ones, which they are still judged
                by the ``poses`` of. Defaults to None.
            progress (Callable): Called with the number of images made.
        """
        samples = self.samples if samples is None else samples
        seen = []
        for start in range(0, len(places), self.batch_size):
            batch = places[start : start + self.batch_size]
            chosen = [samples[i] for i in batch]
            seen += see(generator, chosen, batch, seed, self.judge, self.clip)
            progress(len(batch))
        return seen

    def score(self, seen: Sequence[Seen]) -> dict[str, float]:
        """Score images.

        Returns:
            dict[str, float]: AP, AP50, AR, CAP and PCE of the standard
            protocol, FID and KID (squared units of the CLIP features), and
            the CLIP score (0 to 100).
        """
        images = [one.image for one in seen]
        poses, _ = score_evaluation(Evaluation(images, {}, len(images)))
        fake, real = (
            np.stack(one) for one in zip(*(one.features for one in seen))
        )
        texts = self.texts[[one.place for one in seen]]
        # Every subset would be the whole set.
        kernel, _ = kernel_distance(real, fake, subsets=1)
        scores = {name: poses[name] for name in POSE_SCORES}
        scores.update(
            FID=frechet_distance(real, fake),
            KID=kernel,
            CLIP=clip_scores(fake, texts).mean(),
        )
        return {name: round(float(v), 6) for name, v in scores.items()}

    def exchanged(self) -> list[dict]:
        """Samples with the condition of another of the testing ones.

        Generated for these, images show the wrong poses if a generator heeds
        the condition.
        """
        mixed = list(self.samples)
        places = self.testing
        for place, other in zip(places, [*places[1:], places[0]]):
            condition = self.samples[other]['condition']
            mixed[place] = dict(self.samples[place], condition=condition)
        return mixed


def move_data(cfg, root: str) -> None:
    """Set every ``data_root`` of a config to a folder, in place."""
    if isinstance(cfg, dict):
        if 'data_root' in cfg:
            cfg['data_root'] = root
        for value in cfg.values():
            move_data(value, root)


def build_held_out(
    data: str,
    root: str,
    judge: str,
    features: str,
    num_images: int | None = None,
    batch_size: int = 64,
) -> HeldOut:
    """Build what generators are looked at with.

    Args:
        data (str): Config file of ``configs/evaluation``.
        root (str): Folder of the data.
        judge (str): Config file of ``configs/judges``.
        features (str): Config file of ``configs/features``, of a
            :class:`CLIPFeatures`.
        num_images (int, optional): So many of its images, spread evenly.
            Defaults to None, all.
        batch_size (int): Images at a time. Defaults to 64.

    Raises:
        PreflightError: A file is not there, or is of something else.
    """
    cfg = read_config(data).get('dataset')
    refuse_chance(cfg, data)
    move_data(cfg, root)
    dataset = build_from(
        DATASETS, dict(cfg, test_mode=True), data, dict(pipeline=TRANSFORMS)
    )
    places = spread(num_images or len(dataset), len(dataset))
    samples = [dataset[i] for i in places]
    if len(samples) <= TUNING:
        raise PreflightError(
            f'{data} has {len(samples)} images: one of {TUNING} chooses, and '
            f'distances need two; give at least {TUNING + 1}'
        )
    clip, _ = build_features(features)
    if not hasattr(clip, 'encode_text'):
        raise PreflightError(
            f'{features} describes {type(clip).__name__}, which reads no '
            'text: give a config of mmkbdm.CLIPFeatures'
        )
    held_out = HeldOut(
        samples,
        build_judge(judge, batch_size=batch_size),
        clip,
        clip.encode_text([one['prompt'] for one in samples]).cpu().numpy(),
        batch_size,
    )
    real = embed(
        clip, [one['image'].permute(1, 2, 0).numpy() for one in samples]
    )
    with_features = [
        dict(sample, image_features=torch.from_numpy(row))
        for sample, row in zip(samples, real)
    ]
    return replace(held_out, samples=with_features)
