"""Models of OpenMMLab, loaded from a config and weights that fit it."""

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from torch import nn

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.errors import PreflightError
from mmkbdm.compat import read_checkpoint
from mmkbdm.engine.checkpoint_match import (
    CheckpointMismatchError,
    as_read_by,
    check_match,
)
from mmkbdm.evaluation.weights import local_weights, sha256


class MMModel(NamedTuple):
    """A model with what its predictions depend on.

    Args:
        model (nn.Module): In evaluation mode, with ``cfg`` and
            ``dataset_meta``.
        pipeline (Callable): From a record to the input of the model.
        description (dict): Config, weights and their checksum.
    """

    model: nn.Module
    pipeline: Callable
    description: dict


def load_model(
    init: Callable,
    config: str,
    weights: str,
    scope: str,
    device: str | None,
    prepare: Callable,
) -> MMModel:
    """Build a model and load its weights, all of them.

    Args:
        init (Callable): ``init_model`` of MMPose or ``init_detector`` of
            MMDetection.
        config (str): A path, or a name like ``mmpose::folder/file.py``.
        weights (str): A path or a URL.
        scope (str): ``mmpose`` or ``mmdet``; the global scope is left alone.
        device (str, optional): None takes a GPU where there is one.
        prepare (Callable): Returns the pipeline's config, given the model's.

    Raises:
        PreflightError: Config or weights are not there.
        CheckpointError: The file is not a readable checkpoint.
        CheckpointMismatchError: It is of another model.
    """
    cfg = _read(config)
    advice = 'name another file or URL as weights'
    if '::' not in config:
        advice = f'train it by python tools/train.py {config}, or {advice}'
    path = local_weights(weights, advice)
    state_dict = read_checkpoint(path)
    state_dict = state_dict.get('state_dict', state_dict)
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    with DefaultScope.overwrite_default_scope(scope):
        # MMEngine does not read safetensors.
        plain = path.suffix == '.safetensors'
        model = init(cfg, None if plain else str(path), device=device)
        pipeline = Compose(prepare(cfg))
    own = model.state_dict()
    found = as_read_by(model, state_dict)
    try:
        # Published files may hold more than the model, not less.
        check_match(own, {k: v for k, v in found.items() if k in own})
    except CheckpointMismatchError as error:
        raise CheckpointMismatchError(f'{path}: {error}') from error
    if plain:
        model.load_state_dict({k: found[k] for k in own})
    description = dict(config=config, weights=weights, sha256=sha256(path))
    return MMModel(model, pipeline, description)


def predict(
    mm_model: MMModel, records: Iterable[dict], batch_size: int
) -> list:
    """Predict data samples, one for every record, in order.

    Only inputs of one shape share a batch, so that no prediction depends on
    the padding that its neighbours ask for.

    Args:
        mm_model (MMModel): Of :func:`load_model`.
        records (Iterable[dict]): Inputs of its pipeline.
        batch_size (int): The largest batch.
    """
    samples = []
    exact = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True
    )
    items = map(mm_model.pipeline, records)
    with torch.no_grad(), exact:
        for batch in _batches(items, batch_size):
            samples += mm_model.model.test_step(pseudo_collate(batch))
    return samples


def versions(*packages: str) -> dict[str, str]:
    """Return the installed versions of packages."""
    return {name: importlib.metadata.version(name) for name in packages}


def _read(config: str) -> Config:
    if '::' not in config:
        return read_config(config)
    try:
        return get_config(config)
    except Exception as error:
        # MMEngine fails with whatever it meets.
        raise PreflightError(
            f'{config} is no config of an installed package: {error}'
        ) from error


def _batches(items: Iterable[dict], size: int) -> Iterator[list[dict]]:
    batch = []
    for item in items:
        shape = item['inputs'].shape
        if batch and (len(batch) == size or batch[0]['inputs'].shape != shape):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch
