"""All that a process of the toy generation experiment imports (ours).

Importing this module is what makes a process ready, so that those forked from
it are; it is for :mod:`mmkbdm.benchmark.workers` alone.
"""

from mmkbdm import compat

compat.activate()

import diffusers.models  # noqa: E402, F401
import mmpose.apis  # noqa: E402, F401
import transformers  # noqa: E402, F401

import mmkbdm.benchmark.generation_work  # noqa: E402
import mmkbdm.benchmark.guidance  # noqa: E402, F401
