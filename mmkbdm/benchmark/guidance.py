"""A generator over scales of guidance, and at the chosen one (ours)."""

from collections.abc import Callable, Sequence

import numpy as np

from mmkbdm.generation.contract import generate_images

from .generation_scores import LESS_IS_BETTER, Called, HeldOut

# Images that are kept to be looked at.
SHOWN = 8


def sweep(
    generator,
    held_out: HeldOut,
    scales: Sequence[float],
    seed: int,
    progress: Callable[[int], object] = lambda images: None,
    **call,
) -> dict[str, dict]:
    """Score a generator at every scale, on the poses for choosing.

    Args:
        generator: See ``mmkbdm/generation/contract.py``, taking settings of
            sampling.
        held_out (HeldOut): Who looks.
        scales (Sequence[float]): Of guidance.
        seed (int): Of the images, the same at all scales.
        progress (Callable): Called with the number of images made.
        **call: Further settings of sampling.

    Returns:
        dict[str, dict]: By scale, as JSON has it, the scores of
        :meth:`HeldOut.score`.
    """
    scores = {}
    for scale in scales:
        called = Called(generator, guidance_scale=scale, **call)
        scores[f'{scale:g}'] = held_out.score(
            held_out.look(called, held_out.tuning, seed, progress=progress)
        )
    return scores


def choose(scores: dict[str, dict], by: str = 'AP') -> str:
    """Return the best scale, the least of equals.

    Args:
        scores (dict): Of :func:`sweep`.
        by (str): Score. Defaults to AP.
    """
    sign = 1 if by in LESS_IS_BETTER else -1

    def order(scale: str) -> tuple[float, float]:
        value = sign * scores[scale][by]
        return (np.inf if np.isnan(value) else value, float(scale))

    return min(scores, key=order)


def score_chosen(
    generator,
    held_out: HeldOut,
    scale: float,
    seed: int,
    with_pose: bool,
    with_knowledge: bool,
    progress: Callable[[int], object] = lambda images: None,
    **call,
) -> dict[str, dict]:
    """Score a generator at one scale, and without one thing or another.

    Args:
        generator, held_out, seed, progress, **call: See :func:`sweep`.
        scale (float): Of guidance.
        with_pose (bool): Whether it is told the pose.
        with_knowledge (bool): Whether it has a knowledge base.

    Returns:
        dict[str, dict]: Scores on the poses for testing: ``testing``,
        ``other_poses``, made for the poses of other images, and ``kb_off``.
    """
    settings = dict(call, guidance_scale=scale)
    asked = {'testing': (Called(generator, **settings), False)}
    if with_pose:
        asked['other_poses'] = Called(generator, **settings), True
    if with_knowledge:
        asked['kb_off'] = Called(generator, **settings, kb_strength=0), False
    return {
        name: held_out.score(
            held_out.look(
                called,
                held_out.testing,
                seed,
                held_out.exchanged() if exchanged else None,
                progress,
            )
        )
        for name, (called, exchanged) in asked.items()
    }


def pictures(generator, held_out: HeldOut, seed: int) -> np.ndarray:
    """Return images of the first testing poses, uint8 (n, H, W, 3) RGB.

    They are those that were scored, up to rounding.
    """
    samples = [held_out.samples[i] for i in held_out.testing[:SHOWN]]
    return np.stack(generate_images(generator, samples, seed))
