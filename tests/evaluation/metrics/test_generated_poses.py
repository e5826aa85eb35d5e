import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from synthetic_scenes import scenes

from mmkbdm.evaluation import KeypointAP, PeopleCountError, PoseSimilarityAP
from mmkbdm.evaluation.functional import legacy, score_poses, standard
from mmkbdm.registry import METRICS

ROOT = Path(__file__).parents[3]
WORKER = Path(__file__).with_name('generated_poses_worker.py')
METRIC_CLASSES = (KeypointAP, PoseSimilarityAP, PeopleCountError)
LISTS = scenes(46, seed=0)


def sample(true, found, scores):
    return dict(
        gt_instances=dict(
            keypoints=true[..., :2], keypoints_visible=true[..., 2]
        ),
        pred_instances=dict(
            keypoints=found[..., :2],
            keypoint_scores=found[..., 2],
            scores=scores,
        ),
    )


def evaluate(samples, **kwargs):
    metrics = [cls(**kwargs) for cls in METRIC_CLASSES]
    evaluator = Evaluator(metrics)
    for i in range(0, len(samples), 5):
        evaluator.process(samples[i : i + 5])
    return evaluator.evaluate(len(samples))


@pytest.fixture(scope='module')
def samples():
    return [sample(*one) for one in zip(*LISTS)]


@pytest.mark.parametrize('name', ['standard', 'legacy'])
def test_equal_the_function(samples, name):
    expected = score_poses(
        *LISTS, protocol=dict(standard=standard, legacy=legacy)[name]()
    )
    result = evaluate(samples, protocol=name)
    for key in ('AP', 'AP_medium', 'CAP', 'CAP_1', 'PCE', 'people', 'images'):
        assert f'pose/{key}' in result
    for key, value in result.items():
        assert value == pytest.approx(expected[key[5:]], nan_ok=True), key


def test_take_data_samples_of_mmpose(samples):
    elements = []
    for one in samples:
        element = PoseDataSample()
        for field, values in one.items():
            tensors = {k: torch.as_tensor(v) for k, v in values.items()}
            setattr(element, field, InstanceData(**tensors))
        elements.append(element)
    expected = evaluate(samples)
    assert evaluate(elements) == pytest.approx(expected, nan_ok=True)


def test_switches():
    metric = METRICS.build(
        dict(
            type='mmkbdm.PeopleCountError',
            protocol='legacy',
            switches=dict(no_nms=False),
        )
    )
    assert metric.protocol == legacy(no_nms=False)
    with pytest.raises(ValueError, match="not 'modern'"):
        KeypointAP(protocol='modern')
    with pytest.raises(TypeError, match='no_such_quirk'):
        KeypointAP(switches=dict(no_such_quirk=True))


def test_nobody_and_no_detections():
    empty = np.zeros((0, 17, 3))
    result = evaluate([sample(empty, empty, np.zeros(0))] * 2)
    assert np.isnan(result['pose/AP']) and result['pose/PCE'] == 0
    bare = dict(
        gt_instances=dict(keypoints=[], keypoints_visible=[]),
        pred_instances=dict(keypoints=[], keypoint_scores=[], scores=[]),
    )
    assert evaluate([bare])['pose/PCE_0'] == 0


def test_shapes_that_do_not_fit_are_named():
    wrong = sample(np.ones((1, 17, 3)), np.ones((1, 17, 3)), np.ones(1))
    wrong['pred_instances']['keypoint_scores'] = np.ones((1, 16))
    with pytest.raises(ValueError, match=r'\(1, 17, 2\) .* \(1, 16\)'):
        evaluate([wrong])


def test_sigmas_of_the_dataset_are_used():
    rng = np.random.default_rng(0)
    pose = rng.uniform(1, 99, (3, 21, 3))
    metric = KeypointAP()
    metric.dataset_meta = dict(sigmas=[0.05] * 21)
    metric.process(None, [sample(pose, pose, np.ones(3))])
    assert metric.evaluate(1)['pose/AP'] == 1


def test_two_processes_equal_one(samples, tmp_path):
    out = tmp_path / 'metrics.npz'
    launcher = ['-m', 'torch.distributed.run', '--nproc_per_node=2']
    launcher += ['--rdzv_backend=c10d', '--rdzv_endpoint=localhost:0']
    done = subprocess.run(
        [sys.executable, *launcher, str(WORKER), str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    two = {name: float(value) for name, value in np.load(out).items()}
    # The last batch of four is dropped and batches have to be the same.
    one = evaluate(samples[:45], protocol='legacy')
    assert two == pytest.approx(one, nan_ok=True)
