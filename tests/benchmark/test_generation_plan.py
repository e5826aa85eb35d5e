"""The order of the tasks, and what each of them waits for."""

import importlib.util
from pathlib import Path

import pytest

from mmkbdm.benchmark import generation_foundation
from mmkbdm.benchmark.generation_arms import ARMS, CODEBOOK_NAMES, CODEBOOKS
from mmkbdm.benchmark.generation_plan import Plan
from mmkbdm.benchmark.runs import ResultFile, Run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = ROOT / 'tools' / 'benchmark' / 'generation_toy.py'
    spec = importlib.util.spec_from_file_location('generation_toy', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def make(*words):
        args = tool.parse_args(['run', *words, '--work-dir', str(tmp_path)])
        args.device, args.eval_batch_size = 'cpu', 8
        return Plan(args, ResultFile(tmp_path / 'results.json'))

    return make


def test_a_cut_leaves_whole_seeds(plan):
    made = plan('--stages', 'knowledge', 'adapters', 'evaluate')
    names = [task.name for task in made.tasks]
    assert len(set(names)) == len(names)
    places = {name: i for i, name in enumerate(names)}
    for arm, (config, _) in ARMS.items():
        assert Path('configs/kb_dmgen', f'{config}.py').exists()
        assert places[f'{arm}_seed0'] < places['controlnet_seed1']
        assert places[f'{arm}_seed1'] < places['controlnet_seed2']
    by_name = {task.name: task for task in made.tasks}
    # All seeds of the arms have the knowledge base of the first seed.
    assert 'kb_stage2_seed0' in by_name['kbdmgen_seed2'].needs
    assert 'kb_stage1_seed0' in by_name['kb_stage2_seed1'].needs
    assert 'kb_stage1_seed0' in by_name['kbdmgen-oracle_seed1'].needs
    raw = by_name['kbdmgen-raw_seed0']
    assert not any('kb_stage' in need for need in raw.needs)
    options = by_name['kbdmgen_seed2'].settings['options']
    assert options['train_dataloader.sampler.seed'] == 2
    assert set(CODEBOOK_NAMES) == set(CODEBOOKS)


def test_what_is_done_is_left_out(plan, tmp_path):
    whole = plan('--seeds', '0', '--stages', 'evaluate')
    file = ResultFile(tmp_path / 'results.json')
    file.add(Run('cpu', 'dm', 0, iters=whole.args.iters), AP=1)
    file.add(Run('cuda', 'kb', 0, iters=whole.args.iters), AP=1)
    less = plan('--seeds', '0', '--stages', 'evaluate')
    assert less.settled == 1
    gone = {t.name for t in whole.tasks} - {t.name for t in less.tasks}
    assert gone == {'dm_seed0'}


def test_a_knowledge_base_that_is_gone_is_trained_again(plan, tmp_path):
    """Results are kept with the code, checkpoints are not."""
    words = ('--arms', 'kbdmgen', '--seeds', '0', '--stages', 'knowledge')
    file = ResultFile(tmp_path / 'results.json')
    for stage in ('kb_stage1', 'kb_stage2'):
        file.add(Run('cpu', stage, 0, iters=40))
    stages = {'kb_stage1_seed0', 'kb_stage2_seed0'}
    assert not stages & {task.name for task in plan(*words).tasks}
    tasks = {task.name: task for task in plan(*words, 'adapters').tasks}
    assert stages <= set(tasks)
    assert stages <= set(tasks['kbdmgen_seed0'].needs)


def test_foundation_in_order(plan, tmp_path, monkeypatch):
    for command, _, _ in generation_foundation.COMMANDS.values():
        for word in command[:2]:
            if '/' in word:
                assert (ROOT / word).exists()
    monkeypatch.chdir(tmp_path)
    tasks = generation_foundation.foundation_tasks(tmp_path, retrain=False)
    assert [t.name for t in tasks] == list(generation_foundation.NAMES)
    unet = tmp_path / 'weights' / 'toy_base' / 'unet' / 'config.json'
    unet.parent.mkdir(parents=True)
    unet.touch()
    tasks = generation_foundation.foundation_tasks(tmp_path, retrain=False)
    assert not {'toy_base', 'pack_base'} & {task.name for task in tasks}
    tasks = generation_foundation.foundation_tasks(tmp_path, retrain=True)
    assert len(tasks) == len(generation_foundation.NAMES)
