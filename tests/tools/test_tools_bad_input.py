"""What the tools answer to wrong input, mostly without a new process."""

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError

import pytest
import torch

from mmkbdm.apis.errors import TOY_CONFIG
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / TOY_CONFIG)


def data_options(root):
    options = [
        'train_dataloader.batch_size=4',
        'train_cfg.max_epochs=1',
        'randomness.seed=3',
    ]
    for phase in ('train', 'val', 'test'):
        options += [
            f'{phase}_dataloader.dataset.data_root={root}/',
            f'{phase}_dataloader.num_workers=0',
            f'{phase}_dataloader.persistent_workers=False',
        ]
        if phase != 'train':
            options.append(
                f'{phase}_evaluator.ann_file={root}/annotations/val.json'
            )
    return options


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=12, num_val=3, size=64, max_people=1)
    return root


@pytest.fixture(scope='module')
def corrupt(toy, tmp_path_factory):
    """A copy of the data set whose fourth training image is cut short."""
    root = tmp_path_factory.mktemp('corrupt') / 'data'
    shutil.copytree(toy, root)
    path = root / 'train' / '000003.png'
    path.write_bytes(path.read_bytes()[:200])
    return root


@pytest.fixture
def tool(monkeypatch, capsys, tmp_path):
    """Call a tool's main in this process; returns status and stderr."""
    monkeypatch.chdir(ROOT)

    def call(name, *args, options=()):
        spec = importlib.util.spec_from_file_location(
            f'tool_{name}', ROOT / 'tools' / f'{name}.py'
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        argv = [name, CONFIG, *map(str, args)]
        if '--work-dir' not in argv:
            argv += ['--work-dir', str(tmp_path / 'work')]
        monkeypatch.setattr(sys, 'argv', [*argv, '--cfg-options', *options])
        capsys.readouterr()
        try:
            module.main()
        except SystemExit as error:
            return error.code, capsys.readouterr().err
        return 0, capsys.readouterr().err

    return call


def reason(answer):
    """The one line of a refusal."""
    status, stderr = answer
    assert status == 2
    assert 'Traceback' not in stderr
    lines = [line for line in stderr.splitlines() if 'error: ' in line]
    assert len(lines) == 1
    assert stderr.endswith(lines[0] + '\n')
    return lines[0]


@pytest.fixture(scope='module')
def trained(toy, tmp_path_factory):
    """The work folder of one epoch, trained by the real command."""
    work = tmp_path_factory.mktemp('trained')
    done = subprocess.run(
        [
            *(sys.executable, 'tools/train.py', CONFIG, '--no-validate'),
            *('--work-dir', str(work), '--cfg-options', *data_options(toy)),
        ],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return work


class TestData:
    def test_missing_dataset(self, tool, tmp_path):
        options = data_options(tmp_path / 'gone')
        line = reason(tool('train', options=options))
        assert 'gone/annotations/train.json does not exist' in line
        assert 'simplebaseline_toy_rmpg_toyhuman.py' in line

    def test_missing_config(self, tool, monkeypatch):
        monkeypatch.setattr(sys.modules[__name__], 'CONFIG', 'gone.py')
        assert 'gone.py does not exist' in reason(
            tool('train', options=['a=1'])
        )

    def test_corrupt_image_stops_training(self, tool, corrupt):
        line = reason(tool('train', options=data_options(corrupt)))
        assert f'image {corrupt}/train/000003.png of annotation' in line
        assert 'cannot be decoded' in line
        assert '--skip-corrupt-images' in line

    def test_corrupt_image_in_a_data_loader_process(self, corrupt, tmp_path):
        """A real process, whose stderr a user would see."""
        done = subprocess.run(
            [
                *(sys.executable, 'tools/train.py', CONFIG),
                *('--work-dir', str(tmp_path), '--cfg-options'),
                *data_options(corrupt),
                'train_dataloader.num_workers=1',
            ],
            cwd=ROOT,
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        line = reason((done.returncode, done.stderr))
        assert 'train/000003.png of annotation' in line
        assert 'Caught' not in line

    def test_corrupt_images_can_be_skipped(self, tool, corrupt, tmp_path):
        status, _ = tool(
            'train',
            '--skip-corrupt-images',
            '--no-validate',
            options=data_options(corrupt),
        )
        assert status == 0
        log = next((tmp_path / 'work').glob('*/*.log')).read_text()
        assert 'train/000003.png of annotation' in log
        assert 'skipped, 1 so far' in log
        assert (tmp_path / 'work' / 'epoch_1.pth').exists()


class TestModel:
    @pytest.mark.parametrize(
        'option, parts',
        [
            ('model.neck.kv_pol=4', ('kv_pol=4', 'kv_pool?')),
            (
                'model.neck.in_channels=100',
                ('100 channels', 'groups=(2, 2, 2)'),
            ),
        ],
    )
    def test_wrong_neck(self, tool, toy, option, parts):
        options = [*data_options(toy), option]
        line = reason(tool('train', options=options))
        for part in ('model.neck', *parts):
            assert part in line


@pytest.mark.parametrize(
    'config, args, words',
    [
        (
            'kb_dmgen/kbdmgen_toy.py',
            ['train', '--auto-scale-lr'],
            'has no auto_scale_lr',
        ),
        ('rmpg/_base_/mpii.py', ['train'], 'mpii.py has no model'),
        (
            'kb_dmgen/kbdmgen_toy.py',
            ['test', 'any.pth'],
            'kbdmgen_toy.py has no test_dataloader',
        ),
    ],
)
def test_what_a_config_lacks(tool, monkeypatch, config, args, words):
    monkeypatch.setattr(sys.modules[__name__], 'CONFIG', f'configs/{config}')
    assert words in reason(tool(*args, options=['a=1']))


@pytest.mark.parametrize('args', [['train'], ['test', 'any.pth']])
def test_unwritable_work_dir(tool, args):
    line = reason(tool(*args, '--work-dir', '/proc/no', options=['a=1']))
    assert '/proc/no cannot be written to' in line
    assert 'give another --work-dir' in line


def test_options_that_do_not_fit(tool):
    line = reason(tool('train', options=['train_pipeline.99.type=A']))
    assert '--cfg-options train_pipeline.99.type do not fit' in line


class TestPretrained:
    WHERE = 'model.backbone.init_cfg'

    def options(self, toy, checkpoint):
        return [
            *data_options(toy),
            f'{self.WHERE}.type=Pretrained',
            f'{self.WHERE}.checkpoint={checkpoint}',
        ]

    def test_missing_file(self, tool, toy):
        options = self.options(toy, 'weights/gone.pth')
        line = reason(tool('train', options=options))
        assert f'gone.pth does not exist ({self.WHERE}.checkpoint)' in line
        assert f'{self.WHERE}=None' in line

    def test_offline(self, tool, toy, monkeypatch, tmp_path):
        def offline(*args, **kwargs):
            raise URLError('Name or service not known')

        monkeypatch.setattr('torch.hub.urlopen', offline)
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
        options = self.options(toy, 'https://a.example/weights-1.pth')
        line = reason(tool('train', '--no-validate', options=options))
        assert 'could not be downloaded (Name or service not known)' in line
        assert '--cfg-options' in line


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def another_model(path, source, trap):
    checkpoint = torch.load(source, weights_only=True)
    state_dict = checkpoint['state_dict']
    name = 'backbone.layer1.0.conv1.weight'
    state_dict[name] = state_dict[name][:5]
    torch.save(checkpoint, path)


def truncated(path, source, trap):
    path.write_bytes(source.read_bytes()[:-5000])


def hostile(path, source, trap):
    torch.save(dict(state_dict=Hostile(trap)), path)


def hostile_plain(path, source, trap):
    path.write_bytes(pickle.dumps(Hostile(trap), protocol=2))


class TestCheckpoint:
    @pytest.mark.parametrize('way', ['test', 'resume', 'load_from'])
    @pytest.mark.parametrize(
        'make, why',
        [
            (another_model, 'layer1.0.conv1.weight is (5, '),
            (truncated, 'damaged'),
            (hostile, 'nothing was executed'),
            (hostile_plain, 'nothing was executed'),
        ],
    )
    def test_refused(self, tool, toy, trained, tmp_path, make, why, way):
        work = tmp_path / 'work'
        work.mkdir()
        saved = work / 'epoch_1.pth'
        shutil.copy(trained / 'epoch_1.pth', saved)
        before = saved.read_bytes()
        wrong, trap = tmp_path / 'wrong.pth', tmp_path / 'executed'
        make(wrong, saved, trap)
        options = [*data_options(toy), 'train_cfg.max_epochs=2']
        if way == 'test':
            answer = tool('test', wrong, options=options)
        elif way == 'resume':
            answer = tool('train', '--resume', wrong, options=options)
        else:
            answer = tool('train', options=[*options, f'load_from={wrong}'])
        assert why in reason(answer)
        assert not trap.exists()
        assert saved.read_bytes() == before
        assert [path.name for path in work.glob('*.pth')] == ['epoch_1.pth']

    def test_missing(self, tool, toy):
        options = data_options(toy)
        line = reason(tool('test', 'gone.pth', options=options))
        assert line == 'error: gone.pth: no such file'

    @pytest.mark.parametrize('text', ['', None])
    def test_resume_without_the_name(self, tool, toy, trained, tmp_path, text):
        """The process was killed while it wrote last_checkpoint."""
        work = tmp_path / 'work'
        work.mkdir()
        shutil.copy(trained / 'epoch_1.pth', work)
        if text is not None:
            (work / 'last_checkpoint').write_text(text)
        options = [*data_options(toy), 'train_cfg.max_epochs=2']
        status, _ = tool('train', '--resume', '--no-validate', options=options)
        assert status == 0
        assert (work / 'epoch_2.pth').exists()
        log = next(work.glob('*/*.log')).read_text()
        assert 'resumed epoch: 1' in log


def test_pictures_of_a_test(tool, toy, trained, tmp_path):
    out = tmp_path / 'pictures'
    status, _ = tool(
        'test',
        trained / 'epoch_1.pth',
        '--show-dir',
        out,
        options=data_options(toy),
    )
    assert status == 0
    assert {path.name for path in out.iterdir()} == {
        '000000.png',
        '000001.png',
        '000002.png',
        'contact_sheet.png',
    }
