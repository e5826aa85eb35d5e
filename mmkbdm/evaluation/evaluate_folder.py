"""Everything that is known of a folder of images, in a report (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .inputs.collect import Inputs
from .inputs.item import ImageItem
from .judge_images import judge_images
from .judged import Evaluation
from .reports.column import Column
from .scorer import Scorer


@dataclass(frozen=True)
class FolderEvaluator:
    """Judges folders of images and writes a report of each.

    Args:
        scorer (Scorer): Of all folders.
        poses (str): File of the annotations, for the reports.
        reference (str, optional): Folder of the real images; the judge on
            them is the ceiling.
        fit (str): See :func:`judge_images`. Defaults to ``crop``.
        ceilings (dict): Ceilings by names and sizes, filled by itself: those
            of several seeds are the same.
    """

    scorer: Scorer
    poses: str
    reference: str | None = None
    fit: str = 'crop'
    ceilings: dict = field(default_factory=dict)

    def evaluate(self, inputs: Inputs, out_dir: str | Path) -> dict:
        """Judge and score a folder and write its report.

        Args:
            inputs (Inputs): Of :func:`collect_items`.
            out_dir (str | Path): Of the report.

        Returns:
            dict: Content of ``metrics.json``.
        """
        evaluation = judge_images(
            inputs.items,
            self.scorer.judge,
            inputs.images_given,
            inputs.excluded,
            inputs.without_image,
            self.scorer.batch_size,
            fit=self.fit,
        )
        fitted, unknown = count_sizes(inputs.items, evaluation)
        if unknown:
            print(
                f'note: the poses of {unknown} images are annotated for '
                'images of unknown size and taken for pixels of the '
                'generated ones; if they are not, give the real images by '
                '--reference'
            )
        generation = dict(
            images=inputs.folder,
            poses=self.poses,
            reference=self.reference,
            fit=self.fit,
            images_fitted=fitted,
            images_of_unknown_size=unknown,
        )
        return self.scorer.write_report(
            out_dir,
            evaluation,
            self._ceiling(inputs.items, evaluation),
            generation,
        )

    def _ceiling(
        self, items: Sequence[ImageItem], evaluation: Evaluation
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
        key = tuple((item.name, item.size) for item in real)
        if key not in self.ceilings:
            what = f'real images of {self.reference}'
            self.ceilings[key] = self.scorer.ceiling(real, what)
        return self.ceilings[key]


def count_sizes(
    items: Sequence[ImageItem], evaluation: Evaluation
) -> tuple[int, int]:
    """Count scored images of another size than annotated, and of unknown."""
    annotated = {item.name: item.annotated_size for item in items}
    sizes = [annotated[image.name] for image in evaluation.images]
    fitted = sum(
        size not in (None, (image.height, image.width))
        for size, image in zip(sizes, evaluation.images)
    )
    return fitted, sizes.count(None)
