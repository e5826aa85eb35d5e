import re

import numpy as np
import pytest
from diffusers import HeunDiscreteScheduler
from tiny_knowledge import kb_dmgen
from tiny_view import make_job, make_pipeline

from mmkbdm.apis.errors import PreflightError
from mmkbdm.visualization.generation.questions import chosen_joints, questions
from mmkbdm.visualization.generation.view import (
    chosen_steps,
    look_at_generation,
)


def test_chosen_steps():
    assert chosen_steps(20, None) == [0, 5, 10, 14, 19]
    assert chosen_steps(3, None) == [0, 1, 2]
    assert chosen_steps(1, None) == [0]
    assert chosen_steps(20, [-1, 3, 19]) == [3, 19]
    for step in (20, -21):
        with pytest.raises(PreflightError, match=f'--look-at {step} does not'):
            chosen_steps(20, [step])


def test_a_sampler_that_takes_more_steps_than_it_is_asked_for():
    pipeline = make_pipeline(kb_dmgen())
    pipeline.scheduler = HeunDiscreteScheduler.from_config(
        pipeline.scheduler.config
    )
    view = look_at_generation(pipeline, make_job(), [-1])
    assert len(view.steps) == 5
    assert all(step.paid for step in view.steps)
    np.testing.assert_array_equal(view.so_far[0], view.image)


def test_joints_and_the_furthest_background(view):
    asked = questions(view)
    assert [one.name for one in asked] == [
        'left_wrist',
        'left_ankle',
        'background',
    ]
    pose = view.job.poses[0]
    wrist = asked[0]
    np.testing.assert_allclose(wrist.point, pose[9, :2] + 0.5)
    row, column = divmod(wrist.token, 8)
    assert (column, row) == tuple(wrist.point // 8)
    far = asked[-1]
    distance = view.token_distance
    assert distance.flat[far.token] == distance.max()
    row, column = divmod(far.token, 8)
    np.testing.assert_allclose(far.point, [8 * column + 4, 8 * row + 4])
    assert [one.name for one in questions(view, ['nose'])] == [
        'nose',
        'background',
    ]


def test_joints_of_whoever_shows_them(view):
    poses = np.repeat(view.job.poses, 3, axis=0)
    poses[0, 9, 2] = 0
    poses[1, 9, 0] = 99
    poses[2, 9, :2] = 7, 8
    found = chosen_joints(poses, 64, 64, ['left_wrist'])
    np.testing.assert_allclose(found['left_wrist'], [7.5, 8.5])
    poses[:, [9, 15], 2] = 0
    assert list(chosen_joints(poses, 64, 64)) == ['nose', 'left_eye']
    assert chosen_joints(poses[:0], 64, 64) == {}


@pytest.mark.parametrize(
    'name, reason',
    [
        ('left_wirst', 'did you mean left_wrist? It has nose, left_eye'),
        ('thumb', '--joints thumb is no joint of COCO: It has'),
        ('left_wrist', 'nobody shows it in this pose, which has nose'),
    ],
)
def test_joints_that_are_not_there(view, name, reason):
    poses = view.job.poses.copy()
    poses[:, 9, 2] = 0
    with pytest.raises(PreflightError, match=re.escape(reason)):
        chosen_joints(poses, 64, 64, [name])
    with pytest.raises(PreflightError, match='no joint'):
        chosen_joints(poses[:0], 64, 64, [name])
