"""What a run needs, checked before it starts (ours).

MMEngine and MMPose find a missing file one at a time, some of them after the
model is built and deep in a traceback. Here every path that a config names is
looked at first, and the first that is wrong is reported in one line.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlparse

import torch
from mmengine.config import Config
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import init_default_scope
from torch import nn

from mmkbdm.apis.build_from import check_cfg
from mmkbdm.apis.coco_file import check_coco_file
from mmkbdm.apis.errors import TOY_CONFIG, PreflightError
from mmkbdm.apis.made_by import TOY_DATA
from mmkbdm.apis.preflight_generation import (
    check_features,
    check_generator,
    check_graph,
    check_made,
    check_runner,
    check_stage,
)
from mmkbdm.compat import weights_only
from mmkbdm.compat.checkpoint import CheckpointError, read_checkpoint
from mmkbdm.registry import MODELS

SOURCES = {
    'CocoDataset': 'COCO 2017 from cocodataset.org',
    'CocoPoseText': 'COCO 2017 from cocodataset.org',
    'CrowdPoseDataset': 'CrowdPose from github.com/MVIG-SJTU/AlphaPose',
    'HumanArtDataset': 'Human-Art from idea-research.github.io/HumanArt',
    'HumanArtPoseText': 'Human-Art from idea-research.github.io/HumanArt',
    'MpiiDataset': 'MPII from human-pose.mpi-inf.mpg.de',
}

# Datasets with prompts, for which there is another toy.
GENERATION = ('CocoPoseText', 'HumanArtPoseText', 'PoseTextMapping')

# The estimator that supervises nodes of the neck.
SUPERVISED = 'SupervisedTopdownPoseEstimator'


def preflight(cfg: Config, phases: tuple[str, ...]) -> None:
    """Check the model, weights and data that a config names.

    Args:
        cfg (Config): Complete config.
        phases (tuple[str]): Which of ``train``, ``val``, ``test`` will run.

    Raises:
        PreflightError: On the first thing that is missing or wrong.
        CheckpointError: When ``load_from`` is not a readable checkpoint.
    """
    init_default_scope(cfg.get('default_scope', 'mmpose'))
    check_model(model_of(cfg))
    if cfg.get(f'{phases[0]}_dataloader') is None:
        raise PreflightError(
            f'{cfg.filename} has no {phases[0]}_dataloader: give a config '
            'with one; generators are scored by tools/generate_and_eval.py'
        )
    if str(cfg.model.get('type')).startswith('mmkbdm.'):
        check_cfg(MODELS, cfg.model, 'model')
    if 'train' in phases:
        check_transforms(cfg)
        check_runner(cfg)
        check_generator(cfg.model)
        check_graph(cfg)
        check_stage(cfg)
    for phase in phases:
        loader = cfg.get(f'{phase}_dataloader')
        if loader is not None:
            check_dataset(loader.dataset, f'{phase}_dataloader.dataset')
            check_evaluator(cfg.get(f'{phase}_evaluator'), phase)
    check_load_from(cfg)
    if 'train' in phases:
        # MMEngine reads them even when a checkpoint replaces them later.
        check_pretrained(cfg.model, 'model')


def model_of(cfg: Config) -> dict:
    """Return the config of the model.

    Raises:
        PreflightError: There is none, as in files for ``_base_``.
    """
    model = cfg.get('model')
    if not isinstance(model, dict):
        raise PreflightError(
            f'{cfg.filename} has no model: give a config of a network'
        )
    return model


def check_model(model: dict) -> None:
    """Check what MMPose would drop silently or fail at far from its cause.

    Raises:
        PreflightError: When neck or head is no dict, the neck cannot be
            built, or ``auxiliary`` does not fit it.
    """
    from mmpose.registry import MODELS

    for part in ('neck', 'head'):
        if part in model and not isinstance(model[part], dict | None):
            raise PreflightError(
                f'model.{part}={_named(model[part])} is no dict, MMPose takes '
                f'one {part} only: keep one, and put another into an '
                'estimator of your own'
            )
    if model.get('head', 0) is None:
        raise PreflightError(
            'model.head=None cannot be built by MMPose: leave the key out'
        )
    neck = model.get('neck')
    if neck is not None:
        try:
            with torch.device('meta'):
                neck = MODELS.build(neck)
        except (ValueError, TypeError, KeyError) as error:
            raise PreflightError(f'model.neck: {error.args[0]}') from error
    supervised = str(model.get('type')).endswith(SUPERVISED)
    if supervised != ('auxiliary' in model):
        raise PreflightError(
            f'model.type={model.get("type")} '
            + ('needs' if supervised else 'does not take')
            + f' model.auxiliary: that belongs to mmkbdm.{SUPERVISED}'
        )
    if supervised:
        _check_auxiliary(model, neck)


def _check_auxiliary(model: dict, neck: nn.Module | None) -> None:
    """Check the supervised levels of the neck."""
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    from mmkbdm.models.pose_estimators import supervised_levels

    metainfo = model.get('metainfo')
    try:
        if metainfo is not None:
            metainfo = parse_pose_metainfo(metainfo)
    except (FileNotFoundError, AssertionError) as error:
        reason = error if str(error) else f'{metainfo!r} is no metainfo'
        raise PreflightError(
            f'model.metainfo: {reason}; it is a dict such as '
            "dict(from_file='configs/_base_/datasets/coco.py')"
        ) from error
    try:
        supervised_levels(model['auxiliary'], neck, metainfo)
    except ValueError as error:
        raise PreflightError(f'model.{error}') from error


def check_transforms(cfg: Config) -> None:
    """Look for the package of MMPose's Albumentation, in RTMPose's configs.

    Raises:
        PreflightError: With the line for pip.
    """
    parts = [cfg.get('train_dataloader'), cfg.get('custom_hooks')]
    used = any(kind.endswith('Albumentation') for kind in _types(parts))
    if used and find_spec('albumentations') is None:
        # 2.0 does not know the arguments of those configs any more.
        raise PreflightError(
            'albumentations cannot be imported, which the transform '
            'Albumentation of the training needs: '
            'pip install "albumentations<2"'
        )


def _types(cfg) -> Iterator[str]:
    if isinstance(cfg, list | tuple):
        for value in cfg:
            yield from _types(value)
    elif isinstance(cfg, dict):
        yield str(cfg.get('type'))
        yield from _types(list(cfg.values()))


def check_dataset(dataset: dict, where: str) -> None:
    """Check the files of a dataset config and of those inside it.

    Args:
        dataset (dict): Config of a dataset or of a wrapper around some.
        where (str): Its place in the config, for the message.

    Raises:
        PreflightError: Names the path, how to get it, and a config that runs
            without it.
    """
    if 'dataset' in dataset:
        check_dataset(dataset['dataset'], f'{where}.dataset')
    for index, inner in enumerate(dataset.get('datasets', ())):
        check_dataset(inner, f'{where}.datasets.{index}')
    check_features(dataset, where)
    if not dataset.get('ann_file'):
        return
    root = dataset.get('data_root') or ''
    ann_file = os.path.join(root, dataset['ann_file'])
    img_dir = os.path.join(root, dataset.get('data_prefix', {}).get('img', ''))
    wanted = {
        'ann_file': ann_file,
        'data_prefix.img': img_dir,
        'bbox_file': dataset.get('bbox_file'),
        'headbox_file': dataset.get('headbox_file'),
    }
    for key, path in wanted.items():
        if path and '://' not in path and not os.path.exists(path):
            raise PreflightError(
                f'{path} does not exist ({where}.{key}): '
                f'{_how_to_get(dataset, ann_file)}'
            )
    if _is_coco_style(dataset):
        check_coco_file(ann_file, img_dir)


def check_evaluator(evaluator: dict | list | None, phase: str) -> None:
    """Check the annotation file that a metric reads.

    Raises:
        PreflightError: Names the path and the config key.
    """
    metrics = evaluator if isinstance(evaluator, list) else [evaluator or {}]
    for metric in metrics:
        path = metric.get('ann_file')
        if path and '://' not in path and not os.path.exists(path):
            raise PreflightError(
                f'{path} does not exist ({phase}_evaluator.ann_file): set it '
                f'to the ann_file of {phase}_dataloader with --cfg-options '
                f'{phase}_evaluator.ann_file=FILE'
            )


def check_load_from(cfg: Config) -> None:
    """Read the checkpoint that the run starts from, and find the last one.

    A process killed while it names its last checkpoint leaves an empty
    ``last_checkpoint``; the newest whole checkpoint is taken instead, or,
    when there is none yet, training starts from the beginning.

    Args:
        cfg (Config): Complete config; ``load_from`` and ``resume`` are
            changed when ``last_checkpoint`` does not tell.

    Raises:
        CheckpointError: When the file is missing, truncated or hostile, or
            every saved checkpoint is damaged.
    """
    if cfg.get('resume') and not cfg.get('load_from'):
        work_dir = Path(cfg.work_dir)
        named = work_dir / 'last_checkpoint'
        last = named.read_text().strip() if named.exists() else ''
        if last and Path(last).exists():
            _check_checkpoint(last)
            return
        cfg.load_from = _newest_whole(work_dir)
        cfg.resume = cfg.load_from is not None
        outcome = f'resuming from {cfg.load_from}'
        if not cfg.resume:
            outcome = 'no checkpoint there, starting from the beginning'
        print(f'{named} names no file that exists: {outcome}')
    elif cfg.get('load_from') and '://' not in cfg.load_from:
        _check_checkpoint(cfg.load_from)


def check_pretrained(cfg: dict | list, where: str) -> None:
    """Check the local files of every ``init_cfg`` of type Pretrained.

    Raises:
        PreflightError: Names the path, the config key and what to do.
    """
    for place, init_cfg in _init_cfgs(cfg, where):
        path = init_cfg.get('checkpoint') or ''
        if init_cfg.get('type') != 'Pretrained' or not path:
            continue
        advice = (
            f'or start without it by --cfg-options {place}=None; '
            f'{TOY_CONFIG} needs no weights'
        )
        check_made(path, f'{place}.checkpoint')
        if '://' not in path and not os.path.exists(path):
            raise PreflightError(
                f'{path} does not exist ({place}.checkpoint): put the '
                f'weights there, {advice}'
            )
        url = _download_url(path)
        if url:
            cache = Path(torch.hub.get_dir(), 'checkpoints')
            target = cache / os.path.basename(urlparse(url).path)
            if not target.exists():
                print(
                    f'{path} will be downloaded to {target}; without a '
                    f'network put the file there, {advice}'
                )


def _init_cfgs(cfg, where: str) -> Iterator[tuple[str, dict]]:
    if isinstance(cfg, list | tuple):
        for index, value in enumerate(cfg):
            yield from _init_cfgs(value, f'{where}.{index}')
    elif isinstance(cfg, dict):
        for key, value in cfg.items():
            if key == 'init_cfg':
                several = value if isinstance(value, list) else [value]
                for init_cfg in several:
                    if isinstance(init_cfg, dict):
                        yield f'{where}.{key}', init_cfg
            yield from _init_cfgs(value, f'{where}.{key}')


def _download_url(path: str) -> str | None:
    """Where a checkpoint comes from; None when it is no download."""
    if path.startswith('torchvision://'):
        from mmengine.runner.checkpoint import get_torchvision_models

        return get_torchvision_models().get(path.split('://')[1])
    return path if path.startswith('http') else None


def _check_checkpoint(path: str) -> None:
    """Refuse a file that cannot be loaded.

    Before torch 2.6 MMEngine loads its checkpoints without
    ``weights_only``, and with it they cannot be loaded: there only the
    file's existence is looked at. A folder is DeepSpeed's, which reads it.
    """
    if os.path.isdir(path):
        return
    if weights_only.needed()[0]:
        read_checkpoint(path)
    elif not os.path.isfile(path):
        raise CheckpointError(f'{path}: no such file')


def _newest_whole(work_dir: Path) -> str | None:
    """Return the last checkpoint that can be read, None without any.

    Raises:
        CheckpointError: When there are some and all are damaged.
    """
    saved = [*work_dir.glob('epoch_*.pth'), *work_dir.glob('iter_*.pth')]
    saved.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    damaged = None
    for path in saved:
        try:
            _check_checkpoint(str(path))
        except CheckpointError as error:
            damaged = damaged or error
        else:
            return str(path)
    if damaged:
        raise damaged
    return None


def _named(value) -> str:
    """Types of the parts in a list, anything else as it is."""
    if not isinstance(value, list | tuple):
        return repr(value)
    types = [v.get('type') if isinstance(v, dict) else v for v in value]
    return f'[{", ".join(map(str, types))}]'


def _how_to_get(dataset: dict, ann_file: str) -> str:
    name = dataset['type'].removeprefix('mmkbdm.')
    if 'toyhuman' in f'{name} {ann_file}'.lower():
        root = os.path.dirname(os.path.dirname(ann_file))
        if name == 'ToyHumanPoseText':
            return f'make it by {TOY_DATA.format(folder=root)}'
        return f'make it by python tools/dataset/make_toy_human.py {root}'
    source = SOURCES.get(name, f'the data of {name}')
    toy = f'{TOY_CONFIG} runs on data that "make quickstart" makes'
    if name in GENERATION:
        toy = 'configs/kb_dmgen/kbdmgen_toy.py trains on people it renders'
    return f'unpack {source} there or set the path with --cfg-options; {toy}'


def _is_coco_style(dataset: dict) -> bool:
    """Whether MMPose reads the annotations with its plain COCO loader."""
    from mmpose.datasets.datasets.base import BaseCocoStyleDataset
    from mmpose.registry import DATASETS

    cls = DATASETS.get(dataset['type']) or MMENGINE_DATASETS.get(
        dataset['type']
    )
    return (
        isinstance(cls, type)
        and issubclass(cls, BaseCocoStyleDataset)
        and cls._load_annotations is BaseCocoStyleDataset._load_annotations
        and '://' not in dataset['ann_file']
    )
