"""Metrics for MMEngine's evaluator, and what they compute.

``mmkbdm.evaluation.functional`` needs NumPy alone. So that it can be imported
without OpenMMLab, the metrics are imported when one is asked for.
"""

import importlib

__all__ = [
    'CLIPFeatures',
    'CLIPScore',
    'FeatureDistances',
    'InceptionFeatures',
    'KeypointAP',
    'LeftRightSwap',
    'OccludedAP',
    'PeopleCountError',
    'PoseBackboneFeatures',
    'PoseSimilarityAP',
]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no {name!r}')
    return getattr(importlib.import_module('mmkbdm.evaluation.metrics'), name)
