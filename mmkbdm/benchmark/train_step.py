"""A training step on made-up data, for timing (ours)."""

from collections.abc import Callable

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.structures import InstanceData, PixelData


def make_train_step(
    cfg: Config, seed: int = 0, device: str = 'cpu'
) -> Callable[[], None]:
    """Build a network and return what does one step of its optimizer.

    The step is forward, loss, backward and update on one batch of random
    images and heatmaps, weights in channels_last memory format, without
    loading and augmentation.

    Args:
        cfg (Config): Config of a top-down network with a heatmap codec.
        seed (int): Random seed of the batch. Defaults to 0.
        device (str): Where network and batch are. Defaults to ``cpu``.
    """
    from mmpose.registry import MODELS
    from mmpose.structures import PoseDataSample

    model = MODELS.build(cfg.model).train().to(device)
    model.to(memory_format=torch.channels_last)
    optim_wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    generator = torch.Generator().manual_seed(seed)
    width, height = cfg.codec.heatmap_size
    joints = cfg.model.head.out_channels
    samples = []
    for _ in range(cfg.train_dataloader.batch_size):
        heatmaps = torch.rand(joints, height, width, generator=generator)
        sample = PoseDataSample()
        sample.gt_fields = PixelData(heatmaps=heatmaps)
        sample.gt_instance_labels = InstanceData(
            keypoint_weights=torch.ones(1, joints)
        )
        samples.append(sample.to(device))
    columns, rows = cfg.codec.input_size
    images = torch.randn(len(samples), 3, rows, columns, generator=generator)
    images = images.to(device)

    def step() -> None:
        losses = model.loss(images, samples)
        loss, _ = model.parse_losses(losses)
        optim_wrapper.update_params(loss)

    return step
