import torch
import torch.nn.functional as F

from mmkbdm.models.layers import ResidualConv


def test_starts_as_the_identity():
    x = torch.randn(2, 8, 4, 3)
    assert torch.equal(ResidualConv(8, 5)(x), x)


def test_is_the_documented_formula():
    torch.manual_seed(0)
    block = ResidualConv(8, 5, gate_init=0.5)
    x = torch.randn(2, 8, 4, 3)
    y = F.layer_norm(x.permute(0, 2, 3, 1), (8,)).permute(0, 3, 1, 2)
    branch = block.conv2(F.relu(block.conv1(y)))
    torch.testing.assert_close(block(x), x + 0.5 * branch)


def test_parameters():
    """Two 3x3 convolutions with biases, an affine norm and the gate."""
    count = sum(p.numel() for p in ResidualConv(64, 69).parameters())
    assert count == 2 * 9 * 64 * 69 + 69 + 64 + 3 * 64


def test_only_the_gate_learns_in_the_first_step():
    torch.manual_seed(0)
    block = ResidualConv(8, 5)
    block(torch.randn(2, 8, 4, 3)).square().mean().backward()
    assert block.gate.gamma.grad.any()
    assert not block.conv1.weight.grad.any()
