"""Registries of the ``mmkbdm`` scope.

MMEngine imports this file by itself when a config says ``mmkbdm.Name``, and
it swallows an ``ImportError`` raised here: only MMEngine may be imported.
The modules in ``locations`` are imported at the first look-up.
"""

from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

MODELS = Registry(
    'model',
    parent=MMENGINE_MODELS,
    scope='mmkbdm',
    locations=[
        'mmkbdm.models.generators',
        'mmkbdm.models.knowledge_base',
        'mmkbdm.models.necks',
        'mmkbdm.models.pose_estimators',
        'mmkbdm.generation',
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
        'mmkbdm.datasets.generation',
        'mmkbdm.datasets.knowledge_base',
    ],
)

# Estimators that find the people of generated images.
JUDGES = Registry(
    'judge',
    scope='mmkbdm',
    locations=['mmkbdm.evaluation.judges'],
)
