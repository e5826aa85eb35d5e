"""Networks whose features are compared, by the name of their config."""

import torch
from torch import nn

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.build_from import build_from
from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.fingerprint import parameters_sha256
from mmkbdm.registry import MODELS

# Of the checksum, enough to tell networks apart.
DIGITS = 12


def build_features(config: str) -> tuple[nn.Module, str]:
    """Build the network that a config file describes as ``features``.

    Args:
        config (str): A file such as those in ``configs/features``.

    Returns:
        tuple[nn.Module, str]: It takes (B, 3, H, W) uint8 RGB and answers
        (B, d), and is on a GPU where there is one; and its name with its
        arguments and the checksum of its parameters, for reports.

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
    network = _build(cfg, config)
    facts = [f'{key}={cfg[key]}' for key in cfg if key != 'type']
    if network.state_dict():
        facts.append(f'parameters {parameters_sha256(network)[:DIGITS]}')
    name = type(network).__name__
    return network, f'{name} ({", ".join(facts)})' if facts else name


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
    network = build_from(MODELS, cfg, name)
    return network.eval().to('cuda' if torch.cuda.is_available() else 'cpu')
