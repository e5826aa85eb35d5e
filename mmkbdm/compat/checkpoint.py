"""Reading a checkpoint file before anything is built from it."""

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from . import weights_only
from .environment import release

# Zip archives of torch >= 1.6, and the plain pickles before that.
_ZIP_MAGIC = b'PK\x03\x04'
_LEGACY_MAGIC = b'\x80\x02'


class CheckpointError(ValueError):
    """A file is not a checkpoint that can be used, with the reason."""


def _refusal(error: pickle.UnpicklingError) -> str | None:
    """Read from torch's message what the file asked for."""
    message = str(error)
    # "class" is how torch < 2.4 says it.
    asked = re.search(r'(?:GLOBAL|Unsupported class) (\S+)', message)
    if asked is not None:
        name = asked.group(1)
        # torch leaves out the module of builtins.
        return f'call {name if "." in name else f"builtins.{name}"}'
    asked = re.search(r'unrecognized function (.+)', message)
    if asked is None:
        asked = re.search(r'but got (<.+>)', message)
    return None if asked is None else f'use {asked.group(1)}'


def _detail(error: Exception) -> str:
    """First informative line of an error message."""
    message = str(error).rpartition('WeightsUnpickler error:')[2].strip()
    return message.split('\n')[0] or type(error).__name__


def _load(path: Path, map_location):
    import torch

    options = {}
    if zipfile.is_zipfile(path) and release(torch.__version__) >= (2, 1):
        # Mapping the file leaves the tensors on disk until they are used.
        options['mmap'] = True
    return torch.load(
        path, map_location=map_location, weights_only=True, **options
    )


def _load_safetensors(path: Path, map_location) -> dict:
    """Read a file that holds tensors and no code."""
    try:
        from safetensors.torch import load_file
    except ImportError as error:
        raise CheckpointError(
            f'{path}: reading it needs the package safetensors'
        ) from error
    try:
        return load_file(path, device=map_location)
    except Exception as error:
        raise CheckpointError(
            f'{path}: damaged or no safetensors file: {_detail(error)}'
        ) from error


def _lacks(checkpoint) -> str | None:
    """Say what a loaded object lacks to be a checkpoint."""
    import torch

    if not isinstance(checkpoint, Mapping):
        return f'holds a {type(checkpoint).__name__}, not a dict'
    state_dict = checkpoint.get('state_dict', checkpoint)
    if isinstance(state_dict, Mapping) and any(
        isinstance(value, torch.Tensor) for value in state_dict.values()
    ):
        return None
    keys = ', '.join(map(str, list(checkpoint)[:8]))
    return f'has no state dict, its keys are: {keys}'


def read_checkpoint(path: str | Path, map_location: str = 'cpu') -> dict:
    """Load a checkpoint without running any code that it names.

    The tensors of a zip archive stay in the file until they are used, so do
    not overwrite the file in place while the result is alive. With torch
    before 2.6 a checkpoint that holds MMEngine's message hub is refused.

    Args:
        path (str | Path): A file written by ``torch.save``; or one that
            ends in ``.safetensors``, a bare state dict.
        map_location (str): Where the tensors go. Defaults to 'cpu'.

    Returns:
        dict: The content: a dict with ``state_dict``, or a state dict.

    Raises:
        CheckpointError: The file is missing, damaged, names code, or holds
            no state dict. The message is one line.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f'{path}: no such file')
    if path.suffix == '.safetensors':
        return _load_safetensors(path, map_location)
    with path.open('rb') as file:
        magic = file.read(4)
    if magic != _ZIP_MAGIC and not magic.startswith(_LEGACY_MAGIC):
        raise CheckpointError(f'{path}: not a checkpoint file of torch.save')
    weights_only.activate()
    try:
        checkpoint = _load(path, map_location)
    except pickle.UnpicklingError as error:
        asked = _refusal(error)
        if asked is None:
            reason = f'cannot be read as a checkpoint: {_detail(error)}'
        else:
            reason = f'refused: it asks to {asked}; nothing was executed'
        raise CheckpointError(f'{path}: {reason}') from error
    except Exception as error:
        # A damaged file makes the reader fail with whatever it meets.
        raise CheckpointError(
            f'{path}: damaged or not a checkpoint: {_detail(error)}'
        ) from error
    lack = _lacks(checkpoint)
    if lack is not None:
        raise CheckpointError(f'{path}: {lack}')
    return checkpoint
