"""Samples that are decoded, drawn and encoded once (ours)."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import Dataset

from mmkbdm.apis.distributed import main_process_first
from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.chance import type_name
from mmkbdm.models.knowledge_base.words import SCENARIOS
from mmkbdm.registry import DATASETS

from .encoded import EncodedImages, EncodedTexts
from .fixed_samples import FixedSamples

FLIP = 'RandomPoseFlip'


@DATASETS.register_module()
class CachedSamples(Dataset):
    """A dataset for generation whose work is done before the training.

    What is there already is taken from the disk. It is not held in memory
    but mapped into it, so that processes and runs share it, and made again
    where an image, its poses, the pipeline or an encoder has changed.

    A sample has ``condition``, ``prompt`` and ``img_id`` of
    :class:`~mmkbdm.datasets.transforms.PackGeneration`, ``image_features``
    where the dataset has them, and

    - ``image``, or with a VAE ``moments`` (torch.Tensor), float32 (2 C, h,
      w), of which a generator draws latents;
    - with a text encoder ``text`` (torch.Tensor), float32 (tokens, C), and
      if it has a projection ``text_features`` (torch.Tensor), float32 (4,
      t), of the prompt's type, objects, status and whole;
    - ``made_by`` (dict): checksums of both, which a generator compares.

    All samples have one shape: ``default_collate`` stacks them.

    Args:
        dataset (dict): A :class:`PoseTextDataset` whose pipeline has no
            chance but ``RandomPoseFlip``, which stays random: both sides of
            an image are kept.
        cache (str): Folder, one for each dataset and base.
        pixels (bool): Whether images and conditions are kept, too: 24 KB a
            sample of 64x64, 1.5 MB of 512x512. Without, the pipeline runs
            for each sample. Defaults to True.
        vae (dict, optional): That of the model. Defaults to None.
        text_encoder, tokenizer (dict, optional): Those of the model. Default
            to None.
        batch_size (int): Images that are encoded at once. Defaults to 64.
        types (Collection[str]): Known types of prompts, those of the
            model's knowledge base. Defaults to Human-Art's scenarios.
        lazy_init (bool): Whether to wait for :meth:`full_init`. Defaults to
            False.

    Raises:
        PreflightError: An image cannot be read, samples depend on chance, or
            a part of the model is not there.
    """

    def __init__(
        self,
        dataset: dict,
        cache: str,
        pixels: bool = True,
        vae: dict | None = None,
        text_encoder: dict | None = None,
        tokenizer: dict | None = None,
        batch_size: int = 64,
        types: Collection[str] = SCENARIOS,
        lazy_init: bool = False,
    ) -> None:
        self.cfg = dict(dataset)
        self.cache = Path(cache)
        self.pixels = pixels
        self.vae = vae
        self.text_encoder = text_encoder
        self.tokenizer = tokenizer
        self.batch_size = batch_size
        self.types = types
        self.flip_prob = _flip_prob(self.cfg)
        self.sides = None
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict:
        """That of the dataset, for evaluators."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """Read what is there, and make the rest."""
        if self.sides is None:
            main_process_first(self._load)

    def __len__(self) -> int:
        return len(self.rest)

    def __getitem__(self, index: int) -> dict:
        """Return a sample, of one of the sides of its image."""
        flipped = len(self.sides) > 1 and np.random.random() < self.flip_prob
        sample = self.sides[int(flipped)][index] | self.rest[index]
        for key, (rows, places) in self.texts.items():
            sample[key] = torch.from_numpy(rows[places[index]])
        sample['made_by'] = dict(self.made_by)
        return sample

    def _load(self) -> None:
        self.dataset = dataset = DATASETS.build(self.cfg)
        self.rest = []
        for index in range(len(dataset)):
            info = dataset.get_data_info(index)
            kept = dict(prompt=info['prompt'], img_id=info['img_id'])
            if 'image_features' in info:
                features = torch.from_numpy(info['image_features'])
                kept['image_features'] = features
            self.rest.append(kept)
        self.made_by = {}
        self.texts = self._load_texts()
        self.sides = self._load_sides()

    def _load_texts(self) -> dict:
        if self.text_encoder is None:
            return {}
        texts = EncodedTexts(self.text_encoder, self.tokenizer)
        self.made_by['text_encoder'] = texts.checksum
        prompts = [kept['prompt'] for kept in self.rest]
        found = dict(text=texts.states(self.cache / 'text', prompts))
        if texts.projects:
            found['text_features'] = texts.features(
                self.cache / 'text_features', prompts, self.types
            )
        return found

    def _load_sides(self) -> list[FixedSamples]:
        vae = None
        if self.vae is not None:
            vae = EncodedImages(self.vae, self.batch_size)
            self.made_by['vae'] = vae.checksum
        folders = [self.cache]
        if self.flip_prob > 0:
            folders.append(self.cache / 'flipped')
        return [
            FixedSamples(
                self.dataset,
                [_flipping(step, side) for step in self.cfg['pipeline']],
                folder,
                self.pixels,
                vae,
            )
            for side, folder in enumerate(folders)
        ]


def _flipping(step: dict, side: int) -> dict:
    """A step that never flips, or always."""
    if type_name(step) == FLIP:
        return dict(step, prob=float(side))
    return step


def _flip_prob(cfg: dict) -> float:
    """Return the only chance that a dataset may depend on.

    Raises:
        PreflightError: There is another.
    """
    prob = 0.0
    for step in cfg.get('pipeline', ()):
        name = type_name(step)
        if name == FLIP:
            prob = step.get('prob', 0.5)
        elif name.startswith('Random'):
            raise PreflightError(
                f'CachedSamples has {name} in its pipeline: what is cached '
                f'must not depend on chance, but for {FLIP}'
            )
    if cfg.get('caption') == 'random':
        raise PreflightError(
            "CachedSamples has caption='random': what is cached must not "
            "depend on chance; set caption='first'"
        )
    return prob
