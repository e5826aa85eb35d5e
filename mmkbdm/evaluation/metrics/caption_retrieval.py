"""Whether embeddings of images find their captions (ours)."""

import re
from collections.abc import Sequence

import torch
from mmengine.evaluator import BaseMetric
from torch import Tensor

from mmkbdm.datasets.toy_human.vocabulary import COLOURS, OBJECTS
from mmkbdm.registry import METRICS


@METRICS.register_module()
class CaptionRetrieval(BaseMetric):
    """Retrieval among the captions of groups of images.

    Predictions are dicts with ``image`` and ``text``, embeddings (d,) of
    length 1, and ``prompt``. In groups of ``group`` consecutive samples, each
    image looks for its caption; a caption of the same words is right, too.

    - ``top1``, ``top5``: share of images whose caption is the nearest, or
      among the five nearest different ones.
    - ``style``, ``colours``, ``object``, ``people``: share of images whose
      nearest caption agrees in the words before the first comma, in all
      colours, in the object (or that there is none), in the number of
      people.
    - ``score``: mean cosine of an image and its caption times 100, as CLIP
      score.

    Args:
        group (int): Defaults to 100; a smaller rest is a group of its own.
        **kwargs: Of :class:`mmengine.evaluator.BaseMetric`.
    """

    default_prefix = 'caption'

    def __init__(self, group: int = 100, **kwargs) -> None:
        super().__init__(**kwargs)
        self.group = group

    def process(self, data_batch, data_samples: Sequence[dict]) -> None:
        """Keep the embeddings of a batch."""
        self.results.extend(data_samples)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the shares over all images."""
        found = []
        for start in range(0, len(results), self.group):
            some = results[start : start + self.group]
            found += _look(
                torch.stack([one['image'] for one in some]),
                torch.stack([one['text'] for one in some]),
                [one['prompt'] for one in some],
            )
        return {
            key: float(sum(one[key] for one in found) / len(found))
            for key in found[0]
        }


def caption_attributes(caption: str) -> dict:
    """Read style, colours, object and number of people from a caption."""
    style, _, rest = caption.partition(',')
    words = re.findall('[a-z]+', rest)
    return dict(
        style=style,
        colours=sorted(word for word in words if word in COLOURS),
        object=next((word for word in words if word in OBJECTS), None),
        people=1 if 'person' in words else words.count('one'),
    )


def _look(images: Tensor, texts: Tensor, prompts: list[str]) -> list[dict]:
    similarity = images.float() @ texts.float().T
    unique = sorted({*prompts})
    first = [prompts.index(prompt) for prompt in unique]
    order = similarity[:, first].argsort(dim=1, descending=True)
    found = []
    for i, prompt in enumerate(prompts):
        nearest = [unique[j] for j in order[i, :5].tolist()]
        wanted = caption_attributes(prompt)
        seen = caption_attributes(nearest[0])
        found.append(
            dict(
                top1=nearest[0] == prompt,
                top5=prompt in nearest,
                **{key: seen[key] == wanted[key] for key in wanted},
                score=100 * similarity[i, i].item(),
            )
        )
    return found
