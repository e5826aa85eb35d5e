"""Recording what networks of an experiment are trained and judged on (ours).

The samples are those of MMPose's own pipeline, in their order: a training on
the record is the training on the pipeline, to the last bit on a CPU.
"""

import os
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed


def record_training(cfg: Config, path: Path, iters: int) -> None:
    """Record the samples of the first iterations of a training.

    Nothing is done when the file holds so many already.

    Args:
        cfg (Config): Config of a top-down network with one heatmap a joint;
            ``randomness.seed`` chooses the order and the augmentation.
        path (Path): File to write, in one step.
        iters (int): Iterations of the config's batch size.
    """
    size = cfg.train_dataloader.batch_size
    if path.exists():
        known = torch.load(path, mmap=True, weights_only=False)
        if len(known['inputs']) >= iters * size:
            return
    init_default_scope(cfg.default_scope)
    set_random_seed(cfg.randomness.seed)
    loader = _loader(cfg.train_dataloader, cfg.randomness.seed)
    record: dict = dict(metainfo=loader.dataset.metainfo)
    for step, batch in zip(range(iters), loader):
        samples = batch['data_samples']
        parts = dict(
            inputs=batch['inputs'],
            heatmaps=[s.gt_fields.heatmaps for s in samples],
            weights=[s.gt_instance_labels.keypoint_weights for s in samples],
        )
        for name, part in parts.items():
            part = torch.stack(part)
            if step == 0:
                record[name] = part.new_empty(iters * size, *part.shape[1:])
            record[name][step * size : (step + 1) * size] = part
    _save(record, path)


def record_evaluation(cfg: Config, path: Path) -> None:
    """Record the samples that a training is judged on, unless there are."""
    if path.exists():
        return
    init_default_scope(cfg.default_scope)
    loader = _loader(cfg.val_dataloader, cfg.randomness.seed)
    batches = list(loader)
    record = dict(
        metainfo=loader.dataset.metainfo,
        inputs=torch.stack([x for b in batches for x in b['inputs']]),
        samples=[s for b in batches for s in b['data_samples']],
    )
    _save(record, path)


def use_records(cfg: Config, training: Path, evaluation: Path) -> None:
    """Let a config train and evaluate on records.

    Args:
        cfg (Config): Complete config, changed in place.
        training, evaluation (Path): Files of the records.
    """
    for loader, path in (
        (cfg.train_dataloader, training),
        (cfg.val_dataloader, evaluation),
    ):
        loader.dataset = dict(type='mmkbdm.RecordedSamples', path=str(path))
        loader.sampler = dict(
            type='DefaultSampler', shuffle=False, round_up=False
        )
        # One image tensor a batch, normalised in one operation.
        loader.collate_fn = dict(type='default_collate')


def _loader(cfg: dict, seed: int) -> torch.utils.data.DataLoader:
    return Runner.build_dataloader(cfg, seed=seed)


def _save(record: dict, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}')
    torch.save(record, temporary)
    os.replace(temporary, path)
