"""Training as a graph is the same training."""

import copy
from functools import partial

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.hooks import GraphedLossHook
from mmkbdm.engine.optim import AutocastOptimWrapper


class Trained:
    """What the hook needs of a Runner."""

    def __init__(self, device):
        path = 'configs/rmpg/toyhuman/short_hierarchical.py'
        cfg = Config.fromfile(path)
        init_default_scope(cfg.default_scope)
        torch.manual_seed(0)
        self.model = MODELS.build(cfg.model).to(device).train()
        self.optim_wrapper = build_optim_wrapper(self.model, cfg.optim_wrapper)


def batches(count):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        samples = []
        for _ in range(2):
            sample = PoseDataSample()
            heatmaps = torch.rand(17, 48, 32, generator=generator)
            weights = torch.rand(1, 17, generator=generator)
            sample.gt_fields = PixelData(heatmaps=heatmaps)
            sample.gt_instance_labels = InstanceData(keypoint_weights=weights)
            samples.append(sample)
        images = torch.randint(0, 255, (2, 3, 96, 64), generator=generator)
        yield dict(inputs=images.to(torch.uint8), data_samples=samples)


def train(device, hook=None, monkeypatch=None):
    runner = Trained(device)
    logs = []
    for index, batch in enumerate(batches(4)):
        if hook is not None:
            call = partial(hook.before_train_iter, runner, index)
            if monkeypatch is None:
                call(copy.deepcopy(batch))
            else:
                with monkeypatch.context() as patch:
                    patch.setattr(torch.cuda, 'is_available', lambda: True)
                    call(copy.deepcopy(batch))
        log = runner.model.train_step(batch, runner.optim_wrapper)
        logs.append({k: float(v) for k, v in log.items()})
    if hook is not None:
        assert 'loss' in vars(runner.model)
        hook.after_train(runner)
        assert 'loss' not in vars(runner.model)
    return runner.model.state_dict(), logs


def test_same_training_on_tensors(monkeypatch):
    """All but the capture, which runs the network, and needs a GPU."""

    def run_only(core, example, allow_unused_input):
        core(*(part + 1 for part in example))
        return core

    monkeypatch.setattr(torch.cuda, 'make_graphed_callables', run_only)
    weights, logs = train('cpu', GraphedLossHook(), monkeypatch)
    expected, expected_logs = train('cpu')
    assert logs == expected_logs
    assert {'loss_kpt', 'loss_node_0_0', 'loss_node_2_2'} <= set(logs[0])
    for name, weight in weights.items():
        assert torch.equal(weight, expected[name]), name


def test_refused_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(PreflightError, match='GraphedLossHook needs a GPU'):
        train('cpu', GraphedLossHook())


def test_refused_with_gathered_gradients():
    runner = Trained('cpu')
    GraphedLossHook().before_train(runner)
    runner.optim_wrapper._accumulative_counts = 2
    with pytest.raises(PreflightError, match='accumulative_counts=2'):
        GraphedLossHook().before_train(runner)


def test_refused_with_autocast():
    """Capturing is out of it: the graph would be one of float32."""
    runner = Trained('cpu')
    runner.optim_wrapper = AutocastOptimWrapper(
        optimizer=runner.optim_wrapper.optimizer
    )
    with pytest.raises(PreflightError, match='AutocastOptimWrapper'):
        GraphedLossHook().before_train(runner)


def test_refused_in_several_processes():
    runner = Trained('cpu')
    runner.model = torch.nn.DataParallel(runner.model)
    with pytest.raises(PreflightError, match='one process'):
        GraphedLossHook().before_train(runner)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_same_training_as_a_graph():
    weights, logs = train('cuda', GraphedLossHook())
    expected, expected_logs = train('cuda')
    for log, wanted in zip(logs, expected_logs):
        assert log == pytest.approx(wanted, rel=1e-3)
    for name, weight in weights.items():
        torch.testing.assert_close(weight, expected[name], rtol=0, atol=1e-2)
