"""A generator and a judge that need no training, and data for both."""

import numpy as np
import torch
from mmengine.model import BaseModel
from torch import nn

from mmkbdm.evaluation.judges.base import Judge, check_images, person
from mmkbdm.registry import JUDGES, MODELS


@MODELS.register_module()
class ToyGenerator(BaseModel):
    """Noise and the condition, mixed by a weight that is trained."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Conv2d(3, 3, 1)
        self.dropout = nn.Dropout(0.5)
        self.frozen = nn.BatchNorm2d(3, affine=False).eval()
        self.calls = []

    def forward(self, inputs, mode='tensor'):
        noise = torch.rand_like(inputs)
        return dict(
            loss=self.dropout(self.mix(inputs + noise)).square().mean()
        )

    def generate(self, batch, generator):
        """Takes chance from the global state as well, and wastes it."""
        self.calls.append((list(batch['img_id']), self.training))
        torch.rand(3), np.random.rand(3)
        images = []
        for condition, one in zip(batch['condition'], generator):
            noise = torch.rand(condition.shape, generator=one)
            image = self.mix(0.5 * noise + condition / 510).sigmoid()
            images.append((255 * image).round().to(torch.uint8))
        return torch.stack(images)


@JUDGES.register_module()
class PixelJudge(Judge):
    """Finds one person, where the pixels say, or nobody."""

    def __init__(self, people=1, weights=''):
        self.people = people
        # As networks do when they are built.
        torch.rand(3)

    def judge(self, images):
        check_images(images)
        found = []
        for image in images:
            rng = np.random.default_rng(int(image.astype(int).sum()))
            size = image.shape[1::-1]
            keypoints = rng.uniform(0, size, (self.people, 17, 2))
            box = [0, 0, *size]
            found.append(
                person(
                    keypoints,
                    np.ones((self.people, 17)),
                    [0.9] * self.people,
                    [box] * self.people,
                )
            )
        return found

    def describe(self):
        return dict(name='PixelJudge', people=self.people)


@MODELS.register_module()
class MeanColours(nn.Module):
    """Mean colours of the four quarters of an image."""

    def forward(self, images):
        pooled = nn.functional.adaptive_avg_pool2d(images.float(), 2)
        return pooled.flatten(1) / 255


def dataset_cfg(root, size=64):
    """The config of the dataset of ``write_dataset``."""
    return dict(
        type='mmkbdm.ToyHumanPoseText',
        data_root=str(root),
        ann_file='annotations/val.json',
        data_prefix=dict(img='val/'),
        pipeline=[
            dict(type='mmkbdm.LoadImage'),
            dict(type='mmkbdm.ResizeCenterCrop', size=size),
            dict(type='mmkbdm.DrawPose'),
            dict(type='mmkbdm.PackGeneration'),
        ],
    )


def write_configs(folder, root):
    """Files for dataset, judge and generator; returns their paths."""
    imports = "custom_imports = dict(imports=['toy_parts'])\n"
    texts = dict(
        data=f'dataset = {dataset_cfg(root)!r}\n',
        judge=imports + "judge = dict(type='mmkbdm.PixelJudge')\n",
        model=imports + "model = dict(type='mmkbdm.ToyGenerator')\n",
        features=imports + "features = dict(type='mmkbdm.MeanColours')\n",
    )
    paths = {}
    for name, text in texts.items():
        paths[name] = folder / f'{name}.py'
        paths[name].write_text(text)
    return paths
