"""Generated images judged against the dataset they were made for (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import nn

from mmkbdm.evaluation.evaluate_folder import switches_that_run
from mmkbdm.evaluation.functional import build_protocol
from mmkbdm.evaluation.image_scores import score_images
from mmkbdm.evaluation.inputs.item import ImageItem
from mmkbdm.evaluation.judge_images import judge_images
from mmkbdm.evaluation.judged import Evaluation
from mmkbdm.evaluation.judges import Judge
from mmkbdm.evaluation.metrics import CLIPFeatures
from mmkbdm.evaluation.reports.column import Column
from mmkbdm.evaluation.reports.write import write_report
from mmkbdm.evaluation.scoring import score_evaluation

from .build import Wanted
from .run import write_real_images


def real_items(wanted: Wanted, folder: str | Path) -> list[ImageItem]:
    """Write the real images and return them with their poses.

    Args:
        wanted (Wanted): Of :func:`build_wanted`.
        folder (str | Path): Where they go; each is its own reference.
    """
    items = []

    def collect(name: str, sample: dict) -> None:
        path = str(Path(folder, name))
        items.append(
            ImageItem(
                name=name,
                path=path,
                poses=sample['poses'].numpy(),
                annotated_size=tuple(sample['condition'].shape[-2:]),
                prompt=sample['prompt'],
                scenario=sample['scenario'],
                reference=path,
            )
        )

    write_real_images(wanted.samples, wanted.names, folder, collect)
    return items


@dataclass(frozen=True)
class GeneratedEvaluator:
    """What the images of all seeds are scored with.

    Args:
        items (Sequence[ImageItem]): The real images, :func:`real_items`.
        judge (Judge): Finds the people.
        protocol_name (str): ``standard`` or ``legacy``.
        features (nn.Module, optional): Of FID and KID.
        features_name (str, optional): Them, for the report.
        clip (CLIPFeatures, optional): Of the CLIP score.
        floor (Column, optional): Scores of a model without pose.
        judge_ceiling (Column, optional): Of the judge on its own data.
        command (str): What was called, for the report.
    """

    items: Sequence[ImageItem]
    judge: Judge
    protocol_name: str = 'standard'
    features: nn.Module | None = None
    features_name: str | None = None
    clip: CLIPFeatures | None = None
    floor: Column | None = None
    judge_ceiling: Column | None = None
    command: str = ''

    def ceiling(self) -> Column:
        """Score the judge on the real images."""
        protocol = build_protocol(
            self.protocol_name, dict(fail_without_detections=False)
        )
        judged = self._judge(self.items)
        scores, _ = score_evaluation(judged, protocol)
        return Column(f'the {len(judged.images)} real images', scores)

    def evaluate(
        self,
        images: str | Path,
        out_dir: str | Path,
        ceiling: Column,
        generation: dict,
        seed: int,
    ) -> dict:
        """Judge and score the images of a seed and write their report.

        Args:
            images (str | Path): Folder of the images, names as the items'.
            out_dir (str | Path): Of the report.
            ceiling (Column): Of :meth:`ceiling`.
            generation (dict): Settings of the generator.
            seed (int): Of the images.

        Returns:
            dict: Content of ``metrics.json``.
        """
        evaluation = self._judge(
            [
                replace(item, path=str(Path(images, item.name)))
                for item in self.items
            ]
        )
        image_scores, per_image = score_images(
            evaluation, self.features, self.clip
        )
        return write_report(
            out_dir,
            evaluation,
            judge=self.judge.describe(),
            protocol_name=self.protocol_name,
            switches=switches_that_run(evaluation, self.protocol_name, {}),
            image_scores=image_scores,
            per_image_scores=per_image,
            features=self.features_name,
            ceiling=ceiling,
            floor=self.floor,
            judge_ceiling=self.judge_ceiling,
            generation=generation,
            seeds=[seed],
            command=self.command,
        )

    def _judge(self, items: Sequence[ImageItem]) -> Evaluation:
        return judge_images(items, self.judge, len(items), {})
