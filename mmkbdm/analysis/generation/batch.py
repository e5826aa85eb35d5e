"""A batch of prompts and poses, for measuring (ours)."""

import numpy as np
import torch

from mmkbdm.visualization.pose_drawing import draw_pose

PROMPTS = (
    'digital_art, a girl in a white dress standing in a forest',
    'oil_painting, two dancers on a stage',
)
# A person who stands, COCO's joints in units of the image.
PERSON = (
    (0.50, 0.18), (0.52, 0.16), (0.48, 0.16), (0.54, 0.17), (0.46, 0.17),
    (0.58, 0.29), (0.42, 0.29), (0.62, 0.42), (0.38, 0.42), (0.63, 0.54),
    (0.36, 0.54), (0.55, 0.55), (0.45, 0.55), (0.56, 0.73), (0.44, 0.73),
    (0.57, 0.90), (0.43, 0.90),
)  # fmt: skip


def make_batch(size: int, batch_size: int, images: bool = False) -> dict:
    """Make what a data set gives: one person each, moved a little.

    Args:
        size (int): Side of the images in pixels.
        batch_size (int): How many.
        images (bool): Whether to add ``image``, noise. Defaults to False.
    """
    generator = torch.Generator().manual_seed(0)
    joints = np.array(PERSON)
    conditions = []
    for i in range(batch_size):
        moved = size * (joints + [0.02 * (i % 8) - 0.07, 0])
        person = np.concatenate([moved, np.ones((len(joints), 1))], axis=1)
        drawing = draw_pose(person[None], size, size)
        conditions.append(torch.from_numpy(drawing).permute(2, 0, 1))
    batch = dict(
        prompt=[PROMPTS[i % len(PROMPTS)] for i in range(batch_size)],
        condition=conditions,
    )
    if images:
        shape = 3, size, size
        batch['image'] = [
            torch.randint(256, shape, generator=generator, dtype=torch.uint8)
            for _ in range(batch_size)
        ]
    return batch
