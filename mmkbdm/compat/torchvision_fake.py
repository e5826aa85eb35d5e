"""Import of torchvision whose compiled operators cannot load.

The torchvision wheel of PyPI is the CUDA build. Beside a CPU build of torch
its library does not load, which torchvision tolerates, and then registering
fake kernels for the missing operators stops the import: ``operator
torchvision::nms does not exist``. MMPose imports torchvision but calls none
of its operators.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
)

from .environment import find_package
from .shim import Shim

NAME = 'torchvision'


def needed() -> tuple[bool, str]:
    """Tell whether torchvision's compiled operators cannot load.

    The library is loaded the way ``torchvision.extension`` loads it. Where
    that works nothing is lost: importing torchvision loads it anyway.
    """
    spec = find_package(NAME)
    if spec is None:
        return False, 'torchvision is not installed'
    if find_package('torch') is None:
        return False, 'torch is not installed'
    import torch

    if not hasattr(torch.library, 'register_fake'):
        return False, 'this torch has no torch.library.register_fake'
    folder = os.path.dirname(spec.origin)
    library = FileFinder(
        folder, (ExtensionFileLoader, EXTENSION_SUFFIXES)
    ).find_spec('_C')
    if library is None:
        return True, 'torchvision has no compiled operators'
    try:
        torch.ops.load_library(library.origin)
    except OSError:
        return True, "torchvision's compiled operators do not fit this torch"
    return False, "torchvision's compiled operators load"


@contextmanager
def tolerant_register_fake() -> Iterator[None]:
    """Let ``torch.library.register_fake`` skip operators that are missing."""
    import torch

    original = torch.library.register_fake

    def register_fake(op, func=None, /, **kwargs) -> Callable:
        if isinstance(op, str):
            namespace, name = op.split('::')
            if not hasattr(getattr(torch.ops, namespace), name.split('.')[0]):
                return func if func else lambda function: function
        return original(op, func, **kwargs)

    torch.library.register_fake = register_fake
    try:
        yield
    finally:
        torch.library.register_fake = original


def activate() -> Shim:
    """Import torchvision, tolerating operators that do not exist."""
    if NAME in sys.modules:
        return Shim(NAME, False, 'torchvision is already imported')
    active, reason = needed()
    if active:
        with tolerant_register_fake():
            importlib.import_module(NAME)
    return Shim(NAME, active, reason)
