"""What the training of generators and knowledge base needs, in one line."""

import glob
import shutil

import pytest
from mmengine.config import Config

from mmkbdm.apis import preflight_generation
from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.made_by import made_by
from mmkbdm.apis.preflight import preflight
from mmkbdm.apis.preflight_generation import check_graph
from mmkbdm.datasets.toy_human import write_dataset

ROOT = 'configs/kb_dmgen/'
ALL = sorted(glob.glob(f'{ROOT}*.py'))


def refusal(cfg):
    cfg.setdefault('work_dir', 'work_dirs/none')
    with pytest.raises(PreflightError) as caught:
        preflight(cfg, phases=('train', 'val'))
    message = str(caught.value)
    assert '\n' not in message
    return message


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp('toyhuman')
    write_dataset(folder, num_train=1, num_val=1, size=64)
    return str(folder)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A clone without data and weights."""
    for name in ('configs', 'tools'):
        shutil.copytree(name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize('config', ALL)
def test_every_config_names_what_makes_it_run(elsewhere, config):
    message = refusal(Config.fromfile(config))
    if 'deepspeed' in config and 'DeepSpeed' in message:
        pass  # not installed, tested below
    elif 'sd15' in config:
        assert 'training_humanart.json does not exist' in message or (
            'nothing to train' in message and 'base_' in config
        )
        if 'nothing' not in message:
            assert 'unpack Human-Art from' in message
            assert 'configs/kb_dmgen/kbdmgen_toy.py' in message
    elif 'stage' in config:
        assert 'annotations/train.json does not exist' in message
        assert 'make_toy_human.py data/toyhuman_generation --size' in message
    else:
        assert 'weights/toy_base/vae does not exist' in message
        assert 'tools/benchmark/generation_toy.py run --stages' in message


def test_stages_come_one_after_the_other(elsewhere, data):
    """The line about a missing stage is the command that makes it."""

    def read(name):
        cfg = Config.fromfile(f'{ROOT}{name}.py')
        for phase in ('train', 'val'):
            loader = cfg.get(f'{phase}_dataloader')
            if loader is not None:
                dataset = loader.dataset
                dataset.get('dataset', dataset).data_root = data
        return cfg

    train = 'make it by python tools/train.py configs/kb_dmgen/kb_stage'
    first, second = (f'kb_stage{n}_toy' for n in (1, 2))
    message = refusal(read(first))
    assert message.startswith('weights/toy_clip does not exist')
    (elsewhere / 'weights/toy_clip').mkdir(parents=True)
    preflight(read(first), phases=('train', 'val'))
    message = refusal(read(second))
    assert message.startswith(f'work_dirs/{first}/epoch_40.pth does not')
    assert f'{train}1_toy.py' in message
    for part in ('vae', 'unet', 'text_encoder', 'tokenizer'):
        (elsewhere / 'weights/toy_base' / part).mkdir(parents=True)
    generator = read('kbdmgen_toy')
    message = refusal(generator)
    assert f'{train}1_toy.py' in message
    assert 'model.knowledge_base.source.codebook.init_cfg' in message
    for name in (first, second):
        (elsewhere / 'work_dirs' / name).mkdir(parents=True)
    (elsewhere / f'work_dirs/{first}/epoch_40.pth').touch()
    assert f'{train}2_toy.py' in refusal(read('kbdmgen_toy'))
    (elsewhere / f'work_dirs/{second}/epoch_40.pth').touch()
    preflight(read('kbdmgen_toy'), phases=('train', 'val'))
    assert 'nothing to train' in refusal(read('base_toy'))


@pytest.mark.parametrize('name', ['kb_stage1_toy', 'controlnet_toy'])
def test_a_setting_that_does_not_exist(name):
    cfg = Config.fromfile(f'{ROOT}{name}.py')
    cfg.model.hats = 1
    assert "takes no argument 'hats': it takes" in refusal(cfg)


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'model.quantizer': dict(decay=2)}, 'decay=2 must be in'),
        ({'model.quantizer': dict(hats=2)}, "'hats'"),
        ({'model.num_codes': 1}, 'num_codes=1 must be'),
        ({'model.num_codes': 64}, 'give --cfg-options val_evaluator.num_co'),
        ({'val_evaluator.num_codes': 64}, 'val_evaluator.num_codes=128'),
    ],
    ids=str,
)
def test_codebook_that_cannot_be_trained_or_counted(changes, words):
    cfg = Config.fromfile(f'{ROOT}kb_stage1_toy.py')
    cfg.merge_from_dict(changes)
    assert words in refusal(cfg)


def test_rendered_people_in_a_folder_of_any_name(tmp_path):
    cfg = Config.fromfile(f'{ROOT}kb_stage1_toy.py')
    cfg.train_dataloader.dataset.dataset.data_root = str(tmp_path / 'people')
    message = refusal(cfg)
    assert f'tools/dataset/make_toy_human.py {tmp_path}/people' in message


def test_commands_exist():
    assert made_by('work_dirs/kb_stage1_toy/epoch_40.pth') == (
        'python tools/train.py configs/kb_dmgen/kb_stage1_toy.py'
    )
    assert made_by('/data/work_dirs/toy_clip/iter_1.pth') == (
        'python tools/train.py configs/kb_dmgen/foundation/toy_clip.py'
    )
    assert 'generation_toy.py' in made_by('weights/toy_base/vae')
    others = ('weights/mae.pth', 'weights/toy_kbdmgen.safetensors')
    for path in (*others, 'work_dirs/mine/a.pth', 'a.pth', ''):
        assert made_by(path) is None


def test_gpu_and_deepspeed(monkeypatch):
    cfg = Config.fromfile(f'{ROOT}kbdmgen_sd15_humanart.py')
    cfg.optim_wrapper.type = 'AmpOptimWrapper'
    monkeypatch.setattr(preflight_generation, 'get_device', lambda: 'cpu')
    assert 'mmkbdm.AutocastOptimWrapper' in refusal(cfg)
    monkeypatch.setattr(preflight_generation, 'get_device', lambda: 'cuda')
    assert 'AutocastOptimWrapper' not in refusal(cfg)


@pytest.mark.parametrize(
    'changes',
    [
        {'optim_wrapper.accumulative_counts': 2},
        {'launcher': 'pytorch'},
    ],
)
def test_a_graph_on_a_gpu_asks_for_plain_training(monkeypatch, changes):
    cfg = Config.fromfile(f'{ROOT}controlnet_toy.py')
    monkeypatch.setattr(preflight_generation, 'get_device', lambda: 'cuda')
    check_graph(cfg)
    cfg.merge_from_dict(changes)
    with pytest.raises(PreflightError, match='model.graph=False') as caught:
        check_graph(cfg)
    assert '='.join(map(str, *changes.items())) in str(caught.value)
    cfg.model.graph = False
    check_graph(cfg)
    cfg.model.graph = True
    monkeypatch.setattr(preflight_generation, 'get_device', lambda: 'cpu')
    check_graph(cfg)


def test_deepspeed_that_does_not_fit(monkeypatch):
    cfg = Config.fromfile(f'{ROOT}kbdmgen_sd15_humanart_deepspeed.py')
    asked = []

    def find(there):
        def find_spec(name):
            asked.append(name)
            return there.get(name)

        monkeypatch.setattr('importlib.util.find_spec', find_spec)

    find({})
    assert "pip install 'deepspeed<0.18'" in refusal(cfg)
    # Its package cannot be asked for without it.
    assert asked == ['deepspeed']
    find(dict(deepspeed=True))
    assert "pip install 'deepspeed<0.18'" in refusal(cfg)
    find(dict.fromkeys(preflight_generation.DEEPSPEED, True))
    assert 'deepspeed' not in refusal(cfg)
