"""The mapping files of HumanSD: Human-Art repackaged, and LAION-Human."""

from pathlib import PurePosixPath

import numpy as np
from mmengine.fileio import join_path

from mmkbdm.registry import DATASETS

from .base import PoseTextDataset
from .pose_npz import read_pose_npz
from .records import fail, need, read_json


@DATASETS.register_module()
class PoseTextMapping(PoseTextDataset):
    """A JSON that maps an index to image, prompt and poses (HumanSD).

    Assumed from what HumanSD (arXiv 2304.04269) documents, and
    not tried on its files, which are given by form only:
    ``{index: {"img_path": ..., "prompt": ..., "pose_path": ...}}``, both
    paths relative to one folder, here ``data_root``; sizes are not in it.
    :func:`read_pose_npz` describes the pose file. The prompt is taken as the
    whole text; whether Human-Art's begin with the scenario is not known, and
    both are understood.

    Pose files are read when a sample is, and all of them at the start only
    if ``filter_cfg`` asks for a number of people.

    Args:
        ann_file (str): The mapping file.
        data_prefix (dict, optional): ``img`` and ``pose``: folders that the
            two paths start from. Both default to ``data_root``.
        scenario_from_folder (bool): The image's folder names the scenario,
            as in ``images/2D_virtual_human/cartoon/000000000007.jpg`` of
            Human-Art; LAION-Human has none. Defaults to False.
        **kwargs: Of :class:`PoseTextDataset`.
    """

    METAINFO = dict(dataset_name='pose_text_mapping')

    def __init__(
        self,
        ann_file: str,
        data_prefix: dict | None = None,
        scenario_from_folder: bool = False,
        **kwargs,
    ) -> None:
        self.scenario_from_folder = scenario_from_folder
        data_prefix = dict(img='', pose='') | (data_prefix or {})
        super().__init__(ann_file, data_prefix=data_prefix, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read the mapping, and no pose file."""
        content = read_json(self.ann_file)
        if not isinstance(content, dict):
            fail(self.ann_file, '', 'is not a dict of records')
        return [self._parse(*item) for item in content.items()]

    def get_data_info(self, idx: int) -> dict:
        """Return a record with its poses."""
        info = super().get_data_info(idx)
        info['poses'] = self.load_poses(info)
        return info

    def load_poses(self, info: dict) -> np.ndarray:
        """Read the pose file of a record, float32 (P, 17, 3)."""
        return read_pose_npz(info['pose_path'])

    def _parse(self, index, record) -> dict:
        file, name = self.ann_file, f'record {index}'
        if not isinstance(record, dict):
            fail(file, name, 'is not a dict')
        img_path, prompt, pose_path = (
            need(record, key, str, file, name)
            for key in ('img_path', 'prompt', 'pose_path')
        )
        folder = PurePosixPath(img_path).parent.name
        scenario = folder if self.scenario_from_folder else ''
        return dict(
            img_path=join_path(self.data_prefix['img'], img_path),
            file_name=img_path,
            pose_path=join_path(self.data_prefix['pose'], pose_path),
            img_id=index,
            height=None,
            width=None,
            **self.text_fields(prompt, scenario),
        )
