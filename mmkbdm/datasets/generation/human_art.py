"""Human-Art's official annotation file, and ToyHuman's, which is like it."""

from mmengine.fileio import join_path

from mmkbdm.registry import DATASETS

from .base import PoseTextDataset
from .records import fail, need, read_coco_people


@DATASETS.register_module()
class HumanArtPoseText(PoseTextDataset):
    """Human-Art (arXiv 2303.02760) for generation.

    COCO's keypoint format, in which an image also has ``description``
    ("digital_art, a girl standing under a tree") and ``category``, the
    scenario ("digital art"). ``keypoints`` holds COCO's 17 joints;
    ``keypoints_21`` is not read. Seen in the three records that MMPose
    tests with, not in the whole data set.

    Args:
        strip_prefix (str): Beginning of every ``file_name`` that is not on
            your disk. The official names begin with ``HumanArt/images/``.
            Defaults to ''.
        **kwargs: Of :class:`PoseTextDataset`.
    """

    METAINFO = dict(dataset_name='humanart')

    def __init__(self, *args, strip_prefix: str = '', **kwargs) -> None:
        self.strip_prefix = strip_prefix
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the annotation file."""
        images, poses, self.left_out = read_coco_people(self.ann_file)
        return [
            self._parse(image, poses[image['id']], self.ann_file)
            for image in images
        ]

    def _parse(self, image, poses, file) -> dict:
        name = f'image {image["id"]}'
        file_name = image['file_name']
        if not file_name.startswith(self.strip_prefix):
            fail(
                file,
                name,
                f'has the file_name {file_name}, which does not begin with '
                f'strip_prefix={self.strip_prefix!r}',
            )
        text = need(image, 'description', str, file, name)
        scenario = need(image, 'category', str, file, name)
        return dict(
            img_path=join_path(
                self.data_prefix['img'], file_name[len(self.strip_prefix) :]
            ),
            file_name=file_name,
            img_id=image['id'],
            height=image['height'],
            width=image['width'],
            poses=poses,
            **self.text_fields(text, scenario),
        )


@DATASETS.register_module()
class ToyHumanPoseText(HumanArtPoseText):
    """ToyHuman for generation: its files have the keys of Human-Art's.

    The scenario is the visual style.

    Args:
        **kwargs: Of :class:`PoseTextDataset`; ``data_prefix`` is
            ``dict(img='train/')`` or ``dict(img='val/')``.
    """

    METAINFO = dict(dataset_name='toyhuman')
