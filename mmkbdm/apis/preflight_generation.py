"""What the training of a generator needs, checked before it starts (ours)."""

import importlib.util
import os

import torch
from mmengine.config import Config
from mmengine.device import get_device

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.made_by import made_by
from mmkbdm.registry import MODELS

# Of diffusers and transformers.
PARTS = ('vae', 'unet', 'text_encoder', 'tokenizer', 'scheduler')
# Of the knowledge base.
STAGES = ('FeatureCodebook', 'TextToCode')
# What MMEngine imports of it; in this order, as a package comes first.
DEEPSPEED = ('deepspeed', 'deepspeed.runtime.fp16.onebit')


def check_generator(model: dict) -> None:
    """Check that a PoseGuidedGenerator can be built and has what learns.

    Raises:
        PreflightError: It has no adapter, or the folder of a part that a
            command of the project makes is not there.
    """
    if not str(model.get('type')).endswith('PoseGuidedGenerator'):
        return
    for part in PARTS:
        cfg = model.get(part) or {}
        folder = os.path.join(
            str(cfg.get('from_pretrained', '')), cfg.get('subfolder', '')
        )
        check_made(folder, f'model.{part}.from_pretrained')
    if model.get('adapter') is None:
        raise PreflightError(
            'model.adapter is None: a base without pose has nothing to train; '
            'sample it by tools/generate_and_eval.py, or train '
            'configs/kb_dmgen/controlnet_toy.py'
        )


def check_stage(cfg: Config) -> None:
    """Check that a stage of the knowledge base can be built and counted.

    Args:
        cfg (Config): Complete config.

    Raises:
        PreflightError: A setting has no such value, or the codes that are
            counted are not as many as the codebook's.
    """
    if not str(cfg.model.get('type')).endswith(STAGES):
        return
    try:
        with torch.device('meta'):
            model = MODELS.build(cfg.model)
    # A name that does not exist is a TypeError.
    except (TypeError, ValueError) as error:
        raise PreflightError(
            f'model cannot be built ({error}): mend its settings'
        ) from error
    metric = cfg.get('val_evaluator') or {}
    if not str(metric.get('type')).endswith('CodebookUse'):
        return
    found, wanted = metric.get('num_codes', 512), len(model.codes)
    if found != wanted:
        raise PreflightError(
            f'val_evaluator.num_codes={found}, model.num_codes={wanted}: give '
            f'--cfg-options val_evaluator.num_codes={wanted}'
        )


def check_graph(cfg: Config) -> None:
    """Check what a model that is trained as a CUDA graph asks of training.

    A graph writes the gradients of each pass where those of the last one
    are, which would be summed; and it is for one process.

    Args:
        cfg (Config): Complete config; on a CPU nothing is graphed.

    Raises:
        PreflightError: Gradients are gathered, or processes share a model.
    """
    if not cfg.model.get('graph') or get_device() == 'cpu':
        return
    parts = (cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    wish = f'optim_wrapper.accumulative_counts={parts}' if parts > 1 else None
    if cfg.get('launcher', 'none') != 'none':
        wish = f'launcher={cfg.launcher}'
    if wish is not None:
        raise PreflightError(
            f'model.graph=True does not go with {wish}: give --cfg-options '
            'model.graph=False'
        )


def check_features(dataset: dict, where: str) -> None:
    """Check what a dataset of features is made with.

    Args:
        dataset (dict): Config of a dataset.
        where (str): Its place in the config, for the message.

    Raises:
        PreflightError: The encoder, or the checkpoint of stage 1, is not
            there.
    """
    if dataset.get('checkpoint'):
        check_made(dataset['checkpoint'], f'{where}.checkpoint')
    if dataset.get('encoder'):
        features = read_config(dataset['encoder']).get('features') or {}
        check_made(
            str(features.get('name_or_path', '')),
            f'{where}.encoder={dataset["encoder"]}',
        )
    if dataset.get('image_features'):
        check_features(dataset['image_features'], f'{where}.image_features')


def check_made(path: str, where: str) -> None:
    """Check a path that a command of the project makes, if it does.

    Raises:
        PreflightError: It is not there; names the command.
    """
    command = made_by(path)
    if command is not None and not os.path.exists(path):
        raise PreflightError(
            f'{path} does not exist ({where}): make it by {command}, or give '
            'another by --cfg-options'
        )


def check_runner(cfg: Config) -> None:
    """Check mixed precision and strategy against this machine.

    Raises:
        PreflightError: There is no GPU for AmpOptimWrapper, or no DeepSpeed
            for its strategy.
    """
    kind = (cfg.get('optim_wrapper') or {}).get('type')
    if kind == 'AmpOptimWrapper' and get_device() == 'cpu':
        raise PreflightError(
            'optim_wrapper.type=AmpOptimWrapper needs a GPU: on a CPU give '
            '--cfg-options optim_wrapper.type=mmkbdm.AutocastOptimWrapper, '
            'for bfloat16, or OptimWrapper'
        )
    strategy = (cfg.get('strategy') or {}).get('type')
    if strategy == 'DeepSpeedStrategy' and not all(map(_is_there, DEEPSPEED)):
        raise PreflightError(
            'strategy.type=DeepSpeedStrategy needs DeepSpeed of a version '
            "that fits MMEngine: pip install 'deepspeed<0.18', or take the "
            'config it inherits, for tools/dist_train.sh'
        )


def _is_there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
