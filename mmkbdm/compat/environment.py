"""Questions about installed packages, answered without importing them."""

import ast
import re
from importlib import metadata, util
from importlib.machinery import ModuleSpec
from pathlib import Path

# The maintained forks and the builds without operators have names of their
# own but install the same module.
DISTRIBUTIONS = {
    'cv2': ('opencv-python', 'opencv-python-headless'),
    'json_tricks': ('json-tricks',),
    'mmcv': ('mmcv', 'mmcv-lite', 'onedl-mmcv'),
    'mmdet': ('mmdet', 'onedl-mmdetection'),
    'mmengine': ('mmengine', 'mmengine-lite', 'onedl-mmengine'),
    'mmpretrain': ('mmpretrain', 'onedl-mmpretrain'),
    'PIL': ('pillow',),
}


def find_package(name: str) -> ModuleSpec | None:
    """Find a top-level package without importing it.

    Args:
        name (str): Name as it is imported, without dots.

    Returns:
        ModuleSpec | None: None when the package cannot be imported.
    """
    try:
        return util.find_spec(name)
    except (ImportError, ValueError):
        # An import hook that refuses the name, or a module that somebody
        # put into ``sys.modules`` without a spec.
        return None


def package_file(name: str, *parts: str) -> Path | None:
    """Path of a file inside a package, None when either is missing."""
    spec = find_package(name)
    if spec is None or spec.submodule_search_locations is None:
        return None
    for folder in spec.submodule_search_locations:
        path = Path(folder, *parts)
        if path.is_file():
            return path
    return None


def distribution(name: str) -> tuple[str, str] | None:
    """Name and version of the distribution that installed a module."""
    for candidate in DISTRIBUTIONS.get(name, (name,)):
        try:
            return candidate, metadata.version(candidate)
        except metadata.PackageNotFoundError:
            continue
    return None


def installed_version(name: str) -> str | None:
    """Version of the distribution that installed a module."""
    found = distribution(name)
    return None if found is None else found[1]


def release(version: str) -> tuple[int, ...]:
    """Leading numbers of a version: ``'2.13.0+cpu'`` -> ``(2, 13, 0)``."""
    match = re.match(r'\d+(?:\.\d+)*', version)
    if match is None:
        raise ValueError(f'not a version: {version!r}')
    return tuple(int(part) for part in match.group().split('.'))


def module_names(path: Path) -> set[str]:
    """Names that the top level of a source file binds."""
    names = set()
    for node in ast.parse(path.read_text(encoding='utf-8')).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(alias.asname or alias.name for alias in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
    return names
