import pytest
import torch
import torch.nn.functional as F

from mmkbdm.models.knowledge_base import CodeAccuracy, TextToCode, read_out


@pytest.fixture
def model():
    torch.manual_seed(0)
    return TextToCode(8, num_codes=12, hidden_dim=32, dropout=0.0)


def test_codes_and_their_shares_are_the_same_target(model):
    features, codes = torch.randn(5, 8), torch.tensor([0, 3, 3, 11, 7])
    shares = F.one_hot(codes, 12).double()
    for mode in ('loss', 'predict'):
        assert model(features, codes, mode) == model(features, shares, mode)


def test_loss_is_smoothed_cross_entropy(model):
    features = torch.randn(5, 8)
    target = torch.rand(5, 12).softmax(1)
    logits = model(features)
    smooth = 0.9 * target + 0.1 / 12
    expected = -(smooth * logits.log_softmax(1)).sum(1).mean()
    out = model(features, target, mode='loss')
    torch.testing.assert_close(out['loss'], expected)
    # Only the loss is minimised.
    assert set(out) == {'loss', 'top1_acc', 'top5_acc'}
    assert model.parse_losses(out)[0] == out['loss']


def test_accuracy_of_a_mixture_is_its_share(model):
    features = torch.randn(1, 8)
    order = model(features).argsort(descending=True)[0]
    target = torch.zeros(1, 12)
    target[0, order[[0, 4, 5]]] = torch.tensor([0.5, 0.3, 0.2])
    [predicted] = model(features, target, mode='predict')
    assert predicted == pytest.approx(dict(top1=0.5, top5=0.8))
    metric = CodeAccuracy()
    metric.process({}, [predicted, dict(top1=0.0, top5=0.0)])
    assert metric.compute_metrics(metric.results) == pytest.approx(
        dict(top1=0.25, top5=0.4)
    )


def test_learns_codes_and_mixtures(model):
    torch.manual_seed(0)
    features = torch.randn(12, 8)
    target = torch.eye(12)
    target[0, :2] = 0.5
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(60):
        out = model(features, target, mode='loss')
        optimizer.zero_grad()
        out['loss'].backward()
        optimizer.step()
    predicted = model(features).softmax(-1)
    assert (predicted[2:].argmax(1) == torch.arange(2, 12)).all()
    assert predicted[0, :2].min() > 0.35


def test_bad_targets(model):
    features = torch.randn(5, 8)
    for target in (None, torch.zeros(4), torch.zeros(5, 11)):
        with pytest.raises(ValueError, match=r'\(B, 12\)'):
            model(features, target, mode='loss')
    with pytest.raises(ValueError, match="mode='train'"):
        model(features, torch.zeros(5), mode='train')


def test_read_out():
    torch.manual_seed(0)
    codes, logits = torch.randn(6, 3), 3 * torch.randn(2, 4, 6)
    best = read_out(logits, codes, 1)
    assert torch.equal(best, codes[logits.argmax(-1)])
    everything = read_out(logits, codes, 6)
    torch.testing.assert_close(everything, logits.softmax(-1) @ codes)
    two = read_out(logits, codes, 2)
    kept = torch.full_like(logits, -torch.inf)
    kept.scatter_(-1, logits.topk(2).indices, logits.topk(2).values)
    torch.testing.assert_close(two, kept.softmax(-1) @ codes)
    for top_k in (0, 7):
        with pytest.raises(ValueError, match=f'top_k={top_k}'):
            read_out(logits, codes, top_k)
