"""Registries of the ``mmkbdm`` scope.

MMEngine imports this file by itself when a config says ``mmkbdm.Name``, and
it swallows an ``ImportError`` raised here: only MMEngine may be imported.
The modules in ``locations`` are imported at the first look-up.
"""

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import (
    OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
)
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='mmkbdm',
    locations=[
        'mmkbdm.models.foundation',
        'mmkbdm.models.generators',
        'mmkbdm.models.knowledge_base',
        'mmkbdm.models.necks',
        'mmkbdm.models.pose_estimators',
        'mmkbdm.generation',
        'mmkbdm.engine.optim',
    ],
)

TRANSFORMS = Registry(
    'transform',
    parent=MMENGINE_TRANSFORMS,
    scope='mmkbdm',
    locations=['mmkbdm.datasets.transforms'],
)

HOOKS = Registry(
    'hook',
    parent=MMENGINE_HOOKS,
    scope='mmkbdm',
    locations=['mmkbdm.engine.hooks'],
)

OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optimizer wrapper constructor',
    parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS,
    scope='mmkbdm',
    locations=['mmkbdm.engine.merged_groups'],
)

LOOPS = Registry(
    'loop',
    parent=MMENGINE_LOOPS,
    scope='mmkbdm',
    locations=['mmkbdm.engine.loops'],
)

OPTIM_WRAPPERS = Registry(
    'optim_wrapper',
    parent=MMENGINE_OPTIM_WRAPPERS,
    scope='mmkbdm',
    locations=['mmkbdm.engine.optim'],
)

METRICS = Registry(
    'metric',
    parent=MMENGINE_METRICS,
    scope='mmkbdm',
    locations=['mmkbdm.evaluation.metrics'],
)

DATASETS = Registry(
    'dataset',
    parent=MMENGINE_DATASETS,
    scope='mmkbdm',
    locations=[
        'mmkbdm.datasets.foundation',
        'mmkbdm.datasets.generation',
        'mmkbdm.datasets.knowledge_base',
        'mmkbdm.datasets.recorded_samples',
    ],
)

# Estimators that find the people of generated images.
JUDGES = Registry(
    'judge',
    scope='mmkbdm',
    locations=['mmkbdm.evaluation.judges'],
)
