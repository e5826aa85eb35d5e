"""What a process of the toy generation experiment does (ours).

Every function takes the settings of a
:class:`~mmkbdm.benchmark.workers.Task` and tells its progress in training
iterations and images.
"""

import gc
import subprocess
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmkbdm import compat
from mmkbdm.apis.arguments import check_images_on_load, read_config
from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.preflight import preflight

from .generation_scores import move_data
from .workers import Task

Progress = Callable[[int], object]
# Iterations between two messages.
EVERY = 10
# Of a checksum, enough to tell networks apart.
DIGITS = 12


def work(task: Task, progress: Progress) -> dict:
    """Do a task; its settings name the function as ``action``."""
    compat.activate()
    settings = dict(task.settings)
    actions = dict(
        command=run_command,
        prepare=prepare,
        knowledge=train_knowledge,
        references=score_references,
        variant=train_and_score,
    )
    start = time.time()
    result = actions[settings.pop('action')](**settings, progress=progress)
    gc.collect()
    if torch.cuda.is_available():
        # The memory is shared with the other processes.
        torch.cuda.empty_cache()
    return {**result, 'seconds': round(time.time() - start, 1)}


def run_command(command: list[str], progress: Progress) -> dict:
    """Run a program, such as one that renders data.

    Raises:
        PreflightError: It fails.
    """
    done = subprocess.run(command)
    if done.returncode:
        raise PreflightError(f'{" ".join(command)}: {done.returncode}')
    progress(1)
    return {}


def prepare(config: str, root: str, options: dict, progress: Progress) -> dict:
    """Fill the caches of a config's data, for many processes to read."""
    cfg = _config(config, root, options)
    preflight(cfg, phases=('train', 'val'))
    for phase in ('train', 'val'):
        loader = cfg.get(f'{phase}_dataloader')
        if loader is not None:
            Runner.build_dataloader(loader)
    progress(1)
    return {}


def train_knowledge(
    config: str, root: str, options: dict, work_dir: str, progress: Progress
) -> dict:
    """Train a stage of the knowledge base, and validate it.

    Returns:
        dict: The metrics of the last validation, the number of ``codes``
        and, for stage 2, how often the k codes are right that were the most
        frequent in training (``frequent/topk``), and what parts of the
        captions find, see :mod:`mmkbdm.benchmark.composition`.
    """
    runner = _train(_config(config, root, options, work_dir), lambda n: 0)
    progress(1)
    scalars = runner.message_hub.log_scalars
    metrics = {
        name.removeprefix('val/'): round(float(scalars[name].current()), 6)
        for name in scalars
        if name.startswith(('val/codebook/', 'val/code/'))
    }
    metrics['codes'] = runner.cfg.model.num_codes
    train, val = (
        getattr(loader.dataset, 'codes', None)
        for loader in (runner.train_dataloader, runner.val_dataloader)
    )
    if val is not None:
        order = np.argsort(-np.bincount(train), kind='stable')
        for k in (1, 5):
            hits = np.isin(val, order[:k]).mean()
            metrics[f'frequent/top{k}'] = round(float(hits), 6)
        metrics.update(_composed(runner))
    return metrics


def _composed(runner: Runner) -> dict[str, float]:
    """Ask the trained stage for the parts of the held-out captions."""
    from mmkbdm.models.knowledge_base import KnowledgeBase, PredictedCode

    from .composition import composed_accuracy

    dataset = runner.val_dataloader.dataset
    text_to_code = runner.model.eval().cpu()
    source = PredictedCode(dataset.build_codebook(), text_to_code)
    encoder = dataset.build_encoder()
    _, prompts = dataset.encode_images(encoder)
    shares = composed_accuracy(
        KnowledgeBase(source, types=dataset.types).eval(),
        prompts,
        lambda texts: encoder.encode_text(texts).float().cpu(),
        dataset.codes,
    )
    return {name: round(share, 6) for name, share in shares.items()}


def score_references(
    config: str, seed: int, work_dir: str, held_out: dict, progress: Progress
) -> dict:
    """Score real images, and what the VAE makes of them.

    Returns:
        dict: Scores on the poses for testing, by name.
    """
    from mmkbdm.generation.build import build_generator

    from .generation_scores import Conditions, RealImages, Reconstructions
    from .guidance import pictures

    looker = _held_out(**held_out)
    torch.manual_seed(seed)
    base = build_generator(config).base
    asked = dict(real=RealImages(), reconstructed=Reconstructions(base))
    scores = {
        name: looker.score(
            looker.look(one, looker.testing, seed, progress=progress)
        )
        for name, one in asked.items()
    }
    shown = dict(asked, condition=Conditions())
    shown = {key: pictures(one, looker, seed) for key, one in shown.items()}
    _save(work_dir, shown)
    return scores


def train_and_score(
    name: str,
    config: str,
    root: str,
    options: dict,
    work_dir: str,
    seed: int,
    scales: tuple[float, ...],
    call: dict,
    held_out: dict,
    score: bool,
    progress: Progress,
) -> dict:
    """Train an arm, unless its checkpoint is there, and score it.

    Args:
        name (str): Of the arm, for the pictures.
        config (str): Of the arm; one without adapter is not trained.
        root (str): Folder of the data.
        options (dict): What differs from the config.
        work_dir (str): For log, checkpoint and pictures.
        seed (int): Of training and of the images.
        scales (tuple[float]): Of guidance.
        call (dict): Further settings of sampling.
        held_out (dict): Arguments of
            :func:`~mmkbdm.benchmark.generation_scores.build_held_out`.
        score (bool): Whether to score it, or only to train.
        progress (Callable): Called with iterations and images.

    Returns:
        dict: ``train_seconds``; if scored, the number of ``parameters`` that
        are trained, a checksum of the ``base``, ``sweep``
        (:func:`~mmkbdm.benchmark.guidance.sweep`), the ``chosen`` guidance,
        what :func:`~mmkbdm.benchmark.guidance.score_chosen` answers, and
        ``score_seconds``.
    """
    from mmkbdm.generation.build import build_generator

    from .generation_scores import Called
    from .guidance import choose, pictures, score_chosen, sweep

    cfg = _config(config, root, options, work_dir)
    checkpoint = None
    start = time.time()
    if cfg.model.get('adapter') is not None:
        checkpoint = Path(work_dir, f'iter_{cfg.train_cfg.max_iters}.pth')
        if checkpoint.exists():
            progress(cfg.train_cfg.max_iters)
        else:
            # What an interrupted run has kept is gone on with.
            cfg.resume = Path(work_dir, 'last_checkpoint').exists()
            _train(cfg, progress)
    result = dict(train_seconds=round(time.time() - start, 1))
    if not score:
        return result
    generator = build_generator(config, checkpoint and str(checkpoint))
    sizes = [p.numel() for p in generator.parameters() if p.requires_grad]
    start = time.time()
    looker = _held_out(**held_out)
    scores = sweep(generator, looker, scales, seed, progress, **call)
    chosen = choose(scores)
    common = generator, looker, float(chosen), seed
    tested = score_chosen(
        *common,
        checkpoint is not None,
        generator.knowledge_base is not None,
        progress,
        **call,
    )
    called = Called(generator, guidance_scale=float(chosen), **call)
    _save(work_dir, {name: pictures(called, looker, seed)})
    digests = generator.describe()['parameters_sha256']
    return dict(
        result,
        parameters=sum(sizes),
        base=digests['unet'][:DIGITS],
        sweep=scores,
        chosen=float(chosen),
        **tested,
        score_seconds=round(time.time() - start, 1),
    )


class _Told(Hook):
    """Tells the progress of a training."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def after_train_iter(self, runner, batch_idx, data_batch, outputs) -> None:
        """Tell it now and then, as messages are not free."""
        if self.every_n_train_iters(runner, EVERY):
            self.progress(EVERY)


@lru_cache(maxsize=1)
def _held_out(**settings):
    from .generation_scores import build_held_out

    return build_held_out(**settings)


def _config(
    config: str, root: str, options: dict, work_dir: str = '.'
) -> Config:
    """Read a config; without curves and pictures, which cost time."""
    cfg = read_config(config)
    cfg.launcher = 'none'
    cfg.work_dir = work_dir
    cfg.visualizer = dict(
        type='Visualizer', vis_backends=[dict(type='LocalVisBackend')]
    )
    cfg.default_hooks.pop('curves', None)
    cfg.custom_hooks = [
        hook
        for hook in cfg.get('custom_hooks', ())
        if not hook['type'].endswith('GenerationEvalHook')
    ]
    cfg.merge_from_dict(options)
    for phase in ('train', 'val'):
        move_data(cfg.get(f'{phase}_dataloader'), root)
    return cfg


def _save(work_dir: str, images: dict[str, np.ndarray]) -> None:
    Path(work_dir).mkdir(parents=True, exist_ok=True)
    np.savez_compressed(Path(work_dir, 'pictures.npz'), **images)


def _train(cfg: Config, progress: Progress) -> Runner:
    check_images_on_load(cfg)
    preflight(cfg, phases=('train', 'val'))
    runner = Runner.from_cfg(cfg)
    runner.register_hook(_Told(progress))
    runner.train()
    return runner
