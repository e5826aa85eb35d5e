"""Samples of a dataloader, recorded once and read again and again (ours).

In an experiment every network sees the same samples for a seed. Loading and
augmenting them takes longer than a GPU needs to train a small network on
them, so they are recorded as MMPose's pipeline made them.
"""

import torch
from mmengine.structures import InstanceData, PixelData
from torch.utils.data import Dataset

from mmkbdm.registry import DATASETS


@DATASETS.register_module()
class RecordedSamples(Dataset):
    """What :mod:`mmkbdm.benchmark.recording` wrote.

    The samples of an evaluation are whole. Those of a training have what
    heatmap heads are trained on, a heatmap (h, w) and a weight for each of K
    joints, and nothing else.

    Args:
        path (str): File of the record. It is mapped into memory, so that
            processes share it; only your own may be given, for it is a
            pickle.

    Attributes:
        metainfo (dict): Parsed metainfo of the data set that was recorded.
    """

    def __init__(self, path: str) -> None:
        record = torch.load(path, mmap=True, weights_only=False)
        self.metainfo = record['metainfo']
        self.inputs = record['inputs']
        self.samples = record.get('samples')
        self.heatmaps = record.get('heatmaps')
        self.weights = record.get('weights')

    def __len__(self) -> int:
        """Samples of the record."""
        return len(self.inputs)

    def __getitem__(self, index: int) -> dict:
        """Image (3, H, W), uint8, and its PoseDataSample."""
        if self.samples is not None:
            sample = self.samples[index]
        else:
            from mmpose.structures import PoseDataSample

            sample = PoseDataSample()
            sample.gt_fields = PixelData(heatmaps=self.heatmaps[index])
            sample.gt_instance_labels = InstanceData(
                keypoint_weights=self.weights[index]
            )
        return dict(inputs=self.inputs[index], data_samples=sample)
