"""One image as a generator makes it, with all that the pages show (ours)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.job import Job
from mmkbdm.models.generators.sampling import Sampling
from mmkbdm.models.layers import distance_to_pose, pose_mask
from mmkbdm.pipelines import KBDMGenPipeline

from .record import SamplingRecord, StepRecord, recorded

DEFAULT_LOOKS = 5


@dataclass
class GenerationView:
    """What a pipeline was asked, what it made, and how.

    Attributes:
        pipeline (KBDMGenPipeline): Asked.
        job (Job): The image that was asked for.
        call (Sampling): All settings.
        condition (np.ndarray): The drawn poses, uint8 (H, W, 3) RGB.
        image (np.ndarray): What was made, uint8 (H, W, 3) RGB.
        steps (list[StepRecord]): All steps.
        looks (list[StepRecord]): Those that are looked at.
        so_far (list[np.ndarray]): The image after each of these.
    """

    pipeline: KBDMGenPipeline
    job: Job
    call: Sampling
    condition: np.ndarray
    image: np.ndarray
    steps: list[StepRecord]
    looks: list[StepRecord]
    so_far: list[np.ndarray]

    @property
    def token_size(self) -> int:
        """Side of a token of the masked block in pixels of the image."""
        adapter = self.pipeline.adapter
        return adapter.factor * adapter.masked_block.patch_size

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the tokens of the masked block."""
        height, width = self.condition.shape[:2]
        return height // self.token_size, width // self.token_size

    @property
    def token_distance(self) -> np.ndarray:
        """Of every token to the pose (rows, columns), in pixels."""
        return token_distances(self.pipeline.adapter, self.condition)

    @property
    def distance(self) -> Tensor:
        """Of every pixel to the pose (H, W), in pixels."""
        mask = pose_mask(as_batch(self.condition))
        return distance_to_pose(mask)[0, 0]


@torch.no_grad()
def look_at_generation(
    pipeline: KBDMGenPipeline, job: Job, look_at: Sequence[int] | None = None
) -> GenerationView:
    """Let a pipeline make an image, and record how.

    Args:
        pipeline (KBDMGenPipeline): With an adapter.
        job (Job): The image.
        look_at (Sequence[int], optional): Steps to look at, counted from 0,
            negative ones from the last. Defaults to five, evenly spread.

    Raises:
        PreflightError: There is no such step.
    """
    adapter = pipeline.adapter
    call = Sampling.of(pipeline.config.call, job.call)
    pipeline.scheduler.set_timesteps(call.num_inference_steps)
    chosen = chosen_steps(len(pipeline.scheduler.timesteps), look_at)
    condition = job.condition()
    on_pose = torch.zeros(0, dtype=torch.bool)
    if adapter.masked_block is not None:
        distance = token_distances(adapter, condition)
        on_pose = torch.from_numpy(distance == 0).flatten()
    record = SamplingRecord(chosen, on_pose)
    with recorded(adapter.masked_block, record):
        image = make_image(pipeline, job, record.on_step_end)
    looks = [record.steps[i] for i in chosen]
    return GenerationView(
        pipeline=pipeline,
        job=job,
        call=call,
        condition=condition,
        image=image,
        steps=record.steps,
        looks=looks,
        so_far=[_decoded(pipeline, look.latents) for look in looks],
    )


def make_image(
    pipeline: KBDMGenPipeline, job: Job, on_step_end=None, **call
) -> np.ndarray:
    """Make the image of a job, uint8 (H, W, 3) RGB.

    Args:
        pipeline (KBDMGenPipeline): Asked.
        job (Job): The image.
        on_step_end (Callable, optional): The pipeline's callback.
        **call: Settings in place of those of the job.
    """
    [image] = pipeline(
        job.prompt,
        image=job.condition(),
        generator=job.generator(),
        callback_on_step_end=on_step_end,
        **{**job.call, **call},
    ).images
    return np.asarray(image)


def _decoded(pipeline: KBDMGenPipeline, latents: Tensor) -> np.ndarray:
    base = pipeline.base
    [image] = base.decode(latents[None].to(base.device))
    return image.permute(1, 2, 0).cpu().numpy()


def chosen_steps(total: int, look_at: Sequence[int] | None) -> list[int]:
    """Check steps to look at, or choose some.

    Args:
        total (int): Steps there are.
        look_at (Sequence[int], optional): See :func:`look_at_generation`.

    Raises:
        PreflightError: There is no such step.
    """
    if look_at is None:
        count = min(DEFAULT_LOOKS, total)
        return np.linspace(0, total - 1, count).round().astype(int).tolist()
    for step in look_at:
        if not -total <= step < total:
            raise PreflightError(
                f'--look-at {step} does not exist: there are {total} steps, '
                'counted from 0'
            )
    return sorted({step % total for step in look_at})


def token_distances(adapter, condition: np.ndarray) -> np.ndarray:
    """Distances of tokens to the pose (rows, columns), as the model has them.

    Args:
        adapter (PoseAdapter): With masks.
        condition (np.ndarray): The poses drawn, uint8 (H, W, 3) RGB.
    """
    pose = adapter.prepare_pose(as_batch(condition).to(adapter.device))
    return pose.distance[0, 0].float().cpu().numpy()


def as_batch(image: np.ndarray) -> Tensor:
    """Return an image (H, W, 3) as (1, 3, H, W)."""
    return torch.from_numpy(image).permute(2, 0, 1)[None]
