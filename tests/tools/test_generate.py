"""The tool with real pipelines of a few thousand parameters."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'generation'))

from job_parts import person, write_pipeline  # noqa: E402
from tiny_pipeline import write_plain  # noqa: E402
from toy_parts import write_configs  # noqa: E402

from mmkbdm.datasets.toy_human import write_dataset  # noqa: E402
from mmkbdm.generation.image_file import read_record  # noqa: E402


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Paths of pipelines, poses and configs, by what they are."""
    folder = tmp_path_factory.mktemp('parts')
    write_dataset(folder / 'toy', num_train=1, num_val=3, size=64)
    paths = write_configs(folder, folder / 'toy')
    poses = folder / 'two people.json'
    poses.write_text(json.dumps([person(1), person(2)]))
    Image.new('RGB', (80, 64), (200, 90, 30)).save(folder / 'photo.jpg')
    return {
        **{name: str(path) for name, path in paths.items()},
        'pipeline': write_pipeline(folder / 'pipeline'),
        'plain': str(write_plain(folder / 'plain_parts')),
        'poses': str(poses),
        'photo': str(folder / 'photo.jpg'),
        'folder': folder,
    }


@pytest.fixture
def tool(monkeypatch, capsys):
    """Call main; returns status, stdout and stderr."""
    monkeypatch.chdir(ROOT)
    path = ROOT / 'tools' / 'generate.py'
    spec = importlib.util.spec_from_file_location('tool_generate_one', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(**flags):
        words = [
            str(word)
            for key, value in flags.items()
            if value is not None
            for word in (
                '--' + key.replace('_', '-'),
                *([] if value is True else np.atleast_1d(value)),
            )
        ]
        monkeypatch.setattr(sys, 'argv', ['generate.py', *words])
        capsys.readouterr()
        try:
            module.main()
            status = 0
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def made(folder):
    paths = sorted(path for path in folder.rglob('*.png'))
    return {
        str(path.relative_to(folder)): np.asarray(Image.open(path))
        for path in paths
        if path.name != 'grid.png'
    }


def test_prompts_poses_and_seeds(tool, files, tmp_path):
    flags = dict(
        model=files['pipeline'],
        pose=files['poses'],
        prompt=['sketch, a man', ''],
        num_images=2,
        seed=5,
        out=tmp_path,
    )
    status, stdout, stderr = tool(**flags, guidance_scale=2, steps=3)
    assert status == 0, stderr
    images = made(tmp_path)
    assert list(images) == [
        'two people_no-prompt_seed5.png',
        'two people_no-prompt_seed6.png',
        'two people_sketch-a-man_seed5.png',
        'two people_sketch-a-man_seed6.png',
    ]
    assert len({one.tobytes() for one in images.values()}) == 4
    told = read_record(tmp_path / 'two people_sketch-a-man_seed6.png')
    assert (told['prompt'], told['seed']) == ('sketch, a man', '6')
    settings = json.loads(told['settings'])
    assert settings['guidance_scale'] == 2
    assert settings['num_inference_steps'] == 3
    assert json.loads(told['codes'])['objects']['codes']
    assert len(json.loads(told['poses'])) == 2
    assert '4 images made, 0 were there' in stdout
    assert f'grid: {tmp_path}/grid.png' in stdout
    grid = np.asarray(Image.open(tmp_path / 'grid.png'))
    assert grid.shape[1] > 4 * 512 and grid.std() > 20
    (tmp_path / 'two people_no-prompt_seed6.png').unlink()
    status, stdout, _ = tool(**flags, guidance_scale=2, steps=3)
    assert '1 images made, 3 were there' in stdout
    for name, image in made(tmp_path).items():
        np.testing.assert_array_equal(image, images[name])
    status, _, stderr = tool(**flags, guidance_scale=2, steps=4)
    assert status == 2 and 'another settings: give --overwrite' in stderr


def test_lines(tool, files, tmp_path):
    lines = [
        dict(prompt='a', pose=files['poses'], seed=3),
        dict(prompt='b', pose=[person(4)], name='b/1', kb_strength=0),
        dict(prompt='c', pose=files['photo']),
    ]
    path = tmp_path / 'lines.jsonl'
    path.write_text('\n'.join(map(json.dumps, lines)))
    flags = dict(
        model=files['pipeline'],
        jobs=path,
        judge=files['judge'],
        batch_size=2,
        out=tmp_path / 'out',
    )
    status, _, stderr = tool(**flags)
    assert status == 0, stderr
    images = made(tmp_path / 'out')
    assert list(images) == ['00001.png', '00003.png', 'b/1.png']
    # A bad line costs no image, and makes none.
    path.write_text(path.read_text() + '\n{"prompt": 1}')
    status, _, stderr = tool(**flags)
    assert status == 2 and 'lines.jsonl: line 4 has 1 as prompt' in stderr
    assert made(tmp_path / 'out').keys() == images.keys()


def test_dataset(tool, files, tmp_path):
    status, _, stderr = tool(
        model=files['pipeline'],
        data=files['data'],
        max_images=2,
        height=32,
        width=32,
        out=tmp_path,
    )
    assert status == 0, stderr
    images = made(tmp_path)
    assert {one.shape for one in images.values()} == {(32, 32, 3)}
    told = read_record(tmp_path / '000000.png')
    assert told['prompt'] and json.loads(told['poses'])


def test_a_pipeline_of_diffusers_without_pose(tool, files, tmp_path):
    status, _, stderr = tool(
        model=files['plain'],
        prompt='a man',
        steps=2,
        height=32,
        width=32,
        grid=0,
        out=tmp_path,
    )
    assert status == 0, stderr
    assert list(made(tmp_path)) == ['no-pose_a-man_seed0.png']
    assert not (tmp_path / 'grid.png').exists()


def test_photo_and_config(tool, files, tmp_path):
    """A trained config, and the pose of a photo."""
    from tiny_generator import build, wake
    from tiny_knowledge import kb_dmgen

    cfg = kb_dmgen(call=dict(num_inference_steps=2))
    model = build(cfg)
    wake(model)
    checkpoint, config = tmp_path / 'trained.pth', tmp_path / 'model.py'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    config.write_text(f'model = {cfg!r}\n')
    flags = dict(
        model=config,
        pose=files['photo'],
        prompt='a man',
        judge=files['judge'],
        out=tmp_path / 'out',
    )
    status, _, stderr = tool(**flags, checkpoint=checkpoint)
    assert status == 0, stderr
    assert list(made(tmp_path / 'out')) == ['photo_a-man_seed0.png']
    status, _, stderr = tool(**flags)
    assert status == 2 and 'adapter would be random' in stderr


@pytest.mark.parametrize(
    ('changed', 'words'),
    [
        (dict(model='/gone/folder'), '/gone/folder does not exist'),
        (dict(model='gone.py'), 'gone.py does not exist'),
        (dict(pose='gone.json'), 'gone.json does not exist'),
        (dict(pose=None), 'give --pose, --data or --jobs'),
        (dict(data='a.py'), '--pose and --data: give one of them'),
        (dict(pose=None, jobs='gone.jsonl', prompt=None), 'cannot be read'),
        (dict(pose=None, jobs='a.jsonl'), '--prompt and --num-images are'),
        (dict(pose=None, data='gone.py', prompt=None), 'gone.py does not ex'),
        (dict(pose=None, data='a.py'), '--data has its own prompts'),
        (dict(pose=None, data='a.py', prompt=None, height=64), 'square'),
        (dict(pose='README.md'), 'README.md cannot be read'),
        (dict(prompt=None), 'no prompt of its own: give --prompt'),
        (dict(height=60), '64x60 pixels: both sides must be multiples of 8'),
        (dict(num_images=0), '--num-images 0 must be at least 1'),
        (dict(seed=-1), '--seed -1 is none'),
        (dict(pose_size=[0, 3]), '--pose-size must be above 0'),
        (dict(steps=0), 'num_inference_steps=0 must be at least 1'),
        (dict(pose_start=2), 'pose_start=2.0'),
        (dict(steps=1001), 'num_inference_steps=1001 is refused by DDIM'),
        (dict(guidance_scale='inf'), 'guidance_scale=inf must be a number'),
        (dict(batch_size=0), '--batch-size 0'),
        (dict(columns=0), '--columns 0'),
        (dict(checkpoint='a.pth'), 'has its own weights'),
        (dict(out=__file__ + '/out'), 'out cannot be written to'),
    ],
    ids=str,
)
def test_bad_input(tool, files, tmp_path, changed, words):
    flags = dict(
        model=files['pipeline'],
        pose=files['poses'],
        prompt='a',
        out=tmp_path / 'out',
    )
    status, _, stderr = tool(**{**flags, **changed})
    assert status == 2
    [line] = [line for line in stderr.splitlines() if 'error: ' in line]
    assert words in line
    assert not (tmp_path / 'out').exists()


def test_judge_that_is_missing(tool, files, tmp_path):
    status, _, stderr = tool(
        model=files['pipeline'],
        pose=files['photo'],
        prompt='a',
        judge='gone.py',
        out=tmp_path,
    )
    assert status == 2 and 'gone.py does not exist: give --judge' in stderr
