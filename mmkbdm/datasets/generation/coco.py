"""COCO's people with COCO's captions."""

import numpy as np
from mmengine.fileio import join_path
from mmengine.utils import is_abs

from mmkbdm.registry import DATASETS

from .base import PoseTextDataset
from .records import fail, need, read_coco_people, read_json, read_list


@DATASETS.register_module()
class CocoPoseText(PoseTextDataset):
    """COCO 2017 for generation, one sample an image.

    Reads ``person_keypoints_*.json`` and ``captions_*.json``
    (``annotations`` with ``image_id``, ``id`` and ``caption``). Every image
    of the keypoint file has to have a caption; captions of other images are
    ignored. COCO also lists images without people:
    ``filter_cfg=dict(min_people=1)`` leaves them out.

    Args:
        ann_file (str): The keypoint file.
        caption_file (str): The caption file, relative to ``data_root``.
        caption (str): Which of the captions (about five an image): ``first``
            is that of the lowest id, ``random`` draws at every access from
            NumPy's global state, which MMEngine seeds in every process.
            Defaults to ``first``.
        **kwargs: Of :class:`PoseTextDataset`.
    """

    METAINFO = dict(dataset_name='coco')

    def __init__(
        self,
        ann_file: str,
        caption_file: str,
        caption: str = 'first',
        data_root: str = '',
        **kwargs,
    ) -> None:
        if caption not in ('first', 'random'):
            raise ValueError(
                f"caption={caption!r} must be 'first' or 'random'"
            )
        self.caption = caption
        if data_root and not is_abs(caption_file):
            caption_file = join_path(data_root, caption_file)
        self.caption_file = caption_file
        super().__init__(ann_file, data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read both files."""
        images, poses, self.left_out = read_coco_people(self.ann_file)
        captions = self._read_captions()
        data_list = []
        for image in images:
            image_id = image['id']
            if image_id not in captions:
                fail(
                    self.ann_file,
                    f'image {image_id}',
                    f'has no caption in {self.caption_file}',
                )
            data_list.append(
                dict(
                    img_path=join_path(
                        self.data_prefix['img'], image['file_name']
                    ),
                    file_name=image['file_name'],
                    img_id=image_id,
                    height=image['height'],
                    width=image['width'],
                    poses=poses[image_id],
                    captions=[text for _, text in sorted(captions[image_id])],
                )
            )
        return data_list

    def get_data_info(self, idx: int) -> dict:
        """Return a record with one of its captions."""
        info = super().get_data_info(idx)
        captions = info.pop('captions')
        chosen = 0
        if self.caption == 'random':
            chosen = np.random.randint(len(captions))
        return info | self.text_fields(captions[chosen])

    def _read_captions(self) -> dict[int, list]:
        file, found = self.caption_file, {}
        for index, record in enumerate(
            read_list(read_json(file), 'annotations', file)
        ):
            name = f'annotations[{index}]'
            image_id = need(record, 'image_id', int, file, name)
            # COCO's captions have line breaks and blanks at their ends.
            text = ' '.join(need(record, 'caption', str, file, name).split())
            number = need(record, 'id', int, file, name)
            found.setdefault(image_id, []).append((number, text))
        return found
