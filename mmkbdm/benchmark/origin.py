"""Where measurements are from (ours)."""

import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def machine(device: str = 'cpu') -> str:
    """Name the kind of machine, and the GPU if ``device`` is ``cuda``."""
    import torch

    name = f'{platform.system()} {platform.machine()}'
    if device == 'cuda':
        name = f'{torch.cuda.get_device_name()}, {name}'
    return f'{name}, torch {torch.__version__}'


def commit() -> str:
    """Name the commit that is checked out, and whether code was changed."""
    git = ['git', '-C', str(ROOT)]
    try:
        head = subprocess.check_output(
            [*git, 'rev-parse', '--short', 'HEAD'],
            text=True,
            stderr=subprocess.DEVNULL,
        ).strip()
        changed = subprocess.check_output(
            [*git, 'status', '--porcelain', '-uno', 'mmkbdm', 'configs'],
            text=True,
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'
    return f'{head}, changed' if changed else head
