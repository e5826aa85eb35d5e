"""The errors that users of this stack meet, with a probe for each.

One table for ``python -m mmkbdm.check_env`` and for the README, so that what
is documented is what is checked.
"""

import enum
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..compat import (
    mmcv_ext,
    mmpretrain_multimodal,
    torchvision_fake,
    weights_only,
)
from ..compat.environment import (
    distribution,
    find_package,
    installed_version,
    package_file,
    release,
)


class Verdict(enum.Enum):
    """Whether a row of the table applies to this environment."""

    NO = 'no'
    HANDLED = 'yes, handled by mmkbdm.compat'
    USAGE = 'depends on the call'
    BREAKS = 'yes, training does not work'


@dataclass(frozen=True)
class Finding:
    """What a probe found.

    Args:
        verdict (Verdict): Whether the row applies.
        detail (str): The observation behind it, in one line.
    """

    verdict: Verdict
    detail: str


@dataclass(frozen=True)
class Row:
    """One row of the troubleshooting table.

    Args:
        error (str): The text as the user sees it.
        cause (str): Why it appears.
        fix (str): What to do about it.
        probe (Callable): Tells whether it applies here.
    """

    error: str
    cause: str
    fix: str
    probe: Callable[[], Finding]


def _shim(module) -> Callable[[], Finding]:
    """Probe for an error that a shim of mmkbdm.compat handles."""

    def probe() -> Finding:
        needed, reason = module.needed()
        return Finding(Verdict.HANDLED if needed else Verdict.NO, reason)

    return probe


def _numpy_abi() -> Finding:
    versions = ', '.join(
        f'{name} {installed_version(name) or "not installed"}'
        for name in ('numpy', 'xtcocotools')
    )
    if find_package('xtcocotools') is None:
        return Finding(Verdict.NO, versions)
    try:
        importlib.import_module('xtcocotools.mask')
    except (ValueError, ImportError) as error:
        # NumPy says it with either, depending on its version.
        return Finding(Verdict.BREAKS, f'{versions}: {error}')
    return Finding(Verdict.NO, f'{versions}: they fit together')


def _pkg_resources() -> Finding:
    version = installed_version('setuptools') or 'not installed'
    if find_package('pkg_resources') is None:
        return Finding(Verdict.BREAKS, f'setuptools {version} lacks it')
    return Finding(Verdict.NO, f'setuptools {version} has it')


def _chumpy() -> Finding:
    if find_package('mmpose') is None:
        return Finding(
            Verdict.BREAKS,
            'mmpose is not installed; "pip install mmpose" would build chumpy',
        )
    return Finding(Verdict.NO, 'mmpose is installed and never imports chumpy')


def _registry() -> Finding:
    if find_package('mmengine') is None:
        return Finding(Verdict.BREAKS, 'mmengine is not installed')
    from mmengine.registry import MODELS

    if MODELS.get('mmkbdm.RMPG') is None:
        return Finding(Verdict.BREAKS, 'mmkbdm.RMPG is not found')
    return Finding(Verdict.NO, 'MMEngine finds mmkbdm.RMPG')


def _version_range(package: str) -> tuple[str, str] | None:
    """Read from its source which mmcv a package accepts."""
    path = package_file(package, '__init__.py')
    if path is None:
        return None
    bounds = re.findall(
        r"^mmcv_(?:minimum|maximum)_version = '(.+)'",
        path.read_text(encoding='utf-8'),
        re.MULTILINE,
    )
    return tuple(bounds) if len(bounds) == 2 else None


def _mmcv_range() -> Finding:
    found = distribution('mmcv')
    if found is None:
        return Finding(Verdict.BREAKS, 'mmcv is not installed')
    name, version = found
    for package in ('mmdet', 'mmpose', 'mmpretrain'):
        bounds = _version_range(package)
        if bounds is None:
            continue
        low, high = map(release, bounds)
        # MMPose alone would accept the upper bound itself.
        if not low <= release(version) < high:
            return Finding(
                Verdict.BREAKS,
                f'{package} accepts mmcv >= {bounds[0]}, < {bounds[1]}; '
                f'{name} {version} is installed',
            )
    return Finding(Verdict.NO, f'{name} {version} is in every range')


def _scope() -> Finding:
    return Finding(Verdict.USAGE, 'only a type without scope is not found')


def _aliases() -> Finding:
    return Finding(Verdict.USAGE, 'only model aliases are downloaded')


TABLE = (
    Row(
        error="ModuleNotFoundError: No module named 'mmcv._ext'",
        cause='MMPose and MMDetection import mmcv.ops, and mmcv-lite has no '
        'compiled operators.',
        fix='Call mmkbdm.compat.activate() before importing mmpose, or '
        'install compiled mmcv: pip install -U openmim && '
        'mim install "mmcv>=2.0.0,<2.2.0"',
        probe=_shim(mmcv_ext),
    ),
    Row(
        error='RuntimeError: operator torchvision::nms does not exist',
        cause='torchvision was built for another torch, for example the CUDA '
        'wheel of PyPI beside a CPU build of torch.',
        fix='Call mmkbdm.compat.activate() before importing torchvision, or '
        'install torch and torchvision from the same index.',
        probe=_shim(torchvision_fake),
    ),
    Row(
        error="ModuleNotFoundError: Could not import module 'PreTrainedModel'",
        cause='The same as for "operator torchvision::nms does not exist", '
        'met by transformers and diffusers, which hide it.',
        fix='Call mmkbdm.compat.activate() before importing diffusers, '
        'transformers or mmkbdm.pipelines, or install torch and torchvision '
        'from the same index.',
        probe=_shim(torchvision_fake),
    ),
    Row(
        error='TypeError: NoneType takes no arguments',
        cause='mmpretrain imports its multimodal models when pycocotools and '
        'transformers are installed, and recent transformers lacks names '
        'that they use.',
        fix='Call mmkbdm.compat.activate() before importing mmpretrain or '
        'mmdet.',
        probe=_shim(mmpretrain_multimodal),
    ),
    Row(
        error="ImportError: cannot import name 'apply_chunking_to_forward'",
        cause='The same as for "NoneType takes no arguments".',
        fix='Call mmkbdm.compat.activate() before importing mmpretrain or '
        'mmdet.',
        probe=_shim(mmpretrain_multimodal),
    ),
    Row(
        error='_pickle.UnpicklingError: Weights only load failed',
        cause='torch >= 2.6 loads with weights_only=True, and MMEngine '
        'checkpoints hold a HistoryBuffer and NumPy values.',
        fix='Call mmkbdm.compat.activate() before loading. If the error '
        'stays, the file names other code: do not load it.',
        probe=_shim(weights_only),
    ),
    Row(
        error='ValueError: numpy.dtype size changed, may indicate binary '
        'incompatibility',
        cause='The wheels of xtcocotools are built for NumPy 1.',
        fix='pip install "numpy<2" "opencv-python<4.12"',
        probe=_numpy_abi,
    ),
    Row(
        error="ModuleNotFoundError: No module named 'pkg_resources'",
        cause='setuptools 82 removed it, and MMEngine uses it to resolve '
        'mmpose:: configs.',
        fix='pip install "setuptools<82"',
        probe=_pkg_resources,
    ),
    Row(
        error="ModuleNotFoundError: No module named 'pip'",
        cause='mmpose requires chumpy, whose setup.py fails in an isolated '
        'build. mmpose never imports it.',
        fix='pip install --no-deps "mmpose>=1.2.0"',
        probe=_chumpy,
    ),
    Row(
        error="KeyError: 'mmkbdm.RMPG is not in the mmpose::model registry",
        cause='mmkbdm is not installed in this environment, or importing '
        'its registry failed: MMEngine hides that error.',
        fix='pip install -e . in the repository, then: '
        'python -c "import mmkbdm.registry"',
        probe=_registry,
    ),
    Row(
        error="KeyError: 'RMPG is not in the mmengine::model registry",
        cause='The config names the model without its scope.',
        fix="Write type='mmkbdm.RMPG'.",
        probe=_scope,
    ),
    Row(
        error='AssertionError: MMCV==2.2.0 is used but incompatible. Please '
        'install mmcv>=2.0.0rc4, <2.2.0.',
        cause='MMDetection 3.3.0 accepts mmcv below 2.2.0 only.',
        fix='pip install "mmcv-lite==2.1.0", or compiled: '
        'mim install "mmcv>=2.0.0,<2.2.0"',
        probe=_mmcv_range,
    ),
    Row(
        error='urllib.error.URLError: <urlopen error',
        cause='MMPoseInferencer downloads configs and weights when the pose '
        'model or the detector is given as an alias.',
        fix='Give config path and weights path of both models, or '
        "det_model='whole_image'; pass det_cat_ids=(0,) explicitly.",
        probe=_aliases,
    ),
)


def to_markdown(table: tuple[Row, ...] = TABLE) -> str:
    """Render the table for the README.

    Args:
        table (tuple[Row]): Rows. Defaults to :data:`TABLE`.

    Returns:
        str: A Markdown table with one line per row.
    """
    lines = ['| error | cause | fix |', '|---|---|---|']
    lines += [f'| `{r.error}` | {r.cause} | {r.fix} |' for r in table]
    return '\n'.join(lines) + '\n'
