"""The sample that a generator is trained and scored on (ours)."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmkbdm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackGeneration(BaseTransform):
    """Keep what a generator and its evaluator need.

    The sample is a flat dict, which MMEngine's ``pseudo_collate`` turns into
    a dict of lists:

    - ``image`` (torch.Tensor): uint8 (3, H, W), RGB; ``x / 127.5 - 1`` is
      what diffusers' VAEs take;
    - ``condition`` (torch.Tensor): uint8 (3, H, W), RGB; ``x / 255`` is what
      diffusers' ControlNets take;
    - ``prompt``, ``caption``, ``scenario`` (str): see
      :class:`~mmkbdm.datasets.generation.PoseTextDataset`;
    - ``poses`` (torch.Tensor): float32 (P, 17, 3), pixels of ``image``;
      everybody in it has a visible joint, and P may be 0;
    - ``num_people``, ``num_people_outside`` (int): P, and how many the crop
      lost;
    - ``img_id`` (int | str), ``img_path``, ``file_name`` (str),
      ``sample_idx`` (int);
    - ``ori_height``, ``ori_width`` (int): of the file, in pixels;
    - ``crop`` (torch.Tensor): int64 (4,), x, y, width and height of
      ``image`` in the file, in pixels;
    - ``flip`` (bool): whether ``image`` is mirrored;
    - ``image_features`` (torch.Tensor): float32 (d,), where the dataset has
      them.
    """

    def transform(self, results: dict) -> dict:
        """Pack the results of the transforms before."""
        sample = dict(
            # Images are BGR on their way through the pipeline, as MMCV's.
            image=_to_tensor(results['img'][..., ::-1]),
            condition=_to_tensor(results['condition']),
            poses=torch.from_numpy(results['poses']),
            num_people=len(results['poses']),
            ori_height=results['ori_shape'][0],
            ori_width=results['ori_shape'][1],
            crop=torch.from_numpy(results['crop']),
            flip=results.get('flip', False),
        )
        if 'image_features' in results:
            features = torch.from_numpy(results['image_features'])
            sample['image_features'] = features
        for key in (
            'prompt',
            'caption',
            'scenario',
            'num_people_outside',
            'img_id',
            'img_path',
            'file_name',
            'sample_idx',
        ):
            sample[key] = results[key]
        return sample


def _to_tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
