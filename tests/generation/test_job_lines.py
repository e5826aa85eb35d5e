"""Lines of JSON, and what is wrong with them."""

import json
from dataclasses import fields
from functools import partial

import numpy as np
import pytest
from job_parts import person, write_pipeline
from tiny_pipeline import write_plain

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.generation_flags import SETTINGS
from mmkbdm.evaluation.inputs.pose_file import PoseRecord
from mmkbdm.generation import DiffusersGenerator
from mmkbdm.generation.job import Job, batches
from mmkbdm.generation.job_lines import read_jobs
from mmkbdm.models.generators.sampling import Sampling

BASE = Job(64, 64, seed=9, call=dict(guidance_scale=3.0))


@pytest.fixture(scope='module')
def generator(tmp_path_factory):
    return DiffusersGenerator(write_pipeline(tmp_path_factory.mktemp('p')))


@pytest.fixture
def read(generator, tmp_path):
    def call(*lines, base=BASE):
        path = tmp_path / 'jobs.jsonl'
        texts = [x if isinstance(x, str) else json.dumps(x) for x in lines]
        path.write_text('\n'.join(texts))
        return read_jobs(str(path), base, generator, poses_of)

    return call


FILES = []


def poses_of(path):
    """In place of files; each is to be read once."""
    if not path.stem.startswith('known'):
        raise PreflightError(f'{path} does not exist: give a file')
    FILES.append(path)
    count = 2 if path.stem == 'known_two' else 1
    return [
        PoseRecord(
            f'{i}.png',
            partial(np.float32, [person(i)]),
            (64, 64),
            f'prompt {i}',
        )
        for i in range(count)
    ]


def line(**settings):
    return dict(dict(prompt='a man', pose=[person()]), **settings)


def test_lines(read, tmp_path):
    FILES.clear()
    jobs = read(
        line(),
        '',
        line(name='runs/first', seed=3, guidance_scale=1, height=96),
        line(pose='known.json', kb_strength=0.5, negative_prompt='low'),
        dict(pose='known.json'),
        dict(pose='known_two.json', pose_image='1.png', prompt=''),
        line(pose=[]),
        line(pose=[person(1), person(2)], prompt='\u4eba'),
    )
    assert [job.name for job in jobs] == [
        '00001.png',
        'runs/first.png',
        '00004.png',
        '00005.png',
        '00006.png',
        '00007.png',
        '00008.png',
    ]
    assert [job.seed for job in jobs] == [9, 3, 9, 9, 9, 9, 9]
    assert jobs[0].call == dict(guidance_scale=3.0)
    assert jobs[1].call == dict(guidance_scale=1)
    assert (jobs[1].height, jobs[1].width) == (96, 64)
    assert jobs[2].call == dict(
        guidance_scale=3.0, kb_strength=0.5, negative_prompt='low'
    )
    prompts = [job.prompt for job in jobs]
    assert prompts[2:] == ['a man', 'prompt 0', '', 'a man', '\u4eba']
    assert [len(job.poses) for job in jobs] == [1, 1, 1, 1, 1, 0, 2]
    np.testing.assert_array_equal(jobs[4].poses[0], np.float32(person(1)))
    # Beside the file of lines, and once.
    assert [file.name for file in FILES] == ['known.json', 'known_two.json']
    assert {file.parent for file in FILES} == {tmp_path}
    groups = [[job.name[4] for job in batch] for batch in batches(jobs, 3)]
    assert groups == [['1', '5', '6'], ['7', '8'], ['/'], ['4']]


def test_all_settings_are_known():
    found = {one.name: one.type for one in fields(Sampling)}
    assert found == SETTINGS


def test_size_of_the_joints(read):
    pose = (np.array(person()) * [10, 10, 1]).tolist()
    [large] = read(line(pose=[pose], pose_size=[640, 640]))
    np.testing.assert_allclose(
        large.poses[0, :, :2] + 0.5,
        (np.array(pose)[:, :2] + 0.5) / 10,
        rtol=1e-4,
    )


@pytest.mark.parametrize(
    ('bad', 'words'),
    [
        ('{"prompt": ', 'is no JSON'),
        ('[1]', 'is a list, no object'),
        (line(prompts='a'), "has the key 'prompts': there are prompt, pose"),
        (line(prompt=3), 'has 3 as prompt'),
        (dict(pose=[person()]), 'no key "prompt"'),
        (line(prompt='a\ud800'), 'half a character at 1'),
        (dict(prompt='a'), 'no key "pose"'),
        (line(pose='gone.json'), 'gone.json does not exist'),
        (line(pose='known_two.json'), 'poses of 2 images'),
        (line(pose='known_two.json', pose_image='x'), "no poses of 'x'"),
        (line(pose=[person()[:16]]), r'person 0 has joints of shape \(16'),
        (line(pose=[[float('nan')] * 51]), 'person 0 has a joint .* finite'),
        (line(pose=[3]), 'person 0 has 1 keypoint'),
        (
            line(pose=(np.array([person()]) + [999, 0, 0]).tolist()),
            'no joint inside of 64x64',
        ),
        (line(pose_size=[3]), r'pose_size \[3\]'),
        (line(pose_size=[3, 0]), r'pose_size \[3, 0\]'),
        (line(seed=-1), 'has the seed -1'),
        (line(seed=2**63), 'not 0 to'),
        (line(seed=True), 'has True as seed'),
        (line(height=60), '64x60 pixels: both sides must be multiples of 8'),
        (line(width=0), '0x64 pixels'),
        (line(guidance_scale='high'), 'no float'),
        (line(num_inference_steps=0), 'num_inference_steps=0'),
        (line(pose_start=0.9, pose_end=0.1), 'pose_start=0.9'),
        (line(name='../a'), 'leads out'),
        (line(name='/a'), 'leads out'),
        (line(name='00001'), 'would be written to 00001.png, as .* line 1'),
    ],
    ids=str,
)
def test_a_bad_line_is_named(read, bad, words):
    with pytest.raises(PreflightError, match=words) as caught:
        read(line(), '', bad, line())
    message = str(caught.value)
    assert 'jobs.jsonl: line 3' in message and '\n' not in message


def test_bad_files(read, generator, tmp_path):
    with pytest.raises(PreflightError, match='no line with an image'):
        read('', ' ')
    with pytest.raises(PreflightError, match='gone.jsonl cannot be read'):
        read_jobs(str(tmp_path / 'gone.jsonl'), BASE, generator, poses_of)


def test_a_model_without_pose_needs_none(tmp_path):
    plain = DiffusersGenerator(str(write_plain(tmp_path / 'p')))
    path = tmp_path / 'jobs.jsonl'
    path.write_text('{"prompt": "a man"}')
    [job] = read_jobs(str(path), Job(32, 32), plain, poses_of)
    assert job.poses.shape == (0, 17, 3)
    path.write_text('{"prompt": "a man", "kb_strength": 1}')
    with pytest.raises(PreflightError, match="takes no 'kb_strength'"):
        read_jobs(str(path), Job(32, 32), plain, poses_of)
