"""Networks whose features are compared, by the name of their config."""

import torch
from torch import nn

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import MODELS


def build_features(config: str) -> tuple[nn.Module, str]:
    """Build the network that a config file describes as ``features``.

    Args:
        config (str): A file such as those in ``configs/features``.

    Returns:
        tuple[nn.Module, str]: It takes (B, 3, H, W) uint8 RGB and answers
        (B, d), and is on a GPU where there is one; and its name with its
        arguments, for reports.

    Raises:
        PreflightError: The file is not there or describes no such network,
            or the network lacks a file or a package.
    """
    cfg = read_config(config).get('features')
    if cfg is None:
        raise PreflightError(
            f'{config} describes no features: it needs '
            'features = dict(type=...), as in configs/features/inception.py'
        )
    cfg = dict(cfg)
    name = cfg['type'].rpartition('.')[2]
    arguments = [f'{key}={cfg[key]}' for key in cfg if key != 'type']
    if arguments:
        name += f' ({", ".join(arguments)})'
    return _build(cfg, config), name


def build_clip(name_or_path: str) -> nn.Module:
    """Build the network of the CLIP score.

    Args:
        name_or_path (str): See :class:`CLIPFeatures`.

    Raises:
        PreflightError: It is neither there nor to be downloaded.
    """
    cfg = dict(type='mmkbdm.CLIPFeatures', name_or_path=name_or_path)
    return _build(cfg, name_or_path)


def _build(cfg: dict, name: str) -> nn.Module:
    if MODELS.get(cfg['type']) is None:
        raise PreflightError(
            f'{name}: {cfg["type"]} is not registered: see mmkbdm/evaluation/'
            'metrics for those that are, or add custom_imports to the config'
        )
    try:
        network = MODELS.build(cfg)
    # What transformers and torchmetrics raise for files and packages that
    # are not there.
    except (OSError, ImportError) as error:
        raise PreflightError(
            f'{name} cannot be loaded ({error}): give a local folder or '
            'file, or install what is missing'
        ) from error
    return network.eval().to('cuda' if torch.cuda.is_available() else 'cpu')
