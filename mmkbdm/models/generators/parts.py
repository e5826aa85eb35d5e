"""Parts of diffusers and transformers from config dicts (ours).

A part is described in one of three ways, where ``type`` is the name of a
class of diffusers or transformers:

- ``dict(type=..., from_pretrained='folder or name on the hub',
  subfolder='unet')``: trained weights; further keywords go to the class's
  ``from_pretrained``;
- ``dict(type=..., from_config={...} or 'file.json')``: random weights, in
  the words of a published ``config.json``;
- ``dict(type=..., keyword=value)``: random weights.

Weights are float32, unless ``torch_dtype`` says otherwise. What is no dict is
taken as a part that is built already.
"""

import json
import os
import re
from collections.abc import Mapping

import torch
from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.made_by import made_by

from .base_checks import check_schedulers

DTYPES = ('float16', 'bfloat16', 'float32')


def build_part(cfg, part: str):
    """Build a part.

    Args:
        cfg (dict | object): See above.
        part (str): What it is for, such as ``unet``, for messages.

    Raises:
        PreflightError: There is no such class, folder or file, or it cannot
            be made of it; names the part.
    """
    if not isinstance(cfg, Mapping):
        return cfg
    settings = dict(cfg)
    kind = _find(settings.pop('type', None), part)
    if 'from_pretrained' in settings and 'from_config' in settings:
        raise PreflightError(
            f'{part} has from_pretrained and from_config: leave out one'
        )
    dtype = settings.pop('torch_dtype', 'float32')
    if dtype not in DTYPES:
        raise PreflightError(
            f'{part}: torch_dtype={dtype!r} must be one of {DTYPES}'
        )
    if 'from_pretrained' in settings:
        built = _load(kind, settings, part)
    else:
        built = _make(kind, settings, part)
    dtype = getattr(torch, dtype)
    if isinstance(built, nn.Module) and built.dtype != dtype:
        # Transformers keep the dtype of the file.
        return built.to(dtype)
    return built


def build_sampler(cfg, scheduler):
    """Build the scheduler of inference.

    Args:
        cfg (dict | object): ``type``, and what differs from the scheduler of
            training, so that both agree on the noise; or a scheduler.
        scheduler: Of training.

    Raises:
        PreflightError: See :func:`build_part`; or it does not fit the
            scheduler.
    """
    if not isinstance(cfg, Mapping) or cfg.keys() & {
        'from_pretrained',
        'from_config',
    }:
        sampler = build_part(cfg, 'sampler')
    else:
        settings = dict(cfg)
        kind = _find(settings.pop('type', None), 'sampler')
        sampler = _made(
            lambda: kind.from_config(scheduler.config, **settings),
            kind,
            'sampler',
        )
    check_schedulers(scheduler, sampler)
    return sampler


def _find(name: str | None, part: str) -> type:
    """Look a class up by name."""
    import diffusers
    import transformers

    if not isinstance(name, str):
        raise PreflightError(
            f'{part} needs a type, the name of a class of diffusers or '
            f'transformers, not {name!r}'
        )
    for library in (diffusers, transformers):
        found = getattr(library, name, None)
        if isinstance(found, type):
            return found
    raise PreflightError(
        f'{part}: neither diffusers {diffusers.__version__} nor transformers '
        f'{transformers.__version__} has a class {name}'
    )


def _load(kind: type, settings: dict, part: str):
    name = str(settings.pop('from_pretrained'))
    folder = os.path.join(name, settings.get('subfolder') or '.')
    folder = os.path.normpath(folder)
    # A name on the hub is "owner/name", and no folder lies there.
    on_hub = re.fullmatch(r'[\w-][\w.-]*/[\w-][\w.-]*', name)
    on_hub = on_hub and not os.path.isdir(name.partition('/')[0])
    command = made_by(folder)
    if (command or not on_hub) and not os.path.isdir(folder):
        wanted = 'one that save_pretrained wrote, or a name on the hub'
        raise PreflightError(
            f'{part}: the folder {folder} does not exist: '
            + (f'make it by {command}, or ' if command else '')
            + f'give {wanted}'
        )
    where = f'{part} of {folder}'
    if not issubclass(kind, nn.Module):
        return _made(
            lambda: kind.from_pretrained(name, **settings), kind, where
        )
    if hasattr(kind, 'config_class'):
        # Transformers would name the tensor in a table of the log only.
        settings.setdefault('ignore_mismatched_sizes', True)
    built, info = _made(
        lambda: kind.from_pretrained(
            name, output_loading_info=True, **settings
        ),
        kind,
        where,
    )
    check_whole(info, where)
    return built


def check_whole(info: dict, where: str) -> None:
    """Refuse weights of which both libraries would draw a part at random.

    Args:
        info (dict): Their ``output_loading_info``.
        where (str): Part and folder, for the message.

    Raises:
        PreflightError: Names the first weight that does not fit.
    """
    problems = [
        f'{key} is not in them' for key in sorted(info['missing_keys'])
    ]
    problems += [
        f'{key} is {tuple(found)} in them, not {tuple(wanted)}'
        for key, found, wanted in sorted(info['mismatched_keys'])
    ]
    if problems:
        raise PreflightError(
            f'{where}: the weights are of another network, {problems[0]}, '
            f'and {len(problems) - 1} more do not fit: give the folder that '
            'they were saved in, with its config.json'
        )


def _make(kind: type, settings: dict, part: str):
    config = settings.pop('from_config', None)
    if isinstance(config, str):
        config = _read(config, part)
    if hasattr(kind, 'config_class'):
        # Models of transformers take one object.
        merged = {**(config or {}), **settings}
        return _made(lambda: kind(kind.config_class(**merged)), kind, part)
    if config is None:
        return _made(lambda: kind(**settings), kind, part)
    if not hasattr(kind, 'from_config'):
        raise PreflightError(
            f'{part}: {kind.__name__} is not made by from_config: give '
            'from_pretrained or its keywords'
        )
    return _made(
        lambda: kind.from_config(dict(config), **settings), kind, part
    )


def _read(path: str, part: str) -> dict:
    try:
        with open(path, encoding='utf-8') as file:
            return json.load(file)
    except OSError as error:
        raise PreflightError(
            f'{part}: {path} cannot be read ({error.strerror})'
        ) from error
    except ValueError as error:
        raise PreflightError(f'{part}: {path} is no JSON ({error})') from error


def _made(make, kind: type, part: str):
    try:
        return make()
    except Exception as error:
        # Both libraries fail with whatever they meet.
        reason = str(error).strip().partition('\n')[0]
        raise PreflightError(
            f'{part}: {kind.__name__} cannot be built ({reason}): mend its '
            'arguments, or give another folder'
        ) from error
