import os
import pickle
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmkbdm.apis import preflight as module
from mmkbdm.apis.errors import TOY_CONFIG, PreflightError
from mmkbdm.apis.preflight import (
    check_load_from,
    check_model,
    check_pretrained,
    preflight,
)
from mmkbdm.compat.checkpoint import CheckpointError
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=4, num_val=2, size=64, max_people=1)
    return root


@pytest.fixture
def cfg(toy, tmp_path):
    cfg = Config.fromfile(ROOT / TOY_CONFIG)
    for phase in ('train', 'val', 'test'):
        cfg[f'{phase}_dataloader'].dataset.data_root = str(toy)
    for phase in ('val', 'test'):
        cfg[f'{phase}_evaluator'].ann_file = str(
            toy / 'annotations' / 'val.json'
        )
    cfg.work_dir = str(tmp_path / 'work')
    os.makedirs(cfg.work_dir)
    return cfg


def refusal(function, *args, kind=PreflightError, **kwargs):
    with pytest.raises(kind) as caught:
        function(*args, **kwargs)
    message = str(caught.value)
    assert '\n' not in message
    return message


def test_the_toy_config_exists_and_passes(cfg):
    preflight(cfg, ('train', 'val', 'test'))


class TestData:
    @pytest.mark.parametrize(
        'key, value, path',
        [
            ('data_root', 'data/coco/', 'data/coco/annotations/train.json'),
            ('ann_file', 'annotations/gone.json', 'annotations/gone.json'),
            ('data_prefix', dict(img='gone/'), '/gone/'),
        ],
    )
    def test_missing(self, cfg, key, value, path):
        cfg.train_dataloader.dataset[key] = value
        message = refusal(preflight, cfg, ('train',))
        assert path in message
        assert 'train_dataloader.dataset.' in message
        assert 'COCO 2017 from cocodataset.org' in message
        assert TOY_CONFIG in message

    def test_toy_data_are_made_not_fetched(self, cfg):
        cfg.train_dataloader.dataset.data_root = 'data/toyhuman2/'
        message = refusal(preflight, cfg, ('train',))
        assert 'tools/dataset/make_toy_human.py' in message

    def test_missing_image(self, cfg):
        cfg.train_dataloader.dataset.data_prefix.img = 'annotations/'
        message = refusal(preflight, cfg, ('train',))
        assert 'annotations/000000.png does not exist' in message

    def test_wrapped_dataset(self, cfg):
        dataset = cfg.train_dataloader.dataset
        wrapped = dict(type='CombinedDataset', datasets=[dict(dataset)])
        wrapped['datasets'][0]['ann_file'] = 'gone.json'
        cfg.train_dataloader.dataset = wrapped
        message = refusal(preflight, cfg, ('train',))
        assert 'train_dataloader.dataset.datasets.0.ann_file' in message

    def test_detections_and_evaluator(self, cfg):
        cfg.test_dataloader.dataset.bbox_file = 'boxes.json'
        assert 'boxes.json' in refusal(preflight, cfg, ('test',))
        cfg.test_dataloader.dataset.bbox_file = None
        cfg.test_dataloader.dataset.headbox_file = 'heads.mat'  # of MPII
        assert 'heads.mat' in refusal(preflight, cfg, ('test',))
        cfg.test_dataloader.dataset.headbox_file = None
        cfg.test_evaluator.ann_file = 'gone.json'
        assert 'test_evaluator.ann_file' in refusal(preflight, cfg, ('test',))

    def test_only_the_phases_that_run(self, cfg):
        cfg.train_dataloader.dataset.ann_file = 'gone.json'
        preflight(cfg, ('test',))


class TestModel:
    @pytest.mark.parametrize(
        'neck, parts',
        [
            (
                dict(type='mmkbdm.RMPG', in_channels=128, kv_pol=4),
                ('kv_pol=4', 'did you mean kv_pool?'),
            ),
            (
                dict(type='mmkbdm.RMPG', in_channels=100),
                ('100 channels', 'groups=(2, 2, 2)'),
            ),
            (
                dict(type='FeatureMapProcessor', scale=2),
                ("unexpected keyword argument 'scale'",),
            ),
            (dict(type='mmkbdm.RMPQ', in_channels=128), ('RMPQ is not in',)),
            ([dict(type='A'), dict(type='B')], ('[A, B]', 'one neck only')),
            (5, ('model.neck=5',)),
        ],
    )
    def test_wrong_neck(self, cfg, neck, parts):
        cfg.model.neck = neck
        message = refusal(preflight, cfg, ('train',))
        for part in ('model.neck', *parts):
            assert part in message

    @pytest.mark.parametrize(
        'change, words',
        [
            (dict(gate_init='a'), "gate_init='a' must be a number"),
            (dict(groups=2), 'groups=2 must be a tuple'),
            (dict(stages=[5]), 'RMPG has no argument stages=[5]'),
        ],
    )
    def test_wrong_argument_of_the_neck(self, cfg, change, words):
        cfg.model.neck.update(change)
        assert words in refusal(preflight, cfg, ('train',))

    def test_head_none(self):
        assert 'model.head=None' in refusal(check_model, dict(head=None))


class TestTransforms:
    """RTMPose's augment by a package that MMPose does not install."""

    @pytest.fixture
    def augmented(self, cfg):
        pipeline = cfg.train_dataloader.dataset.pipeline
        pipeline.insert(3, dict(type='Albumentation', transforms=[]))
        return cfg

    def test_missing_package(self, augmented, monkeypatch):
        monkeypatch.setattr(module, 'find_spec', lambda name: None)
        message = refusal(preflight, augmented, ('train',))
        assert 'Albumentation' in message
        assert 'pip install "albumentations<2"' in message
        preflight(augmented, ('test',))

    def test_it_is_there(self, augmented, monkeypatch):
        monkeypatch.setattr(module, 'find_spec', lambda name: name)
        preflight(augmented, ('train',))

    def test_of_a_second_stage(self, cfg, monkeypatch):
        monkeypatch.setattr(module, 'find_spec', lambda name: None)
        stage2 = [dict(type='Albumentation', transforms=[])]
        cfg.custom_hooks = [dict(type='A', switch_pipeline=stage2)]
        assert 'albumentations' in refusal(preflight, cfg, ('train',))


class TestAuxiliary:
    """Supervised levels, refused before the network is built."""

    @pytest.fixture
    def model(self):
        name = 'configs/rmpg/hrnet_w32_hier-rmpg_coco.py'
        return Config.fromfile(ROOT / name).model

    def test_the_hierarchical_config_passes(self, model):
        check_model(model)

    @pytest.mark.parametrize(
        'index, change, words',
        [
            (
                0,
                dict(parts=[['nose', 'tail']]),
                ["'tail' is no joint of coco"],
            ),
            (0, dict(parts=[['nose']]), ["'left_eye'", '16 missing']),
            (1, dict(level=2), ['auxiliary[1].level=2 does not exist']),
            (2, dict(stage=3), ['auxiliary[2].stage=3 does not exist']),
            (2, dict(level=1), ['4 parts for the 2 nodes']),
            (0, dict(weight='1'), ["weight='1' must be a number"]),
            (0, dict(weight=-1), ['weight=-1 must not be negative']),
            (0, dict(parts='nose'), ["parts='nose' must be a list of lists"]),
            (0, dict(parts=None), ['parts=None must be a list of lists']),
        ],
    )
    def test_wrong_level(self, model, index, change, words):
        model.auxiliary[index].update(change)
        message = refusal(check_model, model)
        assert message.startswith(f'model.auxiliary[{index}]')
        assert all(word in message for word in words)

    def test_groups_of_the_neck(self, model):
        model.neck.stages = [dict(groups=(3,)), dict(groups=(2, 2))]
        message = refusal(check_model, model)
        assert message.startswith('model.neck: stages[0]: 32 channels')
        model.neck.stages[0] = dict(groups=(2,))
        message = refusal(check_model, model)
        assert 'model.auxiliary[2].stage=2 does not exist' in message

    @pytest.mark.parametrize(
        'change, words',
        [
            (dict(metainfo=None), 'set model.metainfo=dict(from_file='),
            (dict(metainfo=dict(from_file='gone.py')), '"gone.py" does not'),
            (dict(metainfo='coco'), 'it is a dict such as'),
            (dict(neck=None), 'set model.neck.type to mmkbdm.RMPG'),
            (dict(auxiliary=None), 'auxiliary=None must be a list'),
            (dict(auxiliary=[]), 'auxiliary=[] must be a list'),
            (dict(type='TopdownPoseEstimator'), 'does not take'),
        ],
        ids=str,
    )
    def test_what_it_needs(self, model, change, words):
        model.update(change)
        message = refusal(check_model, model)
        assert message.startswith('model.')
        assert words in message

    def test_supervision_without_levels(self, model):
        del model.auxiliary
        assert 'needs model.auxiliary' in refusal(check_model, model)


class TestPretrained:
    def test_missing_file(self, cfg):
        cfg.model.backbone.init_cfg = dict(
            type='Pretrained', checkpoint='weights/mae.pth'
        )
        message = refusal(preflight, cfg, ('train',))
        assert 'weights/mae.pth does not exist' in message
        assert '--cfg-options model.backbone.init_cfg=None' in message
        assert TOY_CONFIG in message
        preflight(cfg, ('test',))  # testing reads no such file

    def test_needed_even_if_a_checkpoint_is_loaded(self, cfg, tmp_path):
        path = tmp_path / 'model.pth'
        torch.save(dict(state_dict=dict(a=torch.ones(1))), path)
        cfg.load_from = str(path)
        cfg.model.backbone.init_cfg = dict(
            type='Pretrained', checkpoint='weights/mae.pth'
        )
        assert 'mae.pth' in refusal(preflight, cfg, ('train',))

    def test_in_a_list(self):
        init_cfg = [
            dict(type='Normal', layer='Conv2d'),
            dict(type='Pretrained', checkpoint='gone.pth'),
        ]
        model = dict(necks=[dict(init_cfg=init_cfg)])
        message = refusal(check_pretrained, model, 'model')
        assert 'gone.pth' in message
        assert 'model.necks.0.init_cfg=None' in message

    @pytest.mark.parametrize(
        'checkpoint, name',
        [
            ('https://a.example/dir/weights-1.pth', 'weights-1.pth'),
            ('torchvision://resnet50', 'resnet50-'),
        ],
    )
    def test_a_download_is_announced(
        self, checkpoint, name, capsys, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
        init_cfg = dict(type='Pretrained', checkpoint=checkpoint)
        check_pretrained(dict(init_cfg=init_cfg), 'model')
        line = capsys.readouterr().out
        assert line.startswith(f'{checkpoint} will be downloaded to')
        assert str(tmp_path / 'checkpoints' / name) in line
        assert 'model.init_cfg=None' in line


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


class TestCheckpoint:
    def test_truncated(self, cfg, tmp_path):
        path = tmp_path / 'model.pth'
        torch.save(dict(state_dict=dict(a=torch.ones(9999))), path)
        path.write_bytes(path.read_bytes()[:-9000])
        cfg.load_from = str(path)
        message = refusal(preflight, cfg, ('test',), kind=CheckpointError)
        assert 'model.pth: damaged' in message

    def test_hostile(self, cfg, tmp_path):
        path = tmp_path / 'model.pth'
        trap = tmp_path / 'executed'
        torch.save(dict(state_dict=Hostile(trap)), path)
        cfg.load_from = str(path)
        message = refusal(preflight, cfg, ('test',), kind=CheckpointError)
        assert 'nothing was executed' in message
        assert not trap.exists()
        with path.open('wb') as file:  # a plain pickle, as before torch 1.6
            pickle.dump(Hostile(trap), file, protocol=2)
        message = refusal(preflight, cfg, ('test',), kind=CheckpointError)
        assert not trap.exists()

    def test_missing(self, cfg):
        cfg.load_from = 'gone.pth'
        message = refusal(preflight, cfg, ('test',), kind=CheckpointError)
        assert message == 'gone.pth: no such file'

    def test_before_torch_2_6_only_existence_counts(
        self, cfg, tmp_path, monkeypatch
    ):
        """There weights_only=True cannot load what MMEngine saves."""
        monkeypatch.setattr(
            module.weights_only, 'needed', lambda: (False, 'old torch')
        )
        path = tmp_path / 'model.pth'
        torch.save(dict(hub=Hostile(tmp_path / 'executed')), path)
        cfg.load_from = str(path)
        preflight(cfg, ('test',))
        assert not (tmp_path / 'executed').exists()
        cfg.load_from = 'gone.pth'
        refusal(preflight, cfg, ('test',), kind=CheckpointError)


class TestResume:
    @pytest.fixture
    def saved(self, cfg):
        """Three checkpoints, the third is the newest and damaged."""
        cfg.resume = True
        paths = []
        for epoch in (9, 10, 11):
            path = Path(cfg.work_dir, f'epoch_{epoch}.pth')
            torch.save(dict(state_dict=dict(a=torch.ones(9999))), path)
            os.utime(path, (epoch, epoch))
            paths.append(path)
        paths[2].write_bytes(paths[2].read_bytes()[:-9000])
        os.utime(paths[2], (11, 11))
        return paths

    @pytest.mark.parametrize('text', [None, '', '\n', '/moved/epoch_10.pth'])
    def test_the_newest_whole_one_is_found(self, cfg, saved, text, capsys):
        if text is not None:
            Path(cfg.work_dir, 'last_checkpoint').write_text(text)
        check_load_from(cfg)
        assert cfg.load_from == str(saved[1])
        assert cfg.resume
        assert str(saved[1]) in capsys.readouterr().out

    def test_a_named_one_is_read(self, cfg, saved):
        last = Path(cfg.work_dir, 'last_checkpoint')
        last.write_text(str(saved[0]))
        check_load_from(cfg)
        assert cfg.load_from is None
        last.write_text(str(saved[2]))
        message = refusal(check_load_from, cfg, kind=CheckpointError)
        assert 'epoch_11.pth: damaged' in message

    def test_all_damaged(self, cfg, saved):
        saved[0].unlink()
        saved[1].write_bytes(b'')
        os.utime(saved[1], (10, 10))
        message = refusal(check_load_from, cfg, kind=CheckpointError)
        assert 'epoch_11.pth' in message

    @pytest.mark.parametrize('text', [None, ''])
    def test_nothing_saved_yet(self, cfg, text, capsys):
        cfg.resume = True
        if text is not None:
            Path(cfg.work_dir, 'last_checkpoint').write_text(text)
        check_load_from(cfg)
        assert not cfg.resume
        assert cfg.load_from is None
        assert 'from the beginning' in capsys.readouterr().out
