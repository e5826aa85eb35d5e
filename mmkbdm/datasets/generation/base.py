"""What the datasets for pose-guided generation share (ours)."""

import string
from collections import Counter

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from mmkbdm.apis.distributed import main_process_first

_FILTERS = ('min_people', 'max_people')
_FIELDS = ('caption', 'scenario', 'scenario_words')


class PoseTextDataset(BaseDataset):
    """Images with a prompt and the poses of their people.

    A subclass reads its format in :meth:`load_data_list`. What enters the
    pipeline is a dict with:

    - ``img_path`` (str), ``file_name`` (str, as annotated), ``img_id`` (int
      or str);
    - ``height``, ``width`` (int, pixels as annotated; None if they are not);
    - ``poses`` (np.ndarray): float32 (P, 17, 3), COCO joints; x and y in
      pixels with the centre of the first pixel at 0, and COCO's visibility
      (1 hidden, 2 visible) or a confidence; a joint that is not there is
      0, 0, 0;
    - ``prompt`` (str), ``caption`` (str: the text without the scenario),
      ``scenario`` (str with underscores, empty where there is none);
    - ``image_features`` (np.ndarray): float32 (d,), if they are asked for.

    Args:
        ann_file (str): The annotation file.
        data_root (str): Where relative paths start.
        data_prefix (dict, optional): ``img``: folder that file names start
            from. Defaults to ``data_root`` itself.
        prompt_template (str, optional): How a prompt is made, from the
            fields ``{caption}``, ``{scenario}`` and ``{scenario_words}``
            (spaces for underscores). Defaults to the text as annotated.
        filter_cfg (dict, optional): ``min_people`` and ``max_people``:
            images with another number of posed people are left out. All
            are kept by default.
        image_features (dict, optional): What
            :class:`~mmkbdm.models.knowledge_base.OracleCode` needs:
            ``encoder``, ``cache`` and perhaps ``batch_size`` as of
            :class:`~mmkbdm.datasets.knowledge_base.ImageFeatures`, with
            which a cache can be shared, and its ``pipeline``. Defaults to
            None.
        **kwargs: Of :class:`mmengine.dataset.BaseDataset`.

    Attributes:
        left_out (Counter): Number of annotations and images left out, by
            reason; logged once, when the file is read.

    Example:
        >>> dataset = ToyHumanPoseText(
        ...     ann_file='annotations/val.json',
        ...     data_root='data/toyhuman/',
        ...     data_prefix=dict(img='val/'),
        ...     pipeline=[
        ...         dict(type='mmkbdm.LoadImage'),
        ...         dict(type='mmkbdm.ResizeCenterCrop', size=512),
        ...         dict(type='mmkbdm.DrawPose'),
        ...         dict(type='mmkbdm.PackGeneration'),
        ...     ],
        ...     test_mode=True,
        ... )

    Raises:
        PreflightError: Names the file, the record and the key.
        ValueError: On an unknown filter or template field.
    """

    def __init__(
        self,
        ann_file: str,
        data_root: str = '',
        data_prefix: dict | None = None,
        prompt_template: str | None = None,
        filter_cfg: dict | None = None,
        image_features: dict | None = None,
        **kwargs,
    ) -> None:
        for key in filter_cfg or ():
            if key not in _FILTERS:
                raise ValueError(
                    f'filter_cfg has {key!r}; it knows {", ".join(_FILTERS)}'
                )
        for _, field, _, _ in string.Formatter().parse(prompt_template or ''):
            if field is not None and field not in _FIELDS:
                raise ValueError(
                    f'prompt_template={prompt_template!r} has a field '
                    f'{field!r}; it knows {", ".join(_FIELDS)}'
                )
        self.prompt_template = prompt_template
        self.image_features = image_features
        self.left_out = Counter()
        super().__init__(
            ann_file,
            data_root=data_root,
            data_prefix=data_prefix or dict(img=''),
            filter_cfg=filter_cfg,
            **kwargs,
        )

    def full_init(self) -> None:
        """Read the file once, and say what was left out."""
        if self._fully_initialized:
            return
        super().full_init()
        found = ', '.join(f'{n} {why}' for why, n in self.left_out.items())
        print_log(
            f'{type(self).__name__}: {len(self)} images of {self.ann_file}; '
            f'left out: {found or "nothing"}',
            logger='current',
        )

    def filter_data(self) -> list[dict]:
        """Leave out images as told, and add features to the others."""
        kept = self._filtered() if self.filter_cfg else self.data_list
        if self.image_features is not None:
            features = main_process_first(lambda: self._encode(kept))
            for info, row in zip(kept, features, strict=True):
                info['image_features'] = row
        return kept

    def _filtered(self) -> list[dict]:
        """Leave out images by their number of people, and count them."""
        least = self.filter_cfg.get('min_people', 0)
        most = self.filter_cfg.get('max_people', np.inf)
        kept = []
        for info in self.data_list:
            joints = self.load_poses(info)[..., 2] > 0
            count = int(joints.any(axis=1).sum())
            if count < least:
                self.left_out[f'images of fewer than {least} people'] += 1
            elif count > most:
                self.left_out[f'images of more than {most} people'] += 1
            else:
                kept.append(info)
        return kept

    def _encode(self, infos: list[dict]) -> np.ndarray:
        # Here, because it imports the datasets that are built of this one.
        from mmkbdm.datasets.knowledge_base.encode_images import (
            build_encoder,
            encode_images,
        )

        def record(index: int) -> dict:
            info = infos[index]
            return dict(info, poses=self.load_poses(info))

        settings = dict(self.image_features)
        encoder = build_encoder(settings.pop('encoder'))
        paths = [info['img_path'] for info in infos]
        return encode_images(paths, record, encoder=encoder, **settings)

    def load_poses(self, info: dict) -> np.ndarray:
        """Return the poses of a record, float32 (P, 17, 3)."""
        return info['poses']

    def text_fields(self, text: str, scenario: str = '') -> dict:
        """Make ``prompt``, ``caption`` and ``scenario`` of a record.

        Args:
            text (str): As annotated; Human-Art's begin with the scenario
                and a comma.
            scenario (str): With spaces or underscores, or empty.
        """
        scenario = scenario.replace(' ', '_')
        head, comma, tail = text.partition(',')
        begins = scenario and head.strip().replace(' ', '_') == scenario
        caption = tail.strip() if begins and comma else text
        prompt = text
        if self.prompt_template is not None:
            prompt = self.prompt_template.format(
                caption=caption,
                scenario=scenario,
                scenario_words=scenario.replace('_', ' '),
            )
        return dict(prompt=prompt, caption=caption, scenario=scenario)
