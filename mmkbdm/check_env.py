"""Report whether this environment can train: ``python -m mmkbdm.check_env``.

Exit status 0 when it can, 1 when it cannot. Packages that are missing or
broken are what the report is about, so none is imported at the top.
"""

import importlib
import platform
import sys
from dataclasses import dataclass

from . import compat
from .compat.environment import distribution, find_package, release
from .utils.troubleshooting import TABLE, Verdict
from .version import __version__


@dataclass(frozen=True)
class Package:
    """A package of the stack.

    Args:
        module (str): Name as it is imported.
        tested (str): Version that was tested.
        install (str | None): How to install it. None when training works
            without it.
    """

    module: str
    tested: str
    install: str | None = None


def _required(module: str, tested: str, install: str) -> Package:
    return Package(module, tested, f'pip install {install}')


STACK = (
    _required('torch', '2.13.0', 'torch'),
    _required('torchvision', '0.28.0', 'torchvision'),
    _required('numpy', '1.26.4', '"numpy<2"'),
    _required('cv2', '4.11.0.86', '"opencv-python<4.12"'),
    _required('setuptools', '81.0.0', '"setuptools<82"'),
    _required('mmengine', '0.10.7', 'mmengine'),
    _required('mmcv', '2.1.0', '"mmcv-lite==2.1.0"'),
    _required('mmpose', '1.3.2', '--no-deps "mmpose>=1.2.0"'),
    _required('xtcocotools', '1.14.3', 'xtcocotools "numpy<2"'),
    _required('json_tricks', '3.17.3', 'json-tricks'),
    _required('munkres', '3.0.0', 'munkres'),
    _required('scipy', '1.17.1', 'scipy'),
    _required('matplotlib', '3.11.2', 'matplotlib'),
    _required('PIL', '13.0.0', 'pillow'),
    Package('mmdet', '3.3.0'),
    Package('mmpretrain', '1.2.0'),
    Package('pycocotools', '2.0.11'),
    Package('diffusers', '0.42.1'),
    Package('transformers', '5.23.0'),
    Package('accelerate', '1.15.0'),
    Package('safetensors', '0.8.0'),
    Package('torchmetrics', '1.9.0'),
)


def _packages() -> tuple[list[str], list[str]]:
    """Lines on every package, and the problems among them."""
    lines, problems = [], []
    for package in STACK:
        found = distribution(package.module)
        if find_package(package.module) is None:
            name, version = package.module, '-'
            if package.install is None:
                mark = 'missing (not needed for training)'
            else:
                mark = 'MISSING'
                problems.append(f'{name} is missing. Fix: {package.install}')
        elif found is None:
            name, version, mark = package.module, '?', 'version unknown'
        else:
            name, version = found
            same = release(version) == release(package.tested)
            mark = 'tested' if same else f'tested with {package.tested}'
        lines.append(f'  {name:<16}{version:<16}{mark}')
    return lines, problems


def _failure(action, *args) -> str | None:
    """Run something and describe how it failed, None when it did not."""
    try:
        action(*args)
    except Exception as error:
        # A broken environment can raise anything, and the report goes on.
        first = str(error).strip().split('\n')[0]
        return f'{type(error).__name__}: {first}'
    return None


def _shims() -> tuple[list[str], list[str]]:
    """Lines on the shims, and the problem when they cannot be activated."""
    failure = _failure(compat.activate)
    if failure is not None:
        return [f'  failed: {failure}'], [f'mmkbdm.compat: {failure}']
    lines = [
        f'  {shim.name:<30}{"on " if shim.active else "off"} {shim.reason}'
        for shim in compat.activate()
    ]
    return lines, []


def _rows() -> tuple[list[str], list[str]]:
    """Lines on the troubleshooting table, and the rows that break."""
    lines, problems = [], []
    for row in TABLE:
        lines.append(f'  {row.error}')
        try:
            finding = row.probe()
        except Exception as error:
            # As above: what a probe meets is a finding, too.
            verdict = Verdict.BREAKS
            detail = f'{type(error).__name__}: {error}'.split('\n')[0]
        else:
            verdict, detail = finding.verdict, finding.detail
        lines.append(f'    applies: {verdict.value} ({detail})')
        if verdict is not Verdict.NO:
            lines.append(f'    fix: {row.fix}')
        if verdict is Verdict.BREAKS:
            problems.append(f'{row.error} ({detail}). Fix: {row.fix}')
    return lines, problems


def _imports() -> tuple[list[str], list[str]]:
    """Lines on the import that training begins with."""
    failure = _failure(importlib.import_module, 'mmpose.models')
    if failure is None:
        return ['  import mmpose.models: works'], []
    line = f'import mmpose.models: {failure}'
    fix = next(
        (row.fix for row in TABLE if row.error in failure),
        'install what is missing above, then run this again',
    )
    return [f'  {line}'], [f'{line}. Fix: {fix}']


def main() -> int:
    """Print the report.

    Returns:
        int: Exit status, 1 when training would not work here.
    """
    print(f'mmkbdm {__version__}')
    print(f'Python {platform.python_version()} on {platform.platform()}')
    problems = []
    for title, section in (
        ('Packages', _packages),
        ('Compatibility layer', _shims),
        ('MMPose', _imports),
        ('Known errors', _rows),
    ):
        lines, found = section()
        print(f'\n{title}')
        print('\n'.join(lines))
        problems += found
    if problems:
        print('\nTraining would not work here:')
        print('\n'.join(f'  - {problem}' for problem in problems))
        return 1
    print('\nTraining works here.')
    return 0


if __name__ == '__main__':
    sys.exit(main())
