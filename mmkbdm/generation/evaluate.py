"""Generated images judged against the dataset they were made for (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmkbdm.evaluation.inputs.item import ImageItem
from mmkbdm.evaluation.judge_images import judge_images
from mmkbdm.evaluation.reports.column import Column
from mmkbdm.evaluation.scorer import Scorer

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
    """Judges the images of all seeds and writes a report of each.

    Args:
        items (Sequence[ImageItem]): The real images, :func:`real_items`.
        scorer (Scorer): Of all seeds.
    """

    items: Sequence[ImageItem]
    scorer: Scorer

    def ceiling(self) -> Column:
        """Score the judge on the real images."""
        return self.scorer.ceiling(self.items, 'real images')

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
        generated = [
            replace(item, path=str(Path(images, item.name)))
            for item in self.items
        ]
        evaluation = judge_images(
            generated,
            self.scorer.judge,
            len(generated),
            {},
            batch_size=self.scorer.batch_size,
        )
        return self.scorer.write_report(
            out_dir, evaluation, ceiling, generation, [seed]
        )
