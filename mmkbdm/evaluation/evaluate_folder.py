"""Everything that is known of a folder of images, in a report (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from .functional import Protocol, build_protocol
from .functional.legacy import check_batches
from .image_scores import score_images
from .inputs.collect import collect_items
from .inputs.item import ImageItem
from .inputs.pose_file import PoseRecord
from .judge_images import judge_images
from .judged import Evaluation
from .judges import Judge
from .metrics import CLIPFeatures
from .reports.column import Column
from .reports.read import read_report
from .reports.write import write_report
from .scoring import score_evaluation


@dataclass(frozen=True)
class FolderEvaluator:
    """What the folders of a run are scored with.

    Args:
        records (Sequence[PoseRecord]): Of :func:`read_pose_file`.
        poses (str): Their file.
        judge (Judge): Finds the people.
        protocol_name (str): ``standard`` or ``legacy``.
        switches (dict[str, bool]): Changed in it.
        fit (str): See :func:`judge_images`.
        reference (str, optional): Folder of real images of the same names;
            the judge on them is the ceiling.
        prompts (dict[str, str], optional): By name of the image.
        features (nn.Module, optional): Of FID and KID.
        features_name (str, optional): Them, for the report.
        clip (CLIPFeatures, optional): Of the CLIP score.
        floor (Column, optional): Scores of a model without pose.
        judge_ceiling (Column, optional): Of :func:`measure_judge_ceiling`.
        batch_size (int): Images at a time. Defaults to 16.
        command (str): What was called, for the report.
    """

    records: Sequence[PoseRecord]
    poses: str
    judge: Judge
    protocol_name: str = 'standard'
    switches: dict[str, bool] | None = None
    fit: str = 'crop'
    reference: str | None = None
    prompts: dict[str, str] | None = None
    features: nn.Module | None = None
    features_name: str | None = None
    clip: CLIPFeatures | None = None
    floor: Column | None = None
    judge_ceiling: Column | None = None
    batch_size: int = 16
    command: str = ''

    def evaluate(self, images: str, out_dir: str | Path) -> dict:
        """Judge and score a folder and write its report.

        Args:
            images (str): The folder.
            out_dir (str | Path): Of the report.

        Returns:
            dict: Content of ``metrics.json``.

        Raises:
            PreflightError: The folder is empty, or no name matches.
        """
        inputs = collect_items(
            images, self.records, self.poses, self.reference, self.prompts
        )
        evaluation = self._judge(
            inputs.items,
            inputs.images_given,
            inputs.excluded,
            inputs.without_image,
        )
        switches = switches_that_run(
            evaluation, self.protocol_name, self.switches or {}
        )
        protocol = build_protocol(self.protocol_name, switches)
        image_scores, per_image = score_images(
            evaluation, self.features, self.clip, self.batch_size
        )
        return write_report(
            out_dir,
            evaluation,
            judge=self.judge.describe(),
            protocol_name=self.protocol_name,
            switches=switches,
            image_scores=image_scores,
            per_image_scores=per_image,
            features=self.features_name,
            ceiling=self._ceiling(inputs.items, evaluation, protocol),
            floor=self.floor,
            judge_ceiling=self.judge_ceiling,
            generation=dict(
                images=images,
                poses=self.poses,
                reference=self.reference,
                fit=self.fit,
                images_fitted=count_fitted(inputs.items, evaluation),
            ),
            seeds=None,
            command=self.command,
        )

    def _judge(
        self,
        items: Sequence[ImageItem],
        images_given: int,
        excluded: dict[str, str],
        without_image: Sequence[str] = (),
    ) -> Evaluation:
        return judge_images(
            items,
            self.judge,
            images_given,
            excluded,
            without_image,
            self.batch_size,
            fit=self.fit,
        )

    def _ceiling(
        self,
        items: Sequence[ImageItem],
        evaluation: Evaluation,
        protocol: Protocol,
    ) -> Column | None:
        """The judge on the real images, cropped as the generated ones are."""
        if self.reference is None:
            return None
        sizes = {
            one.name: (one.height, one.width) for one in evaluation.images
        }
        real = [
            replace(item, path=item.reference, size=sizes[item.name])
            for item in items
            if item.reference and item.name in sizes
        ]
        judged = replace(self, fit='crop')._judge(real, len(real), {})
        protocol = replace(protocol, fail_without_detections=False)
        scores, _ = score_evaluation(judged, protocol)
        what = f'{len(judged.images)} real images of {self.reference}'
        return Column(what, scores)


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


def count_fitted(items: Sequence[ImageItem], evaluation: Evaluation) -> int:
    """Count the scored images of another size than annotated."""
    annotated = {item.name: item.annotated_size for item in items}
    return sum(
        annotated[image.name] not in (None, (image.height, image.width))
        for image in evaluation.images
    )


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
