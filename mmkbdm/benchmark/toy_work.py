"""What a process of the ToyHuman experiment does (ours)."""

import gc
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from mmkbdm import compat
from mmkbdm.apis.preflight import preflight

from .recording import record_evaluation, record_training, use_records
from .toy_plan import ToyRun, config_path
from .workers import Task


def work(task: Task, progress: Callable[[int], object]) -> dict:
    """Record samples or train; ``action`` of the settings says which."""
    # A process that is no fork of a prepared one has imported nothing.
    compat.activate()
    torch.set_num_threads(1)
    settings = dict(task.settings)
    action = dict(record=record, train=train)[settings.pop('action')]
    start = time.time()
    result = action(**settings)
    gc.collect()
    if torch.cuda.is_available():
        # The memory is shared with the other processes.
        torch.cuda.empty_cache()
    progress(task.steps)
    return dict(result, seconds=round(time.time() - start, 1))


def record(run: ToyRun, data: str, training: str, evaluation: str) -> dict:
    """Record what all arms see that share the seed and people of a run."""
    cfg = settled(run, Path(data))
    record_evaluation(cfg, Path(evaluation))
    record_training(cfg, Path(training), run.iters)
    return {}


def train(
    run: ToyRun,
    data: str,
    training: str,
    evaluation: str,
    work_dir: str,
    graph: bool,
) -> dict:
    """Train an arm on records and evaluate it.

    Args:
        run (ToyRun): The run.
        data (str): Folder of its people.
        training, evaluation (str): Files of the records.
        work_dir (str): For log and checkpoint.
        graph (bool): Whether by CUDA graphs.

    Returns:
        dict: Metrics of the evaluation.
    """
    cfg = settled(run, Path(data))
    cfg.work_dir = work_dir
    use_records(cfg, Path(training), Path(evaluation))
    if graph:
        cfg.custom_hooks.append(dict(type='mmkbdm.GraphedLossHook'))
    preflight(cfg, phases=('train', 'val'))
    runner = Runner.from_cfg(cfg)
    runner.train()
    scalars = runner.message_hub.log_scalars
    return {
        name.removeprefix('val/'): scalar.current()
        for name, scalar in scalars.items()
        if name.startswith('val/') and not name.endswith('time')
    }


def settled(run: ToyRun, data: Path) -> Config:
    """Read the config of a run and set what the run is about.

    Args:
        run (ToyRun): The run.
        data (Path): Folder of the people.
    """
    cfg = Config.fromfile(config_path(run))
    cfg.launcher = 'none'
    cfg.randomness.seed = run.seed
    cfg.train_cfg.update(max_iters=run.iters, val_interval=run.iters)
    cfg.param_scheduler[1].T_max = run.iters
    cfg.default_hooks.checkpoint.interval = run.iters
    optimizer = cfg.optim_wrapper.optimizer
    optimizer.lr *= run.lr
    if run.device == 'cuda':
        optimizer.fused = True  # one kernel a group of parameters
    gamma = cfg.optim_wrapper.paramwise_cfg.custom_keys.gamma
    gamma.lr_mult = run.gate
    ann_file = str(data / 'annotations/val.json')
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        loader.dataset.data_root = f'{data}/'
    for metric in cfg.val_evaluator[:2]:
        metric.ann_file = ann_file
    # What is not used need not be there.
    cfg.test_dataloader = cfg.test_evaluator = cfg.test_cfg = None
    return cfg
