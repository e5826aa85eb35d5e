"""A host without a neck and with each preset of RMPG (ours)."""

import copy
from pathlib import Path

from mmengine.config import Config
from torch import nn

import mmkbdm
from mmkbdm.analysis.network import RawNetwork, build_network
from mmkbdm.apis.errors import PreflightError

BASE = 'base'
# The neck of a config that is no preset, such as a hierarchy.
OWN = 'own'
# Name in a table: name in configs/rmpg/_base_/rmpg.py
PRESETS = {'lite': 'rmpg_lite', 'default': 'rmpg', 'paper-size': 'rmpg_paper'}
# What depends on the host's feature map and not on the preset.
PLACEMENT = (
    'in_channels',
    'mid_channels',
    'kv_pool',
    'num_maps',
    'groups',
)


def load_presets() -> dict[str, dict]:
    """Read the arguments of the presets where the configs have theirs from.

    Raises:
        PreflightError: When the file is not beside the package.
    """
    package = Path(mmkbdm.__file__).parent
    # Installed configs are inside the package, those of a checkout beside it.
    folders = (package / '.mim' / 'configs', package.parent / 'configs')
    for folder in folders:
        path = folder / 'rmpg' / '_base_' / 'rmpg.py'
        if path.is_file():
            cfg = Config.fromfile(path)
            return {name: dict(cfg[key]) for name, key in PRESETS.items()}
    raise PreflightError(
        f'rmpg/_base_/rmpg.py is not in {folders[0]} nor in {folders[1]}: '
        'install mmkbdm again, pip install -e .'
    )


def build_variants(
    cfg: Config, name: str, presets: dict[str, dict]
) -> dict[str, RawNetwork]:
    """Build a host once, and a network without and with each neck around it.

    The networks share the modules of the host: they are for measuring one
    after the other, not for training.

    Args:
        cfg (Config): Complete config with an RMPG neck; its placement in the
            host is kept, its other arguments are those of the preset.
        name (str): Path of the config, for the messages.
        presets (dict[str, dict]): Arguments of the neck by variant.

    Returns:
        dict[str, RawNetwork]: ``base`` first, then the presets; last, if the
        neck is several RMPGs, ``own``, the network of the config.

    Raises:
        PreflightError: When the neck is another one, or something does not
            build.
    """
    from mmpose.registry import MODELS

    neck, hierarchical = _rmpg_of(cfg, name)
    place = {key: neck[key] for key in PLACEMENT if key in neck}
    # Its own neck is built as well: a wrong argument is to be told.
    estimator = build_network(cfg, name).estimator
    networks = {BASE: _with_neck(estimator, None)}
    for variant, preset in presets.items():
        try:
            built = MODELS.build({'type': 'mmkbdm.RMPG', **preset, **place})
        except (ValueError, TypeError) as error:
            raise PreflightError(
                f'{name} with the preset {variant}: {error}'
            ) from error
        networks[variant] = _with_neck(estimator, built)
    if hierarchical:
        networks[OWN] = _with_neck(estimator, estimator.neck)
    return networks


def _rmpg_of(cfg: Config, name: str) -> tuple[dict, bool]:
    """The neck of a config, and whether it is more than one RMPG."""
    from mmpose.registry import MODELS

    from mmkbdm.models.necks import RMPG

    neck = (cfg.get('model') or {}).get('neck')
    kind = neck.get('type') if isinstance(neck, dict) else None
    neck_class = MODELS.get(kind) if isinstance(kind, str) else None
    if neck_class is None or not issubclass(neck_class, RMPG):
        raise PreflightError(
            f'{name} has a neck of type {kind}, the presets are those of '
            'mmkbdm.RMPG: give a config with that neck'
        )
    return neck, neck_class is not RMPG


def _with_neck(estimator: nn.Module, neck: nn.Module | None) -> RawNetwork:
    """A twin of an estimator that has another neck and the same host.

    Predictors that only training has are left out.
    """
    twin = copy.copy(estimator)
    twin._modules = dict(estimator._modules)
    for part in ('neck', 'auxiliary'):
        twin._modules.pop(part, None)
    if neck is not None:
        twin.neck = neck
    return RawNetwork(twin).eval()
