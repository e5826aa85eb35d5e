"""Generators and datasets by the name of their file (ours)."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.data import Subset

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.build_from import build_from, check_cfg
from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.made_by import made_by
from mmkbdm.apis.preflight import check_dataset
from mmkbdm.compat import read_checkpoint
from mmkbdm.engine.checkpoint_match import (
    CheckpointMismatchError,
    as_read_by,
    check_match,
)
from mmkbdm.registry import DATASETS, MODELS, TRANSFORMS

from .chance import refuse_chance, type_name
from .diffusers_generator import DiffusersGenerator
from .image_file import image_names
from .shares import spread


class Wanted(NamedTuple):
    """Images to generate.

    Args:
        samples (Subset): Of
            :class:`~mmkbdm.datasets.transforms.PackGeneration`.
        names (list[str]): Of the files, one a sample.
    """

    samples: Subset
    names: list[str]


def build_wanted(
    config: str, max_images: int | None = None, size: int | None = None
) -> Wanted:
    """Build the dataset that a config file describes as ``dataset``.

    Args:
        config (str): A file such as those in ``configs/evaluation``.
        max_images (int, optional): So many of its images, spread evenly.
            Defaults to None, all of them.
        size (int, optional): Side of the images in pixels, in place of that
            of the config's ``mmkbdm.ResizeCenterCrop``.

    Raises:
        PreflightError: The file describes no such dataset, its files are
            not there, or it has no images or names that cannot be written.
    """
    cfg = read_config(config).get('dataset')
    if cfg is None:
        raise PreflightError(
            f'{config} describes no dataset: it needs '
            'dataset = dict(type=...), as in configs/evaluation/'
            'toyhuman_val.py'
        )
    refuse_chance(cfg, config)
    check_dataset(cfg, f'dataset of {config}')
    if size is not None:
        steps = {type_name(step): step for step in cfg.pipeline}
        if 'ResizeCenterCrop' not in steps:
            raise PreflightError(
                f'{config} has no mmkbdm.ResizeCenterCrop, whose size could '
                'be set'
            )
        steps['ResizeCenterCrop'].size = size
    dataset = build_from(
        DATASETS, dict(cfg, test_mode=True), config, dict(pipeline=TRANSFORMS)
    )
    if not len(dataset):
        raise PreflightError(f'the dataset of {config} has no images')
    names = image_names(
        [dataset.get_data_info(i)['file_name'] for i in range(len(dataset))]
    )
    places = spread(max_images or len(dataset), len(dataset))
    return Wanted(Subset(dataset, places), [names[i] for i in places])


def build_generator(
    pipeline: str,
    checkpoint: str | None = None,
    call: dict | None = None,
    averaged: bool = True,
):
    """Build a pipeline of diffusers, or what a config calls ``model``.

    Args:
        pipeline (str): Folder or name of a pipeline of diffusers; or a
            config file ``.py``.
        checkpoint (str, optional): Weights of the config's model.
        call (dict, optional): Settings of sampling; for a config, they
            replace those of its ``model.call``.
        averaged (bool): Whether a checkpoint of MMEngine's EMAHook gives the
            moving average. Defaults to True; False asks for the last
            weights, which are the only ones without the hook.

    Raises:
        PreflightError: It is not there, generates nothing, or takes no such
            settings.
        CheckpointMismatchError: The checkpoint is of another model.
    """
    if Path(pipeline).suffix != '.py':
        if checkpoint is not None:
            raise PreflightError(
                f'{pipeline} has its own weights: a checkpoint is for the '
                'model of a config file'
            )
        return DiffusersGenerator(pipeline, call=call)
    cfg = read_config(pipeline).get('model')
    if cfg is None:
        raise PreflightError(
            f'{pipeline} describes no generator: it needs '
            'model = dict(type=...) of a registered one'
        )
    check_cfg(MODELS, cfg, pipeline)
    if call:
        _check_call(pipeline, cfg.type)
        cfg.call = {**cfg.get('call', {}), **call}
    model = build_from(MODELS, cfg, pipeline)
    if not hasattr(model, 'generate'):
        raise PreflightError(
            f'{cfg.type} of {pipeline} has no generate(batch, generator)'
        )
    if checkpoint is not None:
        _load(model, checkpoint, pipeline, averaged)
    if isinstance(model, nn.Module):
        model.to('cuda' if torch.cuda.is_available() else 'cpu').eval()
    return model


def _check_call(pipeline: str, kind: str) -> None:
    if 'call' not in inspect.signature(MODELS.get(kind)).parameters:
        raise PreflightError(
            f'{kind} takes no settings of sampling (call): set them in '
            f'{pipeline}'
        )


def _load(model, checkpoint: str, pipeline: str, averaged: bool) -> None:
    if not isinstance(model, nn.Module):
        raise PreflightError(
            f'the model of {pipeline} has its own weights and takes no '
            'checkpoint'
        )
    command = made_by(checkpoint)
    if command is not None and not Path(checkpoint).exists():
        raise PreflightError(
            f'{checkpoint} does not exist: make it by {command}, or give '
            'another checkpoint'
        )
    content = read_checkpoint(checkpoint)
    saved = content.get('state_dict', content)
    if not averaged:
        # The hook exchanges the two, so that all who load get the average.
        saved = {**saved, **_last_weights(content)}
    try:
        state_dict = as_read_by(model, saved)
        own = model.state_dict()
        # A generator fills in its frozen parts, which neither side has saved.
        check_match(
            own,
            {k: v for k, v in state_dict.items() if k in own or k in saved},
        )
        model.load_state_dict(state_dict)
    except CheckpointMismatchError as error:
        raise CheckpointMismatchError(f'{checkpoint}: {error}') from error


def _last_weights(content: Mapping) -> dict[str, Tensor]:
    kept = content.get('ema_state_dict', {})
    return {
        key.removeprefix('module.'): value
        for key, value in kept.items()
        if key.startswith('module.')
    }
