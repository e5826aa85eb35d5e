"""A generator in training, scored by a judge (ours)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.dist import all_gather_object, get_dist_info, is_main_process
from mmengine.hooks import EMAHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import DefaultScope
from mmengine.runner import Runner

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.build_from import build_from
from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine import atomic_backend  # noqa: F401  registers 'atomic'
from mmkbdm.evaluation.functional import build_protocol
from mmkbdm.evaluation.judged import Evaluation
from mmkbdm.evaluation.judges.build import build_judge, build_judge_from
from mmkbdm.evaluation.metrics.feature_distances import (
    frechet_distance,
    kernel_distance,
)
from mmkbdm.evaluation.reports.write import COUNTS
from mmkbdm.evaluation.scoring import score_evaluation
from mmkbdm.generation.best_score import infer_rule, is_better
from mmkbdm.generation.chance import refuse_chance
from mmkbdm.generation.judged_share import Seen, see
from mmkbdm.generation.picture import grid
from mmkbdm.generation.shares import chunks_of_rank, spread
from mmkbdm.generation.undisturbed import kept_chance, undisturbed
from mmkbdm.registry import DATASETS, HOOKS, MODELS, TRANSFORMS


@HOOKS.register_module()
class GenerationEvalHook(Hook):
    """Generates a fixed subset of a dataset and scores it, while training.

    Needs a model with ``generate(batch, generator) -> images``
    (``mmkbdm/generation/contract.py``). Each process generates and judges
    its share; the scores are those of all images. Every evaluation has the
    same conditions and seeds, so equal weights give equal images, and
    training goes on bit by bit as it would without this hook. With
    :class:`mmengine.hooks.EMAHook` the averaged weights are evaluated, which
    are those that checkpoints are used with.

    Scores go to the visualizer's backends, to the message hub and to the
    log: ``pose/AP`` and so on as :func:`score_poses` names them, with
    ``features`` also ``image/FID_F`` and ``image/KID_F`` of its class F. So
    does a grid of pictures, as ``generation``.

    Args:
        interval (int): Iterations, or epochs, between two evaluations.
        dataset (dict | str): Config of a dataset of
            ``mmkbdm.datasets.generation`` without chance in its pipeline, or
            a file such as those in ``configs/evaluation``.
        num_images (int): Spread evenly over the dataset.
        judge (dict | str): Config of a judge, or a file such as those in
            ``configs/judges``.
        by_epoch (bool): Defaults to False.
        protocol (str): ``standard`` or ``legacy``. Defaults to ``standard``.
        switches (dict, optional): Fields of
            :class:`~mmkbdm.evaluation.functional.Protocol` to switch on or
            off. ``fail_without_detections`` is always off: the first images
            of a training show nobody.
        seed (int): Of the images. Defaults to 0.
        batch_size (int): Images that a process generates at a time. Defaults
            to 4.
        features (dict, optional): Config of a network of ``MODELS`` that
            takes (B, 3, H, W) uint8 RGB. FID of so few images is biased:
            compare it with that of the same subset only.
        save_best (str, optional): Keep the weights of the best such score,
            without optimizer, as ``best_pose_AP_iter_N.pth``.
        rule (str, optional): ``greater`` or ``less``. Defaults to None,
            which knows the scores above.
        grid_size (int): Images in the grid. Defaults to 8.

    Example:
        >>> custom_hooks = [
        ...     dict(
        ...         type='mmkbdm.GenerationEvalHook',
        ...         interval=5000,
        ...         dataset=dict(type='mmkbdm.ToyHumanPoseText', ...),
        ...         num_images=64,
        ...         judge='configs/judges/toy_judge.py',
        ...         save_best='pose/AP',
        ...     )
        ... ]

    Raises:
        PreflightError: The model does not generate, or the judge or the
            dataset lacks a file, or the dataset depends on chance.
        ValueError: On a protocol, switch or metric that does not exist.
    """

    # After the averaging of weights, before CheckpointHook.
    priority = 'LOW'

    def __init__(
        self,
        interval: int,
        dataset: dict | str,
        num_images: int,
        judge: dict | str,
        by_epoch: bool = False,
        protocol: str = 'standard',
        switches: dict[str, bool] | None = None,
        seed: int = 0,
        batch_size: int = 4,
        features: dict | None = None,
        save_best: str | None = None,
        rule: str | None = None,
        grid_size: int = 8,
    ) -> None:
        if rule not in (None, 'greater', 'less'):
            raise ValueError(f"rule={rule!r} must be 'greater' or 'less'")
        self.interval = interval
        self.by_epoch = by_epoch
        self.dataset_cfg = dataset
        self.num_images = num_images
        self.judge_cfg = judge
        self.protocol = build_protocol(
            protocol, {**(switches or {}), 'fail_without_detections': False}
        )
        self.seed = seed
        self.batch_size = batch_size
        self.features_cfg = features
        self.save_best = save_best
        self.rule = rule or (save_best and infer_rule(save_best))
        self.grid_size = grid_size

    def before_run(self, runner: Runner) -> None:
        """Build dataset, judge and features, before any training."""
        model = _unwrapped(runner)
        if not hasattr(model, 'generate'):
            raise PreflightError(
                f'{type(model).__name__} has no generate(batch, generator): '
                'GenerationEvalHook cannot evaluate it'
            )
        # Networks draw their first weights. The scope is that of the judges:
        # a runner's knows none.
        scope = DefaultScope.overwrite_default_scope('mmkbdm')
        with kept_chance(), scope:
            where, dataset = type(self).__name__, self.dataset_cfg
            if isinstance(dataset, str):
                where, dataset = dataset, read_config(dataset).get('dataset')
            refuse_chance(dataset, where)
            self.dataset = build_from(
                DATASETS,
                dict(dataset, test_mode=True),
                where,
                dict(pipeline=TRANSFORMS),
            )
            where = type(self).__name__
            if isinstance(self.judge_cfg, str):
                self.judge = build_judge(self.judge_cfg)
            else:
                self.judge = build_judge_from(self.judge_cfg, where)
            self.features = None
            if self.features_cfg is not None:
                self.features = build_from(
                    MODELS, self.features_cfg, where
                ).eval()
        self.indices = spread(self.num_images, len(self.dataset))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Evaluate every ``interval`` iterations."""
        if not self.by_epoch and self.every_n_train_iters(
            runner, self.interval
        ):
            self._evaluate(runner, 'iter', runner.iter + 1)

    def after_train_epoch(self, runner: Runner) -> None:
        """Evaluate every ``interval`` epochs."""
        if self.by_epoch and self.every_n_epochs(runner, self.interval):
            self._evaluate(runner, 'epoch', runner.epoch + 1)

    def _evaluate(self, runner: Runner, unit: str, number: int) -> None:
        averages = [h for h in runner.hooks if isinstance(h, EMAHook)]
        for hook in averages:
            hook.before_val_epoch(runner)
        try:
            seen = self._see_all(_unwrapped(runner))
        finally:
            for hook in averages:
                hook.after_val_epoch(runner)
        scores = self._score(seen)
        if self.save_best is not None and self.save_best not in scores:
            raise PreflightError(
                f'save_best={self.save_best!r} is none of the scores: '
                f'{", ".join(scores)}'
            )
        # A score of nobody is NaN, which backends cannot draw.
        scores = {k: v for k, v in scores.items() if np.isfinite(v)}
        step = runner.iter + (not self.by_epoch)
        for name, value in scores.items():
            runner.message_hub.update_scalar(f'generation/{name}', value)
        runner.visualizer.add_scalars(scores, step=step)
        pictures = [one.picture for one in seen if one.picture is not None]
        if pictures and is_main_process():
            runner.visualizer.add_image('generation', grid(pictures), step)
        shown = ', '.join(
            f'{name} {value:.4f}'
            for name, value in scores.items()
            if name in ('pose/AP', 'pose/CAP', 'pose/PCE', self.save_best)
            or name.startswith('image/')
        )
        runner.logger.info(
            f'Generated {len(seen)} images at {unit} {number}: {shown}'
        )
        if self.save_best is not None:
            self._keep_best(runner, scores, unit, number)

    def _see_all(self, model) -> list[Seen]:
        """Generate and judge a share, and gather those of all processes."""
        rank, world_size = get_dist_info()
        share = []
        with undisturbed(model):
            if self.features is not None:
                device = next(model.parameters()).device
                self.features.to(device)
            for places in chunks_of_rank(
                len(self.indices), self.batch_size, rank, world_size
            ):
                share += see(
                    model,
                    [self.dataset[self.indices[i]] for i in places],
                    places,
                    self.seed,
                    self.judge,
                    self.features,
                    self.grid_size,
                )
            gathered = sum(all_gather_object(share), [])
        return sorted(gathered, key=lambda one: one.place)

    def _score(self, seen: Sequence[Seen]) -> dict[str, float]:
        images = [one.image for one in seen]
        scores, _ = score_evaluation(
            Evaluation(images, {}, len(images)), self.protocol
        )
        scores = {
            f'pose/{name}': value
            for name, value in scores.items()
            if name not in COUNTS
        }
        if self.features is not None and len(seen) > 1:
            fake, real = (
                np.stack(one) for one in zip(*(one.features for one in seen))
            )
            name = type(self.features).__name__
            scores[f'image/FID_{name}'] = frechet_distance(real, fake)
            scores[f'image/KID_{name}'] = kernel_distance(real, fake)[0]
        return {name: float(value) for name, value in scores.items()}

    def _keep_best(
        self, runner: Runner, scores: dict, unit: str, number: int
    ) -> None:
        """Write the best weights, then remove those before."""
        hub, metric = runner.message_hub, self.save_best
        # In the hub, so that a resumed run knows them.
        score_key, file_key = (
            f'generation_best_{what}_{metric}' for what in ('score', 'file')
        )
        best = hub.runtime_info.get(score_key)
        score = scores.get(metric, float('nan'))
        if not is_better(score, best, self.rule):
            return
        before = hub.runtime_info.get(file_key)
        name = f'best_{metric.replace("/", "_")}_{unit}_{number}.pth'
        hub.update_info(score_key, score)
        hub.update_info(file_key, name)
        runner.save_checkpoint(
            runner.work_dir,
            name,
            save_optimizer=False,
            save_param_scheduler=False,
            by_epoch=self.by_epoch,
            backend_args=dict(backend='atomic'),
        )
        if before not in (None, name) and is_main_process():
            Path(runner.work_dir, before).unlink(missing_ok=True)
        runner.logger.info(f'Best {metric} so far, {score:.4f}: {name}')


def _unwrapped(runner: Runner):
    wrapped = is_model_wrapper(runner.model)
    return runner.model.module if wrapped else runner.model
