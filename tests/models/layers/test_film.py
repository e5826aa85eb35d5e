import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmkbdm.models.layers import GatedFiLM

KINDS = ['linear', 'conv3x3']


def tiny(**settings):
    torch.manual_seed(0)
    return GatedFiLM(8, 5, 6, rank=3, num_groups=2, **settings)


def awake(**settings):
    film = tiny(**settings)
    nn.init.normal_(film.head.weight)
    nn.init.normal_(film.head.bias)
    return film


def inputs(height=4, width=5):
    torch.manual_seed(1)
    h = torch.randn(2, 8, height, width)
    return h, torch.randn(2, 5), torch.randn(2, 6)


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('gated', [True, False])
def test_starts_as_the_identity_and_learns(kind, gated):
    film = tiny(kind=kind, gated=gated)
    h, code, time = inputs()
    out = film(h, code, time)
    assert torch.equal(out, h)
    target = torch.randn_like(h)
    (out - target).square().mean().backward()
    for name, parameter in film.named_parameters():
        assert parameter.grad.any() == name.startswith('head'), name
    torch.optim.SGD(film.parameters(), 0.1).step()
    film.zero_grad()
    (film(h, code, time) - target).square().mean().backward()
    for name, parameter in film.named_parameters():
        assert parameter.grad.any(), name


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('size', [(4, 5), (3, 3), (2, 7)])
def test_is_the_documented_formula(kind, size):
    film = awake(kind=kind)
    h, code, time = inputs(*size)
    e = F.silu(film.code(code) + film.time(time))
    if kind == 'linear':
        maps = film.head(e)[..., None, None]
    else:
        flat = film.spread(e)[..., None, None].expand(-1, -1, *size)
        maps = film.head(flat)
    gamma, beta = maps.chunk(2, dim=1)
    gate = film.gate(e).sigmoid()[..., None, None]
    change = gate * (gamma * F.group_norm(h, 2) + beta)
    torch.testing.assert_close(film(h, code, time), h + change)
    torch.testing.assert_close(
        film(h, code, time, strength=0.3), h + 0.3 * change
    )


@pytest.mark.parametrize('kind', KINDS)
def test_strength_zero_is_off(kind):
    h, code, time = inputs()
    code = code * float('nan')  # whatever the code is
    assert torch.equal(awake(kind=kind)(h, code, time, strength=0), h)


@pytest.mark.parametrize('kind', KINDS)
def test_modulation_serves_maps_of_any_size(kind):
    film = awake(kind=kind)
    _, code, time = inputs()
    modulation = film.modulation(code, time)
    for size in [(1, 1), (2, 2), (6, 4)]:
        h = torch.randn(2, 8, *size)
        assert torch.equal(film.modulate(h, modulation), film(h, code, time))
    assert modulation.gate.shape == (2, 1, 1, 1)
    assert modulation.maps.shape[:2] == (2, 16)


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('gated', [True, False])
def test_no_code_changes_nothing_sample_by_sample(kind, gated):
    film = awake(kind=kind, gated=gated)
    h, code, time = inputs()
    both = film(h, code, time)
    code[0] = 0
    out = film(h, code, time)
    assert torch.equal(out[0], h[0]) and not torch.equal(both[0], h[0])
    assert torch.equal(out[1], both[1])
    # A sample without a code teaches nothing.
    film(h[:1], code[:1], time[:1]).square().sum().backward()
    assert not any(value.grad.any() for value in film.parameters())


def test_code_and_time_matter():
    film = awake()
    h, code, time = inputs()
    out = film(h, code, time)
    assert not torch.allclose(out, film(h, code + 1, time))
    assert not torch.allclose(out, film(h, code, time + 1))


@pytest.mark.parametrize(
    'kind, count', [('linear', 1_416_195), ('conv3x3', 67_364_995)]
)
def test_sizes(kind, count):
    """At the three places of Stable Diffusion 1.5; the paper says 67.3 M."""
    with torch.device('meta'):
        films = [GatedFiLM(c, 256, 1280, kind=kind) for c in (640, 1280, 1280)]
    assert sum(p.numel() for f in films for p in f.parameters()) == count


def test_half_precision():
    film = awake()
    h, code, time = inputs()
    with torch.autocast('cpu', torch.bfloat16):
        assert film(h, code, time).dtype == torch.float32
        assert film(h.bfloat16(), code, time).dtype == torch.bfloat16


def test_errors():
    with pytest.raises(ValueError, match="kind='mlp' must be one of"):
        tiny(kind='mlp')
    with pytest.raises(ValueError, match='num_groups=32 must divide the 40'):
        GatedFiLM(40, 5, 6)
