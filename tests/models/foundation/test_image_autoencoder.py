"""The VAE learns to rebuild images, and knows its scale."""

import pytest
import torch
from tiny_foundation import autoencoder, fit, images


def test_overfits_a_batch():
    model = autoencoder(kl_weight=1e-5)
    batch = images().gather(torch.arange(2))
    before = [one['psnr'] for one in model(**batch, mode='predict')]
    first, last = fit(model, batch, 100, 5e-3)
    assert last < first / 5
    after = [one['psnr'] for one in model(**batch, mode='predict')]
    assert min(after) > max(before) + 10


def test_psnr_is_that_of_whole_numbers():
    model = autoencoder()
    image = images().gather(torch.arange(2))['image']
    # As if the reconstruction were 4 grey levels too bright.
    model.vae.decode = lambda latents: type(
        'Output', (), dict(sample=(image + 4.2) / 127.5 - 1)
    )
    for one in model(image, mode='predict'):
        assert one['psnr'] == pytest.approx(36.09, abs=0.01)


def test_scale_makes_latents_as_large_as_noise():
    model = autoencoder()
    batch = images().gather(torch.arange(2))
    assert model.scaling_factor == 1
    # The running mean has 99 % of its way behind it.
    for _ in range(450):
        with torch.no_grad():
            model(**batch, mode='loss')
    with torch.no_grad():
        latents = model.vae.encode(batch['image'] / 127.5 - 1).latent_dist
        scaled = model.scaling_factor * latents.sample()
    assert scaled.square().mean().sqrt() == pytest.approx(1, abs=0.1)


def test_no_kl_weight_no_pull_and_other_modes_are_refused():
    batch = images().gather(torch.arange(2))
    losses = autoencoder(kl_weight=0, edge_weight=0)(**batch, mode='loss')
    assert losses['loss_kl'] == 0 and losses['loss_edges'] == 0
    rebuilt = autoencoder()(**batch)
    assert rebuilt.shape == batch['image'].shape
    with pytest.raises(ValueError, match="mode='train'"):
        autoencoder()(**batch, mode='train')
