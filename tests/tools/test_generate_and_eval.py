"""The tool with a real pipeline of diffusers and a judge of a few lines."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PARTS = ROOT / 'tests' / 'generation'
sys.path.insert(0, str(PARTS))

from job_parts import write_pipeline  # noqa: E402
from tiny_pipeline import write_controlnet, write_plain  # noqa: E402
from toy_parts import write_configs  # noqa: E402

from mmkbdm.datasets.toy_human import write_dataset  # noqa: E402


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Paths of the configs and of a pipeline, by what they are."""
    folder = tmp_path_factory.mktemp('parts')
    write_dataset(folder / 'toy', num_train=1, num_val=5, size=64)
    paths = write_configs(folder, folder / 'toy')
    pipeline = write_controlnet(folder / 'with_pose')
    return {
        **{name: str(path) for name, path in paths.items()},
        'pipeline': str(pipeline),
        'folder': folder,
    }


@pytest.fixture
def tool(monkeypatch, capsys):
    """Call main; returns status, stdout and stderr."""
    monkeypatch.chdir(ROOT)
    path = ROOT / 'tools' / 'generate_and_eval.py'
    spec = importlib.util.spec_from_file_location('tool_generate', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(*args):
        argv = ['generate_and_eval.py', *map(str, args)]
        monkeypatch.setattr(sys, 'argv', argv)
        capsys.readouterr()
        try:
            module.main()
            status = 0
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def flags(files, out, **changed):
    options = dict(
        pipeline=files['pipeline'],
        data=files['data'],
        judge=files['judge'],
        seeds=0,
        steps=2,
        batch_size=2,
        out=out,
    )
    options |= changed
    return [
        str(word)
        for key, value in options.items()
        if value is not None
        for word in ('--' + key.replace('_', '-'), *np.atleast_1d(value))
    ]


def pixels(folder):
    return {
        str(path.relative_to(folder)): np.asarray(Image.open(path))
        for path in sorted(Path(folder).rglob('*.png'))
    }


def assert_same(one, other):
    assert one.keys() == other.keys() and one
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_two_seeds(tool, files, tmp_path):
    out = tmp_path / 'out'
    args = flags(files, out, seeds=[3, 5], features=files['features'])
    status, stdout, stderr = tool(*args)
    assert status == 0, stderr
    for seed in (3, 5):
        folder = out / f'seed_{seed}'
        content = json.loads((folder / 'metrics.json').read_text())
        counts, told = content['counts'], content['generation']
        assert counts['images_given'] == counts['images_scored'] == 5
        assert content['seeds'] == [seed]
        assert content['ceiling']['what'] == '5 real images'
        assert 'FID_MeanColours' in content['metrics']
        assert content['features'] == 'MeanColours'
        assert told['call']['num_inference_steps'] == 2
        assert told['pose'] == 'given as image'
        assert (folder / 'report.html').stat().st_size > 1000
        assert f'report: {folder / "report.html"}' in stdout
    summary = json.loads((out / 'summary.json').read_text())
    assert summary['metrics']['FID_MeanColours']['n'] == 2
    assert summary['metrics']['FID_MeanColours']['std'] > 0
    one, two = (pixels(out / f'seed_{seed}') for seed in (3, 5))
    assert len(one) == 5
    assert all((one[name] != two[name]).any() for name in one)
    assert len(pixels(out / 'real')) == 5
    status, _, stderr = tool(*flags(files, out, seeds=3, steps=1))
    assert status == 2
    assert 'generator.call.num_inference_steps was 2 and is 1' in stderr
    # A report may be the floor of another.
    status, _, stderr = tool(
        *flags(files, tmp_path / 'b', max_images=2, floor=out / 'seed_3')
    )
    assert status == 0, stderr
    content = json.loads((tmp_path / 'b/seed_0/metrics.json').read_text())
    assert content['floor']['what'] == f'the report {out / "seed_3"}'
    assert content['counts']['images_given'] == 2


@pytest.mark.parametrize('protocol', ['standard', 'legacy'])
def test_model_of_a_config_and_nobody_found(tool, files, tmp_path, protocol):
    judge = tmp_path / 'nobody.py'
    judge.write_text(
        Path(files['judge'])
        .read_text()
        .replace("Judge')", "Judge', people=0)")
    )
    status, _, stderr = tool(
        *flags(
            files,
            tmp_path / 'out',
            pipeline=files['model'],
            judge=judge,
            steps=None,
            protocol=protocol,
            size=32,
        )
    )
    assert status == 0, stderr
    folder = tmp_path / 'out' / 'seed_0'
    content = json.loads((folder / 'metrics.json').read_text())
    assert content['generation']['name'] == 'ToyGenerator'
    assert content['counts']['images_without_detections'] >= 4
    assert {one.shape for one in pixels(folder).values()} == {(32, 32, 3)}


@pytest.mark.slow
def test_two_processes_and_resuming_give_the_same_pixels(
    tool, files, tmp_path
):
    status, _, stderr = tool(*flags(files, tmp_path / 'one'))
    assert status == 0, stderr
    expected = pixels(tmp_path / 'one')
    environment = dict(
        os.environ,
        OMP_NUM_THREADS='1',
        PYTHONPATH=str(PARTS),
        PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        PORT=str(29500 + os.getpid() % 1000),
    )

    def run_two():
        done = subprocess.run(
            ['bash', 'tools/dist_generate.sh', '2']
            + flags(files, tmp_path / 'two'),
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    run_two()
    assert_same(pixels(tmp_path / 'two'), expected)
    one, two = (
        json.loads((tmp_path / name / 'seed_0/metrics.json').read_text())
        for name in ('one', 'two')
    )
    assert one['metrics'] == two['metrics']
    names = sorted((tmp_path / 'two/seed_0/images').glob('*.png'))
    for name in (names[0], names[2], names[3]):
        name.unlink()
    run_two()
    assert_same(pixels(tmp_path / 'two'), expected)


def test_plain_pipeline_says_so(tool, files, tmp_path):
    plain = write_plain(tmp_path)
    status, _, stderr = tool(
        *flags(files, tmp_path / 'out', pipeline=plain, max_images=1)
    )
    assert status == 0, stderr
    content = json.loads((tmp_path / 'out/seed_0/metrics.json').read_text())
    assert content['generation']['pose'].startswith('not given')


def test_pipeline_of_ours(tool, files, tmp_path):
    """The folder as it is, with the settings that it was saved with."""
    pipeline = write_pipeline(tmp_path / 'pipeline')
    changed = dict(pipeline=pipeline, steps=None, max_images=2)
    status, _, stderr = tool(*flags(files, tmp_path / 'out', **changed))
    assert status == 0, stderr
    content = json.loads((tmp_path / 'out/seed_0/metrics.json').read_text())
    told = content['generation']
    assert told['pipeline'] == 'KBDMGenPipeline'
    assert told['pose'] == 'given as image'
    assert told['call']['num_inference_steps'] == 2
    assert content['counts']['images_given'] == 2


def test_three_seeds_are_the_default(tool, files, tmp_path):
    out = tmp_path / 'out'
    changed = dict(pipeline=files['model'], steps=None, seeds=None)
    status, _, stderr = tool(*flags(files, out, max_images=2, **changed))
    assert status == 0, stderr
    summary = json.loads((out / 'summary.json').read_text())
    assert summary['reports'] == ['seed_0', 'seed_1', 'seed_2']


@pytest.mark.parametrize(
    'changed, words',
    [
        (dict(pipeline='/gone/pipeline'), 'pipeline does not exist'),
        (dict(pipeline='gone.py'), 'gone.py does not exist'),
        (dict(data='gone.py'), 'gone.py does not exist'),
        (dict(judge='gone.py'), 'gone.py does not exist'),
        (dict(floor='/gone'), '/gone'),
        (dict(features='gone.py'), 'gone.py does not exist'),
        (dict(seeds=[1, 1]), '--seeds names a seed twice'),
        (dict(max_images=0), '--max-images 0 must be at least 1'),
        (dict(size=60), 'both sides must be multiples of 8'),
        (dict(checkpoint='a.pth'), 'has its own weights'),
        (dict(launcher='pytorch'), 'needs torchrun'),
        (dict(out=__file__ + '/out'), 'out cannot be written to'),
    ],
    ids=str,
)
def test_bad_input(tool, files, tmp_path, changed, words):
    status, stdout, stderr = tool(
        *flags(files, **{'out': tmp_path / 'out', **changed})
    )
    assert status == 2
    [line] = [line for line in stderr.splitlines() if 'error: ' in line]
    assert words in line
