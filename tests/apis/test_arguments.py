from pathlib import Path

import pytest
from mmengine.config import Config

from mmkbdm.apis.arguments import (
    check_images_on_load,
    load_config,
    make_parser,
    override,
    read_config,
)
from mmkbdm.apis.errors import PreflightError

CONFIG = Path(__file__).parents[2] / (
    'configs/rmpg/simplebaseline_toy_rmpg_toyhuman.py'
)


def test_missing_config():
    with pytest.raises(PreflightError, match='nothing.py does not exist'):
        read_config('nothing.py')


def test_missing_base_config(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text("_base_ = './gone.py'\n")
    with pytest.raises(PreflightError) as caught:
        read_config(str(path))
    assert 'gone.py' in str(caught.value)
    assert '_base_' in str(caught.value)


@pytest.mark.parametrize(
    'name, text, words',
    [
        ('a.pth', 'PK', 'OSError: Only py'),
        ('a.py', 'judge = dict(', 'SyntaxError'),
        ('a.py', 'judge = nothing', "NameError: name 'nothing'"),
        ('a.json', '{', 'JSONDecodeError'),
        (
            'a.py',
            "custom_imports = dict(imports=['no_such_module'])",
            'ImportError',
        ),
    ],
)
def test_files_that_are_no_configs(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(PreflightError, match=words) as caught:
        read_config(str(tmp_path / name))
    assert name in str(caught.value) and '\n' not in str(caught.value)


def test_default_work_dir_and_pictures():
    args = make_parser('').parse_args([str(CONFIG), '--show-dir', 'pictures'])
    cfg = load_config(args)
    assert cfg.work_dir == 'work_dirs/simplebaseline_toy_rmpg_toyhuman'
    hook = cfg.default_hooks.visualization
    assert hook.enable
    assert hook.out_dir == str(Path('pictures').absolute())


@pytest.mark.parametrize(
    'flags, words',
    [
        (['--show'], 'default_hooks.visualization'),
        (['--show-dir', 'pictures', '--interval', '0'], '--interval 0'),
    ],
)
def test_pictures_that_cannot_be(tmp_path, flags, words):
    path = tmp_path / 'config.py'
    path.write_text('model = dict()\n')
    args = make_parser('').parse_args([str(path), *flags])
    with pytest.raises(PreflightError, match=words):
        load_config(args)


@pytest.mark.parametrize(
    'launcher, name', [('pytorch', 'RANK'), ('slurm', 'SLURM_PROCID')]
)
def test_launchers_that_launched_nothing(monkeypatch, launcher, name):
    args = make_parser('').parse_args([str(CONFIG), '--launcher', launcher])
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(PreflightError, match=f'--launcher {launcher}'):
        load_config(args)
    monkeypatch.setenv(name, '0')
    assert load_config(args).launcher == launcher


@pytest.mark.parametrize('word', ['train_cfg', 'a=[1,', '=1'])
def test_options_that_are_none(word, capsys):
    with pytest.raises(SystemExit) as stop:
        make_parser('').parse_args([str(CONFIG), '--cfg-options', word])
    assert stop.value.code == 2
    (line,) = [
        line
        for line in capsys.readouterr().err.splitlines()
        if 'error: ' in line
    ]
    assert repr(word) in line and 'KEY=VALUE' in line


def test_options_are_read_as_before():
    words = ['a.b=1', 'c="[1,2]"', 'd=x=y']
    args = make_parser('').parse_args(['c.py', '--cfg-options', *words])
    assert args.cfg_options == {'a.b': 1, 'c': [1, 2], 'd': 'x=y'}


@pytest.mark.parametrize(
    'options',
    [
        {'train_pipeline.99.type': 'A'},
        {'train_pipeline.last.type': 'A'},
        {'model.neck.type.name': 'A'},
    ],
)
def test_options_that_do_not_fit(options):
    cfg = read_config(str(CONFIG))
    with pytest.raises(PreflightError, match='--cfg-options') as caught:
        override(cfg, options)
    assert CONFIG.name in str(caught.value)
    override(cfg, {'model.neck.groups': (2,)})
    assert cfg.model.neck.groups == (2,)


@pytest.fixture
def cfg():
    def loader(kind, **kwargs):
        pipeline = [dict(type=kind, **kwargs), dict(type='PackPoseInputs')]
        return dict(dataset=dict(type='CocoDataset', pipeline=pipeline))

    nested = loader('LoadImage')
    nested['dataset'] = dict(
        type='CombinedDataset', datasets=[nested['dataset']], pipeline=[]
    )
    return Config(
        dict(
            train_dataloader=nested,
            val_dataloader=loader('mmpose.LoadImage', to_float32=True),
            test_dataloader=None,
        )
    )


@pytest.mark.parametrize('skip, answer', [(False, 'raise'), (True, 'skip')])
def test_images_are_skipped_in_training_only(cfg, skip, answer):
    check_images_on_load(cfg, skip)
    train = cfg.train_dataloader.dataset.datasets[0].pipeline
    assert train[0] == dict(type='mmkbdm.LoadImage', on_error=answer)
    assert train[1] == dict(type='PackPoseInputs')
    assert cfg.val_dataloader.dataset.pipeline[0] == dict(
        type='mmkbdm.LoadImage', to_float32=True, on_error='raise'
    )


def test_our_own_loading_obeys_the_flag_and_keeps_its_setting(cfg):
    train = cfg.train_dataloader.dataset.datasets[0].pipeline
    train[0] = dict(type='mmkbdm.LoadImage', on_error='raise')
    check_images_on_load(cfg, True)
    assert train[0]['on_error'] == 'skip'
    check_images_on_load(cfg, False)
    assert train[0]['on_error'] == 'skip'


def test_the_pipeline_of_a_second_stage(cfg):
    """RTMPose's configs change theirs near the end of training."""
    stage2 = [dict(type='LoadImage'), dict(type='PackPoseInputs')]
    hook = dict(type='mmdet.PipelineSwitchHook', switch_pipeline=stage2)
    cfg.custom_hooks = [dict(type='EMAHook'), hook]
    check_images_on_load(cfg, True)
    load, pack = cfg.custom_hooks[1].switch_pipeline
    assert load == dict(type='mmkbdm.LoadImage', on_error='skip')
    assert pack == dict(type='PackPoseInputs')
