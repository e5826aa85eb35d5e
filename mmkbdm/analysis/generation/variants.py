"""The methods of ``configs/kb_dmgen`` with random weights (ours)."""

from collections.abc import Collection
from pathlib import Path

import torch
from mmengine.config import Config
from torch import nn

from mmkbdm.models.generators.parts import build_part, build_sampler
from mmkbdm.registry import MODELS

CONFIGS = Path('configs/kb_dmgen')
PARTS = ('vae', 'unet', 'text_encoder', 'tokenizer')
# Name in tables: config, and what is set in it.
VARIANTS = {
    'Stable Diffusion': ('base', {}),
    'ControlNet': ('controlnet', {}),
    'Stable-Pose-style': ('stablepose', {}),
    '+ DM': ('dm', {}),
    '+ KB': ('kb', {}),
    'KB-DMGen': ('kbdmgen', {}),
    'KB-DMGen, 3x3 FiLM': ('kbdmgen', dict(film=dict(kind='conv3x3'))),
}
DATA = dict(sd15='sd15_humanart', toy='toy')


def random_config(
    name: str, architecture: str, folder: str | Path = CONFIGS
) -> Config:
    """Read a config, with random weights in place of trained ones.

    Args:
        name (str): Of a generator's config, without its data: ``kbdmgen``.
        architecture (str): ``sd15`` or ``toy``.
        folder (str or Path): Where the configs are. Defaults to
            ``configs/kb_dmgen``.
    """
    folder = Path(folder)
    cfg = Config.fromfile(folder / f'{name}_{DATA[architecture]}.py')
    random = Config.fromfile(folder / f'_base_/{architecture}_architecture.py')
    for part in PARTS:
        cfg.model[part] = random.model[part]
    if 'knowledge_base' in cfg.model:
        source = cfg.model.knowledge_base.source
        for stage in {'codebook', 'text_to_code'} & set(source):
            source[stage].pop('init_cfg', None)
    return cfg


def build_variants(
    names: Collection[str],
    architecture: str,
    device: str | torch.device,
    folder: str | Path = CONFIGS,
    seed: int = 0,
    **settings,
) -> dict[str, nn.Module]:
    """Build methods that differ in what their configs name only.

    Stable Diffusion and the adapters' copy of it are the same objects in
    all. What starts at zero gets small weights, as if it had been trained:
    a product with zeros takes less power, and so less time.

    Args:
        names (Collection[str]): Of :data:`VARIANTS`.
        architecture, folder: See :func:`random_config`.
        device (str or torch.device): Where they are built, not on the way
            through the CPU.
        seed (int): Of the weights. Defaults to 0.
        **settings: Further arguments of
            :class:`~mmkbdm.models.generators.PoseGuidedGenerator`.

    Returns:
        dict[str, PoseGuidedGenerator]: In evaluation mode, float32.
    """
    torch.manual_seed(seed)
    built, base, net = {}, {}, None
    for name in names:
        config, changes = VARIANTS[name]
        cfg = random_config(config, architecture, folder)
        cfg.merge_from_dict(dict(model=dict(changes)))
        model = {**cfg.model.to_dict(), **settings}
        # Schedulers compute on the CPU.
        scheduler = build_part(model['scheduler'], 'scheduler')
        sampler = build_sampler(model['sampler'], scheduler)
        model.update(scheduler=scheduler, sampler=sampler)
        with torch.device(device):
            for part in PARTS:
                base[part] = base.get(part) or build_part(model[part], part)
            generator = MODELS.build({**model, **base}).eval()
        if generator.adapter is not None:
            if net is None:
                wake(generator.adapter.net)
                net = generator.adapter.net
            generator.adapter.net = net
            wake(generator.adapter)
        built[name] = generator
    return built


@torch.no_grad()
def wake(module: nn.Module, scale: float = 0.02) -> None:
    """Give parameters that are zero small random weights."""
    for value in module.parameters():
        if value.is_meta or not value.requires_grad:
            continue
        if not value.any():
            value.normal_(std=scale)
