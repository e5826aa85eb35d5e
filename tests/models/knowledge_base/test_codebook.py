import pytest
import torch
from torch import nn

from mmkbdm.models.knowledge_base import FeatureCodebook
from mmkbdm.models.knowledge_base.code_metrics import CodebookUse
from mmkbdm.registry import MODELS

NUM_CODES = 32


def cluster_features():
    """Points around 64 centres that share one direction, as CLIP's do."""
    chance = torch.Generator().manual_seed(0)
    centres = torch.randn(64, 32, generator=chance)
    shared = torch.randn(32, generator=chance)
    which = torch.randint(64, (4096,), generator=chance)
    noise = torch.randn(4096, 32, generator=chance)
    return shared + centres[which] + 0.2 * noise


def train(steps=150, **quantizer):
    """Train on clusters; perplexity and cosine over all of them."""
    torch.manual_seed(0)
    features = cluster_features()
    model = FeatureCodebook(
        32, NUM_CODES, code_dim=16, hidden_dim=64, quantizer=quantizer
    )
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(steps):
        batch = features[torch.randint(len(features), (256,))]
        loss, _ = model.parse_losses(model(batch, mode='loss'))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    metric = CodebookUse(NUM_CODES)
    metric.process({}, model.eval()(features, mode='predict'))
    return metric.compute_metrics(metric.results)


def test_entropy_term_keeps_codes_in_use():
    # Without restarts, which keep codes in use as well.
    without = train(entropy=0.0, patience=1e9)
    with_term = train(entropy=1.0, patience=1e9)
    assert with_term['perplexity'] > NUM_CODES / 2 > without['perplexity']
    assert with_term['cosine'] > without['cosine']


def test_default_uses_its_codes():
    result = train()
    assert result['perplexity'] > 0.75 * NUM_CODES
    assert result['dead'] < 0.1
    assert result['cosine'] > 0.75


@pytest.fixture
def model():
    torch.manual_seed(0)
    cfg = dict(
        type='mmkbdm.FeatureCodebook',
        in_dim=8,
        num_codes=6,
        code_dim=4,
        hidden_dim=16,
        mse_weight=0.5,
    )
    model = MODELS.build(cfg)
    model.init_weights()
    return model


def test_modes(model):
    features = torch.randn(5, 8)
    out = model(features, mode='loss')
    names = ['loss_cosine', 'loss_mse', 'loss_commitment', 'loss_entropy']
    assert list(out) == [*names, 'perplexity', 'dead']
    loss, logged = model.parse_losses(out)
    torch.testing.assert_close(loss, sum(out[name] for name in names))
    assert {'perplexity', 'dead'} <= set(logged)
    loss.backward()
    assert all(p.grad.any() for p in model.parameters())
    model.eval()
    rebuilt = model(features)
    assert rebuilt.shape == (5, 8)
    predicted = model(features, mode='predict')
    codes = model.encode(features)
    assert [one['code'] for one in predicted] == codes.tolist()
    cosine = nn.functional.cosine_similarity(rebuilt, features)
    assert [one['cosine'] for one in predicted] == pytest.approx(
        cosine.tolist()
    )
    expected = model.decoder(model.codes[codes])
    torch.testing.assert_close(rebuilt, expected)
    with pytest.raises(ValueError, match="mode='losses'"):
        model(features, mode='losses')


def test_length_of_features_does_not_matter(model):
    features = torch.randn(5, 8)
    model.eval()
    torch.testing.assert_close(model(features), model(3 * features))


def test_encode_does_not_learn(model):
    before = {k: v.clone() for k, v in model.state_dict().items()}
    model.train().encode(torch.randn(64, 8))
    after = model.state_dict()
    assert all(torch.equal(after[k], v) for k, v in before.items())


def test_metric():
    metric = CodebookUse(num_codes=4)
    metric.process({}, [dict(code=c, cosine=c / 2) for c in (0, 0, 1, 1)])
    result = metric.compute_metrics(metric.results)
    assert result == pytest.approx(dict(perplexity=2.0, dead=0.5, cosine=0.25))
