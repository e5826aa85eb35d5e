"""Training steps as a function of tensors, and as CUDA graphs."""

import pytest
import torch
from mmengine.registry import MODELS
from tiny_generator import batch, full

from mmkbdm.models.generators.trained_prediction import TrainedPrediction

NEEDS_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason='needs a GPU'
)


def generator(**settings):
    torch.manual_seed(0)
    return MODELS.build(full(**settings)).train()


def test_every_parameter_of_the_adapter_has_a_part_in_it():
    model = generator()
    prediction = TrainedPrediction(model.base, model.adapter)
    code = torch.randn(2, model.knowledge_base.code_dim, requires_grad=True)
    predicted = prediction(
        torch.randn(2, *model.base.latent_shape(64, 64)),
        torch.tensor([3, 900]),
        torch.randn(2, 24, 8),
        torch.full((2, 3, 64, 64), 255, dtype=torch.uint8),
        code,
    )
    inputs = [p for p in prediction.parameters() if p.requires_grad] + [code]
    # Raises if one is not used, as capturing does.
    gradients = torch.autograd.grad(predicted.sum(), inputs)
    assert all(one is not None for one in gradients)


@NEEDS_GPU
@pytest.mark.parametrize('autocast', [False, True])
def test_graph_trains_as_without(autocast):
    histories = []
    for graph in (False, True):
        model = generator(graph=graph).cuda()
        parameters = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, lr=1e-3)
        torch.manual_seed(1)
        history = []
        for _ in range(6):
            optimizer.zero_grad()
            with torch.autocast('cuda', torch.bfloat16, enabled=autocast):
                loss = model(**batch())['loss']
            loss.backward()
            optimizer.step()
            history.append(loss.item())
        histories.append(history)
    assert histories[0] == pytest.approx(histories[1], rel=0.02)


@NEEDS_GPU
def test_graph_refuses_batches_of_another_size():
    model = generator(graph=True).cuda()
    model(**batch())
    with pytest.raises(ValueError, match='batches of one size'):
        model(**{k: v[:1] for k, v in batch().items()})
