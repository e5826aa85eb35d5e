"""Imports for the processes of the ToyHuman experiment (ours).

MMEngine's registries would import these modules late, in every process again.
"""

import importlib

from mmkbdm import compat

compat.activate()
for name in (
    'mmpose.datasets',
    'mmpose.engine',
    'mmpose.evaluation',
    'mmpose.models',
    'mmpose.visualization',
    'mmkbdm.benchmark.toy_work',
    'mmkbdm.datasets.recorded_samples',
    'mmkbdm.engine.hooks',
    'mmkbdm.engine.merged_groups',
    'mmkbdm.evaluation.metrics',
    'mmkbdm.models.necks',
    'mmkbdm.models.pose_estimators',
):
    importlib.import_module(name)
