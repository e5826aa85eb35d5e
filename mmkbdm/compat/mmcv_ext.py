"""Stand-in for the compiled ``mmcv._ext``.

MMPose and MMDetection import ``mmcv.ops`` whatever they use of it, and
mmcv-lite has no compiled operators: ``No module named 'mmcv._ext'``. Here
they can be imported; an operator that is called says what is missing.
"""

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from .environment import find_package
from .shim import Shim

NAME = 'mmcv._ext'


class MissingOperatorError(NotImplementedError):
    """A compiled operator of mmcv was called where there is none."""


class StandIn(ModuleType):
    """Module that has every operator: ``nms`` works, the others raise."""

    def __init__(self):
        super().__init__(NAME, __doc__)
        # Without a loader ``mmcv.utils.ext_loader.check_ops_exist`` keeps
        # answering that there are no compiled operators.
        self.__spec__ = ModuleSpec(NAME, loader=None)

    def __getattr__(self, name: str) -> Callable:
        if name.startswith('__'):
            raise AttributeError(name)
        if name == 'nms':
            from .nms import nms

            return nms
        if name in ('get_compiler_version', 'get_compiling_cuda_version'):
            # Asked by ``collect_env``, which writes n/a without mmcv.ops.
            return lambda: 'n/a'

        def missing(*args, **kwargs):
            raise MissingOperatorError(
                f'mmcv operator {name!r} needs compiled mmcv, and this '
                'environment has only its Python part (mmcv-lite). With a '
                'torch version that mmcv has wheels for: '
                'pip install -U openmim && mim install "mmcv>=2.0.0,<2.2.0"'
            )

        return missing


def needed() -> tuple[bool, str]:
    """Tell whether mmcv is installed without its compiled module."""
    spec = find_package('mmcv')
    if spec is None:
        return False, 'mmcv is not installed'
    # Not ``find_spec(NAME)``: it would import mmcv.
    if PathFinder.find_spec(NAME, spec.submodule_search_locations):
        return False, 'mmcv has its compiled operators'
    return True, 'mmcv has no compiled operators'


def activate() -> Shim:
    """Put the stand-in where ``mmcv.ops`` looks for the compiled module."""
    active, reason = needed()
    if active:
        module = sys.modules.get(NAME)
        if module is None:
            module = sys.modules[NAME] = StandIn()
        elif not isinstance(module, StandIn):
            return Shim(NAME, False, 'another module stands in already')
        if 'mmcv' in sys.modules:
            sys.modules['mmcv']._ext = module
    return Shim(NAME, active, reason)
