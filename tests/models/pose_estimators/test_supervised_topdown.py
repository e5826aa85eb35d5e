import copy

import pytest
import torch
from tiny_estimators import NETWORKS, batch, build, supervised, unsupervised

from mmkbdm.models.layers import NodePredictor

LOSSES = ['loss_node_0_0', 'loss_node_1_1', 'loss_node_2_2']


@pytest.fixture(scope='module', params=NETWORKS)
def name(request):
    return request.param


def losses_of(model, cfg):
    return model.loss(*batch(cfg))


class TestLoss:
    def test_the_heads_own_and_one_a_level(self, name):
        cfg = supervised(name)
        model, plain = build(cfg), build(unsupervised(name))
        plain.load_state_dict(model.state_dict(), strict=False)
        losses = losses_of(model, cfg)
        own = losses_of(plain, cfg)
        assert list(losses) == [*own, *LOSSES]
        for key, value in own.items():
            assert torch.equal(losses[key], value)
        total = model.parse_losses(losses)[0]
        wanted = sum(v for k, v in losses.items() if 'loss' in k)
        torch.testing.assert_close(total, wanted)

    def test_gradients_reach_the_levels_and_the_predictors(self, name):
        """Of the auxiliary losses alone, and of nothing downstream."""
        cfg = supervised(name)
        model = build(cfg)
        losses = losses_of(model, cfg)
        losses['loss_node_1_1'].backward()
        for graph in model.neck.graphs:
            stages = getattr(graph, 'body', graph).stages
            supervised_level = stages[1].levels[1]
            assert all(p.grad.any() for p in supervised_level.parameters())
            after = [
                *stages[1].levels[0].parameters(),
                *stages[2].parameters(),
            ]
            assert all(p.grad is None for p in after)
        for level, wanted in zip(model.auxiliary, (False, True, False)):
            for predictor in level:
                assert (predictor.weight.grad is not None) == wanted
                assert not wanted or predictor.weight.grad.any()
        assert all(p.grad is None for p in model.head.parameters())

    def test_no_parameter_is_unused(self, name):
        """DistributedDataParallel needs no find_unused_parameters."""
        cfg = supervised(name)
        model = build(cfg)
        model.parse_losses(losses_of(model, cfg))[0].backward()
        unused = [n for n, p in model.named_parameters() if p.grad is None]
        assert not unused

    def test_weights_scale_the_levels(self):
        cfg = supervised('heatmap')
        model = build(cfg)
        before = losses_of(model, cfg)
        heavy = copy.deepcopy(cfg)
        for level, weight in zip(heavy['auxiliary'], (0.5, 2, 0)):
            level['weight'] = weight
        after = losses_of(build(heavy), cfg)
        for key, weight in zip(LOSSES, (0.5, 2, 0)):
            torch.testing.assert_close(after[key], weight * before[key])

    def test_each_map_of_a_stack_has_predictors(self):
        cfg = supervised('stacked')
        model = build(cfg)
        assert [len(level) for level in model.auxiliary] == [2, 2, 2]
        before = losses_of(model, cfg)
        for index in range(2):
            changed = copy.deepcopy(model)
            torch.nn.init.ones_(changed.auxiliary[0][index].bias)
            after = losses_of(changed, cfg)
            assert after[LOSSES[0]] > before[LOSSES[0]]
            assert torch.equal(after[LOSSES[1]], before[LOSSES[1]])
        cfg['neck']['num_maps'] = 'shared'
        model = build(cfg)
        assert [len(level) for level in model.auxiliary] == [1, 1, 1]
        assert losses_of(model, cfg)[LOSSES[0]] > 0

    def test_a_few_steps_lower_it(self, name):
        cfg = supervised(name)
        model = build(cfg)
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        images, samples = batch(cfg)
        values = []
        for _ in range(12):
            losses = model.loss(images, samples)
            values.append(sum(losses[key] for key in LOSSES).item())
            optimizer.zero_grad()
            model.parse_losses(losses)[0].backward()
            optimizer.step()
        assert values[-1] < 0.8 * values[0]

    def test_other_joints_than_those_of_the_data(self):
        cfg = supervised('heatmap')
        cfg['head']['out_channels'] = 14
        images, samples = batch(supervised('heatmap'))
        for sample in samples:
            heatmaps = sample.gt_fields.heatmaps[:14]
            sample.gt_fields.set_data(dict(heatmaps=heatmaps))
            labels = sample.gt_instance_labels
            labels.keypoint_weights = labels.keypoint_weights[:, :14]
        with pytest.raises(ValueError) as caught:
            build(cfg).loss(images, samples)
        assert '14 heatmaps' in str(caught.value)
        assert '17 joints' in str(caught.value)


class Raw(torch.nn.Module):
    """The output of the head, from one tensor."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        return self.model(images, None, mode='tensor')


class TestInference:
    """The network in use is the unsupervised one."""

    @pytest.fixture(autouse=True)
    def no_grad(self):
        with torch.no_grad():
            yield

    @pytest.fixture(scope='class')
    def pair(self, name):
        model, plain = build(supervised(name)), build(unsupervised(name))
        keys = plain.load_state_dict(model.state_dict(), strict=False)
        assert not keys.missing_keys
        assert all(k.startswith('auxiliary.') for k in keys.unexpected_keys)
        return model.eval(), plain.eval()

    def test_the_same_parameters(self, pair):
        model, plain = pair
        names = {n for n in model.state_dict() if 'auxiliary.' not in n}
        assert names == set(plain.state_dict())
        predictors = [m for m in model.modules() if type(m) is NodePredictor]
        assert set(model.auxiliary.state_dict()) == {
            f'{level}.{index}.{parameter}'
            for level in range(3)
            for index in range(len(predictors) // 3)
            for parameter in ('weight', 'bias')
        }
        # The unsupervised checkpoint loads strictly, predictors or not.
        assert not any(model.load_state_dict(plain.state_dict()))

    def test_the_same_outputs_with_the_flip_test(self, pair, name):
        images, samples = batch(supervised(name))
        results = [
            model.predict(images, copy.deepcopy(samples)) for model in pair
        ]
        for one, other in zip(*results, strict=True):
            for key in ('keypoints', 'keypoint_scores'):
                values = one.pred_instances[key], other.pred_instances[key]
                assert (values[0] == values[1]).all()
        outs = [m.head.forward(m.extract_feat(images)) for m in pair]
        for one, other in zip(*outs, strict=True):
            assert torch.equal(one, other)

    def test_metainfo_agrees_with_the_samples(self, pair, name):
        """MMPose overwrites theirs with the estimator's before predicting."""
        images, samples = batch(supervised(name))
        before = list(samples[0].metainfo['flip_indices'])
        one = pair[0].forward(images, copy.deepcopy(samples), mode='predict')
        other = pair[1].forward(images, copy.deepcopy(samples), mode='predict')
        assert list(one[0].metainfo['flip_indices']) == before
        values = one[0].pred_instances, other[0].pred_instances
        assert (values[0].keypoints == values[1].keypoints).all()

    def test_the_same_modules_are_called(self, pair, name):
        images, samples = batch(supervised(name))
        calls = []
        for model in pair:
            names, handles = [], []
            for path, module in model.named_modules():
                handles.append(
                    module.register_forward_hook(
                        lambda *_, path=path, names=names: names.append(path)
                    )
                )
            model.predict(images, copy.deepcopy(samples))
            for handle in handles:
                handle.remove()
            calls.append(names)
        assert calls[0] == calls[1]
        assert len(calls[0]) > 20
        assert not any('auxiliary' in path for path in calls[0])

    def test_the_same_traced_operations(self, pair, name):
        images = batch(supervised(name))[0]
        graphs = [
            torch.jit.trace(
                Raw(model), images, check_trace=False
            ).inlined_graph
            for model in pair
        ]
        kinds = [[node.kind() for node in graph.nodes()] for graph in graphs]
        assert kinds[0] == kinds[1]


def test_init_weights_leaves_the_predictors_small():
    model = build(supervised('heatmap'))
    model.init_weights()
    for level in model.auxiliary:
        assert 0 < level[0].weight.std() < 2e-3


def test_supervises_a_single_rmpg_and_the_control():
    """Auxiliary heatmaps of all joints, the arm against which parts stand."""
    cfg = supervised('heatmap')
    whole = cfg['auxiliary'][0]
    for neck in (
        dict(type='mmkbdm.RMPG', in_channels=32),
        dict(type='mmkbdm.ResidualConvNeck', in_channels=32, mid_channels=8),
    ):
        cfg.update(neck=neck, auxiliary=[dict(parts=whole['parts'])])
        losses = losses_of(build(cfg), cfg)
        assert [k for k in losses if 'node' in k] == ['loss_node_0_0']
