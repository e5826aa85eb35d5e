"""Predictors of supervised nodes: in training, not in what is for use."""

import sys
from pathlib import Path

import pytest
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.runner import Runner, load_checkpoint

from mmkbdm.compat.checkpoint import read_checkpoint
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError

sys.path.insert(0, str(Path(__file__).parents[1] / 'models/pose_estimators'))
from tiny_estimators import HEATMAP, build, sample, supervised, unsupervised

PREPROCESSOR = dict(
    type='PoseDataPreprocessor', mean=[128.0] * 3, std=[128.0] * 3
)
EMA = dict(
    type='EMAHook', ema_type='ExpMomentumEMA', momentum=0.2, priority=49
)


class Score(BaseMetric):
    """Keeps the predictions; gets better every epoch."""

    epochs = 0

    def process(self, data_batch, data_samples):
        self.results += [
            s['pred_instances']['keypoints'] for s in data_samples
        ]

    def compute_metrics(self, results):
        self.epochs += 1
        self.keypoints = results
        return dict(score=float(self.epochs))


def make_runner(work_dir, cfg, epochs=2, hook=None, **kwargs):
    items = [sample(HEATMAP, seed=seed) for seed in range(4)]
    loader = dict(
        dataset=items,
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
    )
    torch.manual_seed(0)
    return Runner(
        model=cfg | dict(data_preprocessor=PREPROCESSOR),
        work_dir=str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        test_dataloader=loader,
        val_evaluator=Evaluator(Score()),
        test_evaluator=Evaluator(Score()),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        test_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        default_hooks=dict(
            checkpoint=dict(
                type='mmkbdm.SafeCheckpointHook',
                interval=1,
                save_best='score',
                rule='greater',
                **(hook or {}),
            )
        ),
        default_scope='mmpose',
        log_level='ERROR',
        experiment_name=f'{work_dir.name}{id(items)}',
        **kwargs,
    )


def predictors(path, key='state_dict'):
    names = read_checkpoint(path)[key]
    return [n for n in names if n.removeprefix('module.')[:10] == 'auxiliary.']


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Work folder and runner after two epochs."""
    work_dir = tmp_path_factory.mktemp('trained')
    runner = make_runner(work_dir, supervised('heatmap'))
    runner.train()
    return work_dir, runner


def test_for_resuming_they_are_there_for_use_they_are_not(trained):
    work_dir, _ = trained
    assert len(predictors(work_dir / 'epoch_2.pth')) == 6
    best = work_dir / 'best_score_epoch_2.pth'
    plain = set(build(unsupervised('heatmap')).state_dict())
    assert set(read_checkpoint(best)['state_dict']) == plain


def test_kept_on_demand(tmp_path):
    make_runner(
        tmp_path, supervised('heatmap'), 1, dict(keep_auxiliary=True)
    ).train()
    assert len(predictors(tmp_path / 'best_score_epoch_1.pth')) == 6


def test_the_best_checkpoint_is_tested_with_either_network(trained, tmp_path):
    """The same predictions, which the trained network gave as well."""
    work_dir, runner = trained
    best = str(work_dir / 'best_score_epoch_2.pth')
    results = [runner.val_evaluator.metrics[0].keypoints]
    for index, kind in enumerate((supervised, unsupervised)):
        tester = make_runner(
            tmp_path / str(index), kind('heatmap'), load_from=best
        )
        tester.test()
        results.append(tester.test_evaluator.metrics[0].keypoints)
    for result in results[1:]:
        for one, other in zip(results[0], result, strict=True):
            assert (one == other).all()


def test_the_best_checkpoint_loads_strictly_into_either_network(trained):
    best = str(trained[0] / 'best_score_epoch_2.pth')
    for kind in (supervised, unsupervised):
        model = build(kind('heatmap') | dict(data_preprocessor=PREPROCESSOR))
        load_checkpoint(model, best, strict=True)
        assert torch.equal(
            model.head.final_layer.weight,
            trained[1].model.head.final_layer.weight,
        )


def test_a_plain_checkpoint_starts_supervised_training(trained, tmp_path):
    best = str(trained[0] / 'best_score_epoch_2.pth')
    make_runner(tmp_path, supervised('heatmap'), 1, load_from=best).train()
    assert len(predictors(tmp_path / 'epoch_1.pth')) == 6


def test_a_checkpoint_without_them_is_not_resumed(trained, tmp_path):
    runner = make_runner(
        tmp_path,
        supervised('heatmap'),
        3,
        load_from=str(trained[0] / 'best_score_epoch_2.pth'),
        resume=True,
    )
    with pytest.raises(CheckpointMismatchError, match='auxiliary'):
        runner.train()


@pytest.mark.parametrize('hooks', [[], [EMA]], ids=['plain', 'ema'])
def test_resumes_exactly(tmp_path, hooks):
    cfg = supervised('heatmap')
    whole = make_runner(tmp_path / 'whole', cfg, 3, custom_hooks=hooks)
    whole.train()
    make_runner(tmp_path / 'parts', cfg, 2, custom_hooks=hooks).train()
    again = make_runner(
        tmp_path / 'parts', cfg, 3, custom_hooks=hooks, resume=True
    )
    again.train()
    state = again.model.state_dict()
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, state[name]), name
    saved = [
        read_checkpoint(tmp_path / folder / 'epoch_3.pth')
        for folder in ('whole', 'parts')
    ]
    for key in {'state_dict', 'ema_state_dict'} & saved[0].keys():
        for name, value in saved[0][key].items():
            assert torch.equal(value, saved[1][key][name]), name


@pytest.mark.parametrize('update_buffers', [False, True])
def test_averaged_weights(tmp_path, update_buffers):
    """They are the best checkpoint, and tested with either network."""
    hooks = [EMA | dict(update_buffers=update_buffers)]
    runner = make_runner(tmp_path, supervised('heatmap'), custom_hooks=hooks)
    runner.train()
    last, best = tmp_path / 'epoch_2.pth', tmp_path / 'best_score_epoch_2.pth'
    for key in ('state_dict', 'ema_state_dict'):
        assert len(predictors(last, key)) == 6
        assert not predictors(best, key)
    averaged = runner.model.state_dict()['head.final_layer.weight']
    saved = read_checkpoint(best)['state_dict']['head.final_layer.weight']
    assert not torch.equal(saved, averaged)  # the model has the latest ones
    wanted = runner.val_evaluator.metrics[0].keypoints
    for kind in (supervised, unsupervised):
        tester = make_runner(
            tmp_path / kind.__name__,
            kind('heatmap'),
            load_from=str(best),
            custom_hooks=hooks,
        )
        tester.test()
        result = tester.test_evaluator.metrics[0].keypoints
        for one, other in zip(wanted, result, strict=True):
            assert (one == other).all()
