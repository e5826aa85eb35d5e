"""Images that say what they are, and stay."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from job_parts import person, write_pipeline
from PIL import Image

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.inputs.pose_file import PoseRecord
from mmkbdm.generation import DiffusersGenerator
from mmkbdm.generation.image_file import read_record
from mmkbdm.generation.job import Job, of_dataset, of_records, slug
from mmkbdm.generation.job_grid import write_grid
from mmkbdm.generation.job_run import run_jobs
from mmkbdm.pipelines import KBDMGenPipeline


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_pipeline(tmp_path_factory.mktemp('pipeline'))


@pytest.fixture(scope='module')
def generator(folder):
    return DiffusersGenerator(folder)


def job(number, **settings):
    return replace(
        Job(
            64,
            64,
            seed=number,
            name=f'{number}.png',
            prompt='sketch, a man running',
            poses=np.float32([person(number)]),
        ),
        **settings,
    )


def pixels(folder, jobs):
    return {
        one.name: np.asarray(Image.open(folder / one.name)) for one in jobs
    }


def test_the_file_tells_how_to_make_it_again(generator, folder, tmp_path):
    call = dict(guidance_scale=2.0, negative_prompt='low')
    jobs = [job(3, call=call), job(4, call=call)]
    assert run_jobs(generator, jobs, tmp_path) == 2
    told = read_record(tmp_path / '3.png')
    settings = json.loads(told['settings'])
    pipeline = KBDMGenPipeline.from_pretrained(told['model'].split(' ')[1])
    # Both, because floats differ with the size of a batch.
    poses = [
        json.loads(read_record(tmp_path / one.name)['poses']) for one in jobs
    ]
    again = pipeline(
        [told['prompt']] * 2,
        poses=poses,
        generator=[
            torch.Generator().manual_seed(int(told['seed']) + i)
            for i in range(2)
        ],
        **{key: settings[key] for key in ('height', 'width')},
        **{key: settings[key] for key in generator.call},
    ).images
    for image, one in zip(again, pixels(tmp_path, jobs).values()):
        np.testing.assert_array_equal(np.asarray(image), one)
    codes = json.loads(told['codes'])
    assert list(codes) == ['type', 'objects', 'status', 'together']
    assert codes['type']['text'] == 'sketch'
    number, probability = codes['type']['codes'][0]
    assert number in range(8) and 0 < probability <= 1
    assert json.loads(told['versions'])['torch'] == torch.__version__


def test_resumed_is_uninterrupted(generator, tmp_path, monkeypatch):
    jobs = [job(i, call=dict(guidance_scale=1.0 + i % 2)) for i in range(5)]
    run_jobs(generator, jobs, tmp_path / 'whole', batch_size=2)
    expected = pixels(tmp_path / 'whole', jobs)
    seen = []
    generate = generator.generate

    def watched(batch, *args, **call):
        seen.append(call['guidance_scale'])
        if seen == [1.0, 1.0]:
            raise KeyboardInterrupt
        return generate(batch, *args, **call)

    monkeypatch.setattr(generator, 'generate', watched)
    out = tmp_path / 'cut'
    with pytest.raises(KeyboardInterrupt):
        run_jobs(generator, jobs, out, batch_size=2)
    assert sorted(p.name for p in out.iterdir()) == ['0.png', '2.png']
    (out / '2.png').write_bytes(b'half a file')
    written = out.joinpath('0.png').stat().st_mtime_ns
    seen[:] = ['from here on to the end']
    assert run_jobs(generator, jobs, out, batch_size=2) == 4
    assert out.joinpath('0.png').stat().st_mtime_ns == written
    for name, image in pixels(out, jobs).items():
        np.testing.assert_array_equal(image, expected[name])
    seen.clear()
    assert run_jobs(generator, jobs, out, batch_size=2) == 0
    assert seen == []


@pytest.mark.parametrize(
    ('changed', 'what'),
    [
        (dict(prompt='a'), 'prompt'),
        (dict(seed=7), 'seed'),
        (dict(call=dict(kb_strength=0.5)), 'settings'),
        (dict(poses=np.float32([person(8)])), 'condition'),
        (dict(height=96), 'settings'),
    ],
    ids=str,
)
def test_another_image_is_not_replaced(generator, tmp_path, changed, what):
    jobs = [job(1), job(2)]
    run_jobs(generator, jobs[1:], tmp_path)
    before = pixels(tmp_path, jobs[1:])['2.png']
    jobs[1] = replace(jobs[1], **changed)
    with pytest.raises(PreflightError, match=f'of another {what}: give --ov'):
        run_jobs(generator, jobs, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ['2.png']
    assert run_jobs(generator, jobs, tmp_path, overwrite=True) == 2
    after = pixels(tmp_path, jobs)['2.png']
    assert after.shape != before.shape or (after != before).any()


def test_other_weights_are_another_image(generator, tmp_path):
    run_jobs(generator, [job(1)], tmp_path / 'out')
    other = DiffusersGenerator(write_pipeline(tmp_path / 'p', alpha=1))
    # The same weights from another folder.
    assert run_jobs(other, [job(1)], tmp_path / 'out') == 0
    other.pipeline.adapter.net.conv_in.bias.data.add_(1)
    with pytest.raises(PreflightError, match='another parameters_sha256'):
        run_jobs(other, [job(1)], tmp_path / 'out')


def test_long_and_foreign_prompts_are_kept(generator, tmp_path):
    prompts = ['x ' * 5000, '\u8dd1\u6b65\u7684\u4eba', '']
    jobs = [job(i, prompt=prompt) for i, prompt in enumerate(prompts)]
    run_jobs(generator, jobs, tmp_path)
    for one in jobs:
        assert read_record(tmp_path / one.name)['prompt'] == one.prompt
    assert run_jobs(generator, jobs, tmp_path) == 0
    write_grid(jobs, tmp_path, tmp_path / 'grid.png', columns=2)
    page = np.asarray(Image.open(tmp_path / 'grid.png'))
    # Two rows of pairs of at least 256 pixels.
    assert page.shape[0] > 512 and page.shape[1] > 1024
    assert page.std() > 20


def test_names():
    assert slug('Oil painting, a man!') == 'Oil-painting-a-man'
    assert slug('') == slug(' ,. ') == 'no-prompt'
    assert len(slug('word ' * 100)) <= 40
    assert slug('\u8dd1 \u6b65') == '\u8dd1-\u6b65'


def test_dataset_has_the_seeds_of_the_evaluation(configs, generator, tmp_path):
    from mmkbdm.generation.build import build_wanted
    from mmkbdm.generation.run import generate_dataset

    wanted = build_wanted(str(configs['data']), max_images=2)
    jobs = of_dataset(Job(64, 64), wanted)
    assert [job.name for job in jobs] == wanted.names
    run_jobs(generator, jobs, tmp_path / 'jobs')
    settings = dict(generator=generator.describe(), seed=0)
    generate_dataset(
        generator, wanted.samples, wanted.names, tmp_path / 'data', settings
    )
    for name, image in pixels(tmp_path / 'jobs', jobs).items():
        other = np.asarray(Image.open(tmp_path / 'data' / name))
        np.testing.assert_array_equal(image, other)
    several = of_dataset(Job(64, 64), wanted, num_images=2)
    assert len({job.name for job in several}) == 4
    text = configs['data'].read_text()
    thick = text.replace("DrawPose'", "DrawPose', 'line_width': 9")
    path = tmp_path / 'thick.py'
    path.write_text(thick)
    with pytest.raises(PreflightError, match='another line'):
        of_dataset(Job(64, 64), build_wanted(str(path)))


def test_long_prompts_and_folders_have_names_that_differ():
    poses = np.float32([person()])
    records = [
        PoseRecord(f'{folder}/1.png', lambda: poses) for folder in ('a', 'b')
    ]
    same = 'oil_painting, a woman in a red dress and a hat'
    prompts = [f'{same}, running', f'{same}, sitting']
    base = Job(64, 64, seed=3)
    jobs = of_records(base, records, 'a.json', prompts, num_images=2)
    names = [one.name for one in jobs]
    assert len(set(names)) == 8
    start = '1_oil_painting-a-woman-in-a-red-dress-and_seed3'
    assert names[0] == f'{start}.png' and names[2] == f'{start}_2.png'
    again = of_records(base, records, 'a.json', prompts, num_images=2)
    assert [one.name for one in again] == names
