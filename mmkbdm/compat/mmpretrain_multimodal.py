"""Keep mmpretrain from importing its multimodal models.

mmpretrain 1.2.0 imports them whenever pycocotools and transformers are both
installed. They use names that ``transformers.modeling_utils`` stopped to
offer between 4.50 and 4.56: ``cannot import name
'apply_chunking_to_forward'`` or ``NoneType takes no arguments``. ViTPose's
backbone and MMDetection need nothing of them.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

from .environment import find_package, module_names, package_file
from .shim import Shim

NAME = 'mmpretrain.utils.dependency'
# What mmpretrain 1.2.0 takes from ``transformers.modeling_utils``. The names
# are looked up in its source: the version in which they went away differs
# from name to name, and importing transformers takes seconds.
WANTED = frozenset(
    {
        'GenerationConfig',
        'GenerationMixin',
        'PreTrainedModel',
        'PretrainedConfig',
        'apply_chunking_to_forward',
        'find_pruneable_heads_and_indices',
        'prune_linear_layer',
    }
)


def needed() -> tuple[bool, str]:
    """Tell whether mmpretrain would import names that transformers lacks."""
    for package in ('mmpretrain', 'pycocotools', 'transformers'):
        if find_package(package) is None:
            return False, f'{package} is not installed'
    if package_file('mmpretrain', 'utils', 'dependency.py') is None:
        return False, 'this mmpretrain has no multimodal models'
    source = package_file('transformers', 'modeling_utils.py')
    if source is None:
        return False, 'transformers has no modeling_utils.py'
    missing = sorted(WANTED - module_names(source))
    if missing:
        return True, f'transformers lacks {", ".join(missing)}'
    return False, 'transformers has the names that mmpretrain imports'


def _load_dependency() -> ModuleType:
    """Load the module without its package.

    ``import mmpretrain.utils.dependency`` would run ``mmpretrain/__init__``
    first, which imports all inferencers and takes seconds.
    """
    path = package_file('mmpretrain', 'utils', 'dependency.py')
    spec = spec_from_file_location(NAME, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[NAME] = module
    return module


def activate() -> Shim:
    """Set ``WITH_MULTIMODAL`` to False before mmpretrain's models read it."""
    if 'mmpretrain.models' in sys.modules:
        return Shim(NAME, False, 'mmpretrain.models is already imported')
    active, reason = needed()
    if active:
        module = sys.modules.get(NAME) or _load_dependency()
        module.WITH_MULTIMODAL = False
    return Shim(NAME, active, reason)
