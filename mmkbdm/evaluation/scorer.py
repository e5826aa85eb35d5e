"""What the images of a run are judged and scored with (ours)."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from .functional import build_protocol
from .functional.legacy import check_batches
from .image_scores import score_images
from .inputs.item import ImageItem
from .judge_ceiling import measure_judge_ceiling
from .judge_images import judge_images
from .judged import Evaluation
from .judges import Judge, build_judge
from .metrics import CLIPFeatures
from .metrics.build_features import build_clip, build_features
from .reports.column import Column
from .reports.read import read_report
from .reports.write import write_report
from .scoring import score_evaluation


@dataclass(frozen=True)
class Scorer:
    """Judge, protocol, networks and limits, the same for all reports.

    Args:
        judge (Judge): Finds the people.
        protocol_name (str): ``standard`` or ``legacy``.
        switches (dict[str, bool], optional): Changed in it.
        features (nn.Module, optional): Of FID and KID.
        features_name (str, optional): Them, for the report.
        clip (CLIPFeatures, optional): Of the CLIP score.
        floor (Column, optional): Scores of a model without pose.
        judge_ceiling (Column, optional): Of :func:`measure_judge_ceiling`.
        batch_size (int): Images at a time. Defaults to 16.
        command (str): What was called, for the report.
    """

    judge: Judge
    protocol_name: str = 'standard'
    switches: dict[str, bool] | None = None
    features: nn.Module | None = None
    features_name: str | None = None
    clip: CLIPFeatures | None = None
    floor: Column | None = None
    judge_ceiling: Column | None = None
    batch_size: int = 16
    command: str = ''

    def ceiling(self, items: Sequence[ImageItem], what: str) -> Column:
        """Score the judge on real images.

        Args:
            items (Sequence[ImageItem]): The real images.
            what (str): They, for the report, which puts their number before.
        """
        judged = judge_images(
            items, self.judge, len(items), {}, batch_size=self.batch_size
        )
        protocol = build_protocol(self.protocol_name, self.switches)
        # It is about the run that the published scripts would crash.
        protocol = replace(protocol, fail_without_detections=False)
        scores, _ = score_evaluation(judged, protocol)
        return Column(f'{len(judged.images)} {what}', scores)

    def write_report(
        self,
        out_dir: str | Path,
        evaluation: Evaluation,
        ceiling: Column | None,
        generation: dict,
        seeds: list[int] | None = None,
    ) -> dict:
        """Score judged images and write their report.

        Args:
            out_dir (str | Path): Of the report.
            evaluation (Evaluation): By the same judge.
            ceiling (Column, optional): Of :meth:`ceiling`.
            generation (dict): Settings of the generator.
            seeds (list[int], optional): Of the images.

        Returns:
            dict: Content of ``metrics.json``.
        """
        image_scores, per_image = score_images(
            evaluation, self.features, self.clip, self.batch_size
        )
        return write_report(
            out_dir,
            evaluation,
            judge=self.judge.describe(),
            protocol_name=self.protocol_name,
            switches=switches_that_run(
                evaluation, self.protocol_name, self.switches or {}
            ),
            image_scores=image_scores,
            per_image_scores=per_image,
            features=self.features_name,
            ceiling=ceiling,
            floor=self.floor,
            judge_ceiling=self.judge_ceiling,
            generation=generation,
            seeds=seeds,
            command=self.command,
        )


def build_scorer(
    args: Namespace, switches: dict[str, bool] | None = None, **kwargs
) -> Scorer:
    """Build all that the flags of a tool ask for.

    Args:
        args (Namespace): With those of
            :func:`mmkbdm.apis.arguments.add_scoring_flags`.
        switches (dict[str, bool], optional): Changed in the protocol.
        **kwargs: Of :class:`Scorer`.

    Raises:
        PreflightError: A file, a package or a report is missing.
    """
    floor = read_floor(args.floor) if args.floor else None
    weights = dict(weights=args.judge_weights) if args.judge_weights else {}
    judge = build_judge(args.judge, **weights)
    features, name = None, None
    if args.features:
        features, name = build_features(args.features)
    clip = build_clip(args.clip) if args.clip else None
    scorer = Scorer(
        judge,
        args.protocol,
        switches,
        features,
        name,
        clip,
        floor,
        command=shlex.join(sys.argv),
        **kwargs,
    )
    protocol = build_protocol(args.protocol, switches)
    own = measure_judge_ceiling(args.judge, judge, protocol, scorer.batch_size)
    return replace(scorer, judge_ceiling=own)


def switches_that_run(
    evaluation: Evaluation, protocol_name: str, switches: dict[str, bool]
) -> dict[str, bool]:
    """Switch off the published scripts' crash for want of detections.

    Returns:
        dict[str, bool]: ``switches``, with ``fail_without_detections=False``
        where it matters and was not asked for; a line is printed then.
    """
    protocol = build_protocol(protocol_name, switches)
    if 'fail_without_detections' in switches:
        return switches
    found = evaluation.collect(protocol).detections
    counts = np.bincount(found.image, minlength=found.num_images)
    try:
        check_batches(counts, protocol)
    except ValueError as error:
        print(f'note: {error}, and is set')
        return {**switches, 'fail_without_detections': False}
    return switches


def read_floor(folder: str) -> Column:
    """Take the scores of another report for the floor.

    Args:
        folder (str): Of the report, say of a model without pose.

    Raises:
        PreflightError: It holds no whole report.
    """
    scores = {
        name: float('nan') if value is None else value
        for name, value in read_report(folder).content['metrics'].items()
    }
    return Column(f'the report {folder}', scores)
