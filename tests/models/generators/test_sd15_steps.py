"""KB-DMGen at the real size of Stable Diffusion 1.5, with random weights."""

import pytest
import torch

from mmkbdm.analysis.generation.batch import make_batch
from mmkbdm.analysis.generation.training_cost import measure_training
from mmkbdm.analysis.generation.variants import CONFIGS, build_variants


@pytest.mark.slow
def test_samples_and_trains():
    """About 11 GB of memory: weights, gradients and two moments."""
    names = ['KB-DMGen', 'KB-DMGen, 3x3 FiLM']
    low_rank, paper = build_variants(names, 'sd15', 'cpu').values()
    batch = make_batch(128, 1, images=True)
    images = [
        model.generate(
            batch,
            [torch.Generator().manual_seed(0)],
            num_inference_steps=2,
            kb_strength=strength,
        )
        for model, strength in [(low_rank, 1), (low_rank, 0), (paper, 1)]
    ]
    for i, image in enumerate(images):
        assert image.shape == (1, 3, 128, 128)
        assert image.float().std() > 0
        assert not any(torch.equal(image, other) for other in images[:i])
    del paper

    learning = [v for v in low_rank.parameters() if v.requires_grad]
    before = [v.detach().flatten()[:1].clone() for v in learning]
    frozen = low_rank.base.unet.conv_in.weight.clone()
    row = measure_training(
        low_rank, 'KB-DMGen', 'sd15', CONFIGS, size=128, batch_size=1, steps=1
    )
    assert 0 < row['loss'] < 100
    assert all(v.isfinite().all() for v in learning)
    after = [v.detach().flatten()[:1] for v in learning]
    moved = sum(not torch.equal(a, b) for a, b in zip(before, after))
    # Steps of 1e-5 may be lost in the rounding of a weight of 1.
    assert moved > len(learning) / 2
    assert torch.equal(low_rank.base.unet.conv_in.weight, frozen)
