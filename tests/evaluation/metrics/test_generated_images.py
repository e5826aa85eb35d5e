import numpy as np
import pytest
import torch
from tiny_clip import write_clip
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from mmkbdm.evaluation import CLIPScore, FeatureDistances
from mmkbdm.evaluation.metrics.clip_features import CLIPFeatures
from mmkbdm.evaluation.metrics.feature_distances import (
    clip_scores,
    frechet_distance,
    kernel_distance,
)
from mmkbdm.evaluation.metrics.inception_features import InceptionFeatures
from mmkbdm.registry import METRICS

RNG = np.random.default_rng(0)


class ColourFeatures(nn.Module):
    """Means of the colours in the quarters of a picture."""

    num_features = 12

    def forward(self, images):
        pooled = nn.functional.adaptive_avg_pool2d(images.float(), 2)
        return pooled.flatten(1) / 255


def pictures(number, low=0, high=256):
    return torch.as_tensor(
        RNG.integers(low, high, (number, 3, 8, 10)), dtype=torch.uint8
    )


def torchmetrics_value(metric, real, fake):
    metric.set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    return metric.compute()


def test_distances_equal_torchmetrics_on_images():
    real, fake = pictures(60), pictures(50, 40)
    features = ColourFeatures()
    expected = torchmetrics_value(
        FrechetInceptionDistance(features), real, fake
    )
    a, b = features(real).numpy(), features(fake).numpy()
    assert frechet_distance(a, b) == pytest.approx(float(expected), abs=1e-4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)
    torch.manual_seed(3)
    expected, deviation = torchmetrics_value(
        KernelInceptionDistance(features, subset_size=20), real, fake
    )
    state = torch.get_rng_state()
    mean, std = kernel_distance(a, b, subset_size=20, seed=3)
    assert mean == pytest.approx(float(expected), abs=1e-4)
    assert std == pytest.approx(float(deviation), abs=1e-4)
    # Whoever trains is not disturbed.
    assert torch.equal(torch.get_rng_state(), state)


def test_frechet_distance_of_known_normals():
    # Whitened, so that mean and covariance are exact.
    base = RNG.normal(size=(400, 3))
    base -= base.mean(0)
    base = base @ np.linalg.inv(np.linalg.cholesky(np.cov(base.T)).T)
    other = base * [1, 2, 3] + [0, 0, 4]
    assert frechet_distance(base, other) == pytest.approx(16 + 1 + 4)


def test_metric_pools_the_set():
    real, fake = pictures(30), pictures(30, 40)
    metric = FeatureDistances(ColourFeatures(), subset_size=10)
    samples = [dict(image=b, reference=a) for a, b in zip(real, fake)]
    for i in range(0, 30, 7):
        metric.process(None, samples[i : i + 7])
    result = metric.evaluate(30)
    a, b = ColourFeatures()(real).numpy(), ColourFeatures()(fake).numpy()
    assert result['image/FID_ColourFeatures'] == pytest.approx(
        frechet_distance(a, b), abs=1e-5
    )
    mean, _ = kernel_distance(a, b, 10)
    assert result['image/KID_ColourFeatures'] == pytest.approx(mean, abs=1e-5)
    assert result['image/images'] == 30


def test_features_by_config(tiny_clip):
    metric = METRICS.build(
        dict(
            type='mmkbdm.FeatureDistances',
            features=dict(type='mmkbdm.CLIPFeatures', name_or_path=tiny_clip),
        )
    )
    samples = [dict(image=a, reference=a) for a in pictures(20)]
    metric.process(None, samples)
    assert metric.evaluate(20)['image/FID_CLIPFeatures'] == pytest.approx(
        0, abs=1e-6
    )


def test_wrong_images_are_named():
    metric = FeatureDistances(ColourFeatures())
    wrong = torch.zeros(3, 8, 8)
    with pytest.raises(ValueError, match=r'\(3, 8, 8\) of torch.float32'):
        metric.process(None, [dict(image=wrong, reference=wrong)])


@pytest.fixture(scope='module')
def tiny_clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp('clip'))


def test_clip_score_is_the_models_own_cosine(tiny_clip):
    clip = CLIPFeatures(tiny_clip)
    images, prompts = pictures(2)[..., :8], ['a cat', 'two dogs']
    tokens = clip.tokenizer(prompts, padding=True, return_tensors='pt')
    pixels = nn.functional.interpolate(
        images.float(), 16, mode='bicubic', antialias=True
    )
    pixels = pixels.round().clamp(0, 255) / 255
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711])
    pixels = (pixels - mean[:, None, None]) / std[:, None, None]
    with torch.no_grad():
        output = clip.model(**tokens, pixel_values=pixels)
    expected = output.logits_per_image.diag() / clip.model.logit_scale.exp()
    scores = clip_scores(
        clip(images).numpy(), clip.encode_text(prompts).numpy()
    )
    np.testing.assert_allclose(
        scores, 100 * expected.clip(0).numpy(), atol=1e-4
    )


def test_clip_metric(tiny_clip):
    metric = METRICS.build(
        dict(type='mmkbdm.CLIPScore', name_or_path=tiny_clip)
    )
    assert isinstance(metric, CLIPScore)
    images = [*pictures(2), torch.zeros(3, 20, 9, dtype=torch.uint8)]
    prompts = ['oil painting, a cat', 'a dog, it runs', 'a, ' + 'long ' * 40]
    samples = [dict(image=a, prompt=b) for a, b in zip(images, prompts)]
    samples[0]['scenario'] = 'oil_painting'
    metric.process(None, samples)
    expected = np.array(metric.results)
    result = metric.evaluate(3)
    assert result['image/CLIP_score'] == pytest.approx(expected[:, 0].mean())
    plain = result['image/CLIP_score_without_scenario']
    assert plain == pytest.approx(expected[:, 1].mean())
    assert (expected[1:, 0] == expected[1:, 1]).all()
    assert expected[0, 0] != expected[0, 1]
    assert (expected >= 0).all() and expected.max() > 0


def test_inception_reads_a_file(tmp_path, monkeypatch):
    path = tmp_path / 'inception.pth'
    with monkeypatch.context() as patch:
        # The network cannot be had without its weights: let none be read.
        torch.save({}, path)
        patch.setattr(nn.Module, 'load_state_dict', lambda *_, **__: None)
        torch.manual_seed(0)
        network = InceptionFeatures(str(path)).network
    torch.save(network.state_dict(), path)
    features = InceptionFeatures(str(path))
    images = pictures(2)
    assert features(images).shape == (2, 2048)
    torch.testing.assert_close(features(images), network(images))
    assert not torch.equal(*features(images))
