"""``make demo``: its lines, and the command itself."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import MODELS
from PIL import Image

from mmkbdm.generation import DiffusersGenerator
from mmkbdm.generation.job import Job
from mmkbdm.generation.job_grid import write_grid
from mmkbdm.generation.job_lines import read_jobs
from mmkbdm.generation.job_run import run_jobs
from mmkbdm.pipelines import KBDMGenPipeline

ROOT = Path(__file__).parents[2]
LINES = ROOT / 'demo' / 'people.jsonl'
WEIGHTS = ROOT / 'weights' / 'toy_kbdmgen.safetensors'


def untrained():
    """The toy KB-DMGen at its full size, with random weights."""
    folder = ROOT / 'configs' / 'kb_dmgen'
    cfg = Config.fromfile(folder / 'kbdmgen_toy.py').model
    random = Config.fromfile(folder / '_base_' / 'toy_architecture.py').model
    return MODELS.build({**cfg, **random})


def test_lines_at_the_size_of_the_toy(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    pipeline = KBDMGenPipeline.from_generator(untrained())
    generator = DiffusersGenerator(pipeline)
    base = Job(
        generator.default_size,
        generator.default_size,
        call=dict(num_inference_steps=1),
    )
    jobs = read_jobs(str(LINES), base, generator, pytest.fail)
    assert len(jobs) == 8
    assert [len(job.poses) for job in jobs] == [1] * 7 + [2]
    assert all((job.poses[..., 2] > 0).all() for job in jobs)
    vocabulary = generator.pipeline.tokenizer.get_vocab()
    for job in jobs:
        words = re.findall('[a-z]+', job.prompt)
        # None is split into letters.
        assert all(f'{word}</w>' in vocabulary for word in words), job.prompt
    assert run_jobs(generator, jobs, tmp_path, batch_size=8) == 8
    write_grid(jobs, tmp_path, tmp_path / 'grid.png', columns=2)
    page = Image.open(tmp_path / 'grid.png')
    assert page.width > 4 * 256 and page.height > 4 * 256


@pytest.mark.skipif(not WEIGHTS.is_file(), reason='not trained yet')
def test_command(tmp_path):
    make = shutil.which('make')
    told = subprocess.run(
        [make, '-n', 'demo', f'DEMO={tmp_path}'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.replace('\\\n', ' ')
    [command] = [line for line in told.splitlines() if 'generate.py' in line]
    words = shlex.split(command)
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert '8 images made' in done.stdout
    images = [np.asarray(Image.open(p)) for p in tmp_path.glob('0*.png')]
    assert {one.shape for one in images} == {(64, 64, 3)}
    assert min(one.std() for one in images) > 10
