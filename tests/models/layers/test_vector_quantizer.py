import copy
import math

import pytest
import torch
import torch.nn.functional as F

from mmkbdm.models.layers import VectorQuantizer, code_perplexity


def quantizer(**settings):
    torch.manual_seed(0)
    return VectorQuantizer(**dict(num_codes=8, dim=4) | settings)


def blobs(num, seed=0, centres=8, dim=4, spread=0.05):
    """Vectors around fixed directions, and which direction."""
    fixed = torch.Generator().manual_seed(7)
    centre = F.normalize(torch.randn(centres, dim, generator=fixed), dim=-1)
    chance = torch.Generator().manual_seed(seed)
    which = torch.randint(centres, (num,), generator=chance)
    noise = spread * torch.randn(num, dim, generator=chance)
    return 3 * (centre[which] + noise), which


def state(module):
    return copy.deepcopy(module.state_dict())


def same(one, other):
    return all(torch.equal(one[key], other[key]) for key in one)


def test_nearest_code_by_angle():
    module = quantizer().eval()
    x = torch.randn(20, 4)
    out = module(x)
    angle = torch.acos(F.cosine_similarity(x[:, None], module.codes, dim=-1))
    assert torch.equal(out.indices, angle.argmin(-1))
    torch.testing.assert_close(out.quantized, module.codes[out.indices])
    assert torch.equal(module(5 * x).indices, out.indices)


def test_gradient_passes_straight_through():
    x = torch.randn(6, 4, requires_grad=True)
    weights = torch.randn(6, 4)
    (quantizer(entropy=0.0)(x).quantized * weights).sum().backward()
    straight = x.grad.clone()
    x.grad = None
    (F.normalize(x, dim=-1) * weights).sum().backward()
    torch.testing.assert_close(straight, x.grad)


def test_losses_are_the_documented_formulas():
    module = quantizer(commitment=0.5, entropy=0.2, temperature=0.3).eval()
    x = torch.randn(20, 4)
    losses = module(x).losses
    z = F.normalize(x, dim=-1)
    nearest = torch.cdist(z, module.codes).amin(-1).square().mean()
    torch.testing.assert_close(losses['loss_commitment'], 0.5 * nearest)
    p = (z @ module.codes.T / 0.3).softmax(-1)
    single = torch.special.entr(p).sum(-1).mean()
    joint = torch.special.entr(p.mean(0)).sum()
    expected = 0.2 * (single - joint) / math.log(8)
    torch.testing.assert_close(losses['loss_entropy'], expected)


def test_entropy_spreads_vectors_over_codes():
    """Vectors that all begin at one code end at most of them."""
    module = quantizer(temperature=0.3).eval()
    x = (module.codes[:1] + 0.05 * torch.randn(64, 4)).requires_grad_()
    assert len(module(x).indices.unique()) == 1
    optimizer = torch.optim.Adam([x], 0.02)
    for _ in range(100):
        optimizer.zero_grad()
        module(x).losses['loss_entropy'].backward()
        optimizer.step()
    assert len(module(x).indices.unique()) >= 6


def test_eval_is_deterministic_and_changes_nothing():
    module = quantizer().eval()
    before = state(module)
    x = torch.randn(9, 4)
    first, second = module(x), module(x)
    assert torch.equal(first.quantized, second.quantized)
    assert same(before, module.state_dict())


def test_moving_average():
    module = quantizer(decay=0.75)
    before = module.sums.clone()
    x = torch.randn(2, 4).repeat(3, 1)
    out = module(x)
    z = F.normalize(x, dim=-1)
    for code in range(8):
        mine = z[out.indices == code]
        expected = before[code]
        if len(mine):
            expected = 0.75 * expected + 0.25 * mine.sum(0)
        torch.testing.assert_close(module.sums[code], expected)


def test_finds_clusters_and_restarts_dead_codes():
    module = quantizer(num_codes=16, dim=12, decay=0.8, patience=4.0)
    with torch.no_grad():  # all codes out of reach but the first
        module.sums.copy_(-blobs(1, dim=12)[0].expand(16, 12))
    for step in range(60):
        module(blobs(32, step, dim=12)[0])
    x, which = blobs(200, 1000, dim=12)
    out = module.eval()(x)
    # Every cluster has a code, no code serves two.
    pairs = set(zip(which.tolist(), out.indices.tolist()))
    assert len(pairs) == len(out.indices.unique()) >= 8
    assert out.losses['loss_commitment'] < 0.25 * 0.05
    assert out.perplexity > 6


def test_dead_codes_are_counted():
    module = quantizer(patience=2.0)
    x = torch.ones(4, 4)
    fractions = [float(module(x).dead) for _ in range(6)]
    # After 16 vectors; one of the restarted is then chosen.
    assert fractions == [0, 0, 0, 0, 7 / 8, 6 / 8]
    # Four and then three of them have got a vector to start from.
    restarted = F.cosine_similarity(module.codes, x[:1], dim=-1) > 0.9999
    assert restarted.sum() == 7
    assert (module.waiting <= 4).all()


def test_resumes_exactly():
    straight = quantizer(patience=1.0)
    for step in range(12):
        straight(blobs(4, step)[0])
    first = quantizer(patience=1.0)
    for step in range(6):
        first(blobs(4, step)[0])
    torch.manual_seed(99)
    second = VectorQuantizer(8, 4, patience=1.0)
    second.load_state_dict(state(first))
    for step in range(6, 12):
        torch.rand(3)  # the global source of chance has no part in it
        second(blobs(4, step)[0])
    assert same(straight.state_dict(), second.state_dict())


def test_processes_stay_alike():
    """Two processes of half a batch each learn what one of all learns."""
    whole = quantizer(patience=1.0)
    halves = [quantizer(patience=1.0) for _ in range(2)]
    for step in range(12):
        x = blobs(8, step)[0]
        whole(x)
        for half, part in zip(halves, x.chunk(2)):
            half.gather = lambda z, x=x: F.normalize(x, dim=-1)
            half(part)
    assert same(whole.state_dict(), halves[0].state_dict())
    assert same(whole.state_dict(), halves[1].state_dict())


def test_autocast_changes_nothing():
    x = torch.randn(16, 4)
    plain, cast = quantizer(), quantizer()
    expected = plain(x)
    with torch.autocast('cpu', torch.bfloat16):
        out = cast(x)
    torch.testing.assert_close(out, expected, atol=0, rtol=0)
    assert same(plain.state_dict(), cast.state_dict())
    assert cast(x.bfloat16()).quantized.dtype == torch.bfloat16


def test_perplexity():
    assert code_perplexity(torch.tensor([0, 5, 0])) == 1
    torch.testing.assert_close(
        code_perplexity(torch.tensor([2, 2, 0, 2])), torch.tensor(3.0)
    )
    assert code_perplexity(torch.zeros(4)) == 0


def test_errors():
    with pytest.raises(ValueError, match=r'dim=4, .* \(2, 5\)'):
        quantizer()(torch.rand(2, 5))
    with pytest.raises(ValueError, match='num_codes=1 '):
        quantizer(num_codes=1)
    with pytest.raises(ValueError, match='decay=1'):
        quantizer(decay=1)
    with pytest.raises(ValueError, match='temperature=0 '):
        quantizer(temperature=0)
