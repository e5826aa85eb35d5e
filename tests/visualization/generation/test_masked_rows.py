import pytest
import torch

from mmkbdm.models.layers import masked_attention
from mmkbdm.models.layers.masked_attention import mask_channels
from mmkbdm.visualization.generation.masked_rows import masked_rows, paid_to

HEADS, TOKENS, DIM = 2, 12, 5


@pytest.fixture
def given():
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator)

    q, k, v = draw(3, HEADS, TOKENS, DIM) * 2
    background = draw(HEADS, TOKENS).sigmoid()
    strength = torch.tensor([3.0, 8.0])
    channels = mask_channels(background, strength, DIM)
    return q, k, v, background, strength, channels


def test_rows_give_what_the_layer_answers(given):
    """What is drawn is what the network computes."""
    q, k, v, background, strength, channels = given
    attended = masked_attention(
        q[None], k[None], v[None], background[None], strength[None]
    )[0]
    rows = masked_rows(q, k, channels, [7, 0])
    assert rows.shape == (2, HEADS, TOKENS)
    for row, token in zip(rows, (7, 0)):
        context = torch.einsum('hn,hnd->hd', row, v)
        torch.testing.assert_close(context, attended[:, token])


def test_heads_may_share_their_channels(given):
    q, k, *_, channels = given
    one = channels[:, :1]
    torch.testing.assert_close(
        masked_rows(q, k, one, [3]),
        masked_rows(q, k, one.expand(2, HEADS, -1), [3]),
    )


@pytest.mark.parametrize('chunk', [1, 5, 1000])
def test_paid_to_is_a_sum_over_all_rows(given, chunk):
    q, k, *_, channels = given
    wanted = torch.arange(TOKENS) % 3 == 0
    rows = masked_rows(q, k, channels, range(TOKENS))
    expected = rows[:, :, ::3].sum(-1)
    shares = paid_to(q, k, channels, wanted, chunk)
    assert shares.shape == (TOKENS, HEADS)
    torch.testing.assert_close(shares, expected)


def test_a_strong_mask_keeps_background_away_from_background(given):
    q, k, *_ = given
    background = (torch.arange(TOKENS) >= 4).float().expand(HEADS, -1)
    channels = mask_channels(background, torch.full((HEADS,), 60.0), DIM)
    shares = paid_to(q, k, channels, torch.arange(TOKENS) < 4)
    assert (shares[4:] > 0.999).all()
    assert (shares[:4] < 0.999).any()
