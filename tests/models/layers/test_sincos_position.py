import copy
import math
import pickle

import onnxruntime
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.export import Dim

from mmkbdm.models.layers import (
    ParseGraph,
    sincos_position,
    sincos_position_2d,
)


@pytest.fixture(autouse=True)
def kept():
    """What has been computed and kept; nothing before a test."""
    sincos_position._kept.cache_clear()
    yield lambda: sincos_position._kept.cache_info().currsize
    sincos_position._kept.cache_clear()


@pytest.fixture
def graph():
    torch.manual_seed(0)
    return ParseGraph(16, groups=(2, 2), gate_init=1.0)


def wanted(channels, height, width):
    """One position and one frequency after the other."""
    quarter = math.ceil(channels / 4)
    out = torch.empty(1, 4 * quarter, height, width)
    for y in range(height):
        for x in range(width):
            for i in range(quarter):
                frequency = 1e4 ** (-i / quarter)
                for j, (place, wave) in enumerate(
                    [
                        (y, math.sin),
                        (y, math.cos),
                        (x, math.sin),
                        (x, math.cos),
                    ]
                ):
                    channel = j * quarter + i
                    out[0, channel, y, x] = wave(place * frequency)
    return out[:, :channels]


@pytest.mark.parametrize('size', [(8, 5, 3), (16, 2, 7), (6, 4, 4), (1, 3, 2)])
def test_values(size):
    encoding = sincos_position_2d(*size, like=torch.empty(0))
    torch.testing.assert_close(encoding, wanted(*size))
    assert encoding[0].permute(1, 2, 0).stride(-1) == 1  # channels-last


def test_is_computed_once_for_a_size_and_a_dtype(kept):
    like = torch.empty(0)
    first = sincos_position_2d(8, 5, 3, like)
    assert sincos_position_2d(8, 5, 3, like) is first
    for size, dtype in (((8, 3, 5), like.dtype), ((8, 5, 3), torch.float16)):
        other = sincos_position_2d(*size, like=like.to(dtype))
        assert other.dtype == dtype and other.shape[1:] == size
    assert kept() == 3


def test_not_everything_is_kept(kept):
    for width in range(1, 100):
        sincos_position_2d(4, 1, width, torch.empty(0))
    assert kept() == 32


def test_modules_know_nothing_of_it(graph, kept):
    x = torch.randn(2, 16, 6, 5)
    names = list(graph.state_dict())
    expected = graph(x)
    assert kept() == 2  # levels of 16 and of 8 channels
    assert list(graph.state_dict()) == names and not list(graph.buffers())
    for twin in (copy.deepcopy(graph), pickle.loads(pickle.dumps(graph))):
        assert torch.equal(twin(x), expected)
    assert kept() == 2


def test_training_after_inference_mode(graph, kept):
    x = torch.randn(2, 16, 6, 5)
    with torch.inference_mode():
        expected = graph(x)
    assert kept() == 2
    out = graph(x.requires_grad_())
    out.sum().backward()
    assert torch.equal(out, expected)
    assert not sincos_position_2d(16, 6, 5, x).is_inference()


def test_autocast_and_half_precision_have_their_own(graph, kept):
    x = torch.randn(2, 16, 6, 5)
    with torch.autocast('cpu', torch.bfloat16):
        first, again = graph(x), graph(x)
    assert torch.equal(first, again) and kept() == 2
    graph.bfloat16()(x.bfloat16())
    assert kept() == 4


def use_fake(graph, x):
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        graph(mode.from_tensor(x))


def use_meta(graph, x):
    copy.deepcopy(graph).to('meta')(x.to('meta'))


def use_compile(graph, x):
    torch._dynamo.reset()
    compiled = torch.compile(graph, backend='aot_eager', fullgraph=True)
    assert_close(compiled(x), graph(x))
    assert_close(compiled(x[..., :4]), graph(x[..., :4]))  # another size


def use_trace(graph, x):
    before = sincos_position._kept.cache_info()
    traced = torch.jit.trace(graph, x, check_trace=False)
    assert sincos_position._kept.cache_info() == before
    assert_close(traced(x[:1]), graph(x[:1]))


def use_grad(graph, x):
    parameters = dict(graph.named_parameters())

    def loss(parameters):
        return torch.func.functional_call(graph, parameters, x).sum()

    torch.func.grad(loss)(parameters)


def use_vmap(graph, x):
    torch.vmap(lambda image: graph(image[None])[0])(x)


def use_functionalize(graph, x):
    torch.func.functionalize(graph)(x)


@pytest.mark.parametrize('before', [False, True])
@pytest.mark.parametrize(
    'use',
    [
        use_fake,
        use_meta,
        use_compile,
        use_trace,
        use_grad,
        use_vmap,
        use_functionalize,
    ],
)
def test_others_neither_leave_nor_need_it(use, before, graph):
    """Whether it was kept before or not, all goes on as without them."""
    x = torch.randn(2, 16, 6, 5)
    expected = copy.deepcopy(graph)(x)
    if not before:
        sincos_position._kept.cache_clear()
    with torch.no_grad():
        use(graph, x)
    assert torch.equal(graph(x), expected)
    encoding = sincos_position_2d(16, 6, 5, x)
    assert type(encoding) is torch.Tensor
    assert not torch._C._functorch.is_functorch_wrapped_tensor(encoding)


@pytest.mark.parametrize('strict', [False, True])
def test_export_computes_it_in_the_graph(strict, graph, kept):
    x = torch.randn(2, 16, 6, 5)
    shapes = ({0: Dim('batch')},)
    programs = []
    for count in (0, 2):  # before and after it was kept
        assert kept() == count
        program = torch.export.export(
            graph, (x,), dynamic_shapes=shapes, strict=strict
        )
        programs.append(program)
        assert_close(program.module()(x[:1]), graph(x[:1]))
    first, second = programs
    assert first.graph_module.code == second.graph_module.code
    assert 'sin' in first.graph_module.code


def test_onnx_has_a_dynamic_batch(graph, kept, tmp_path):
    x = torch.randn(2, 16, 6, 5)
    expected = graph(x).detach()
    assert kept() == 2
    path = str(tmp_path / 'graph.onnx')
    torch.onnx.export(
        graph.eval(), (x,), path, input_names=['x'],
        dynamic_shapes=({0: Dim('batch')},), dynamo=True, verbose=False,
    )  # fmt: skip
    session = onnxruntime.InferenceSession(
        path, providers=['CPUExecutionProvider']
    )
    for batch in (x, x[:1], x.repeat(2, 1, 1, 1)):
        (out,) = session.run(None, {'x': batch.numpy()})
        assert_close(torch.from_numpy(out), graph(batch))
    assert torch.equal(graph(x), expected)


def assert_close(out, wanted):
    torch.testing.assert_close(out, wanted, atol=1e-5, rtol=1e-5)
