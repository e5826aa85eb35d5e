import os
import re

import pytest
from matrix import (
    CONFIGS,
    DATA,
    HOSTS,
    MATRIX,
    PRESETS,
    count,
    load,
    metainfo,
    unscoped,
)

PRESET_ARGUMENTS = {
    'rmpg': dict(),
    'rmpg-lite': dict(combine='add', out_proj=True),
    'rmpg-paper': dict(kernel_size=3, position='none', combine='add'),
}
# Default and paper-size; what RMPG's authors report is within 0.2 M of the
# latter.
TOTALS = {
    'simplebaseline_res50': (37_581_905, 38_153_809),
    'simplebaseline_res101': (56_574_033, 57_145_937),
    'hourglass52': (97_377_169, 97_949_073),
    'vitpose_b': (112_720_401, 117_876_753),
}
TOY = ('simplebaseline_toy_toyhuman', 'simplebaseline_toy_rmpg_toyhuman')
DECIDED_BY_DATA = (
    'out_channels',
    'input_size',
    'in_featuremap_size',
    'decoder',
)
FILES = {
    'coco': ('coco/annotations/person_keypoints_val2017', 'val2017/'),
    'crowdpose': ('crowdpose/annotations/mmpose_crowdpose_test', 'images/'),
    'mpii': ('mpii/annotations/mpii_val', 'images/'),
}


@pytest.mark.parametrize('host', TOTALS)
def test_parameter_totals(host):
    names = (f'{host}_{preset}_coco' for preset in ('rmpg', 'rmpg-paper'))
    assert tuple(count(load(name).model) for name in names) == TOTALS[host]


@pytest.mark.parametrize('name', MATRIX)
def test_neck_is_the_preset_for_the_head(name):
    neck = load(name).model.neck
    assert neck.pop('type') == 'mmkbdm.RMPG'
    assert neck.pop('in_channels') == load(name).model.head.in_channels
    host, preset = re.match(r'(.*)_(rmpg[^_]*)_', name).groups()
    needs = dict()
    if 'simplebaseline' in host or 'rtmpose' in host:
        needs = dict(mid_channels=256)
    elif 'hourglass' in host or 'hrnet' in host:
        needs = dict(kv_pool=4)
    assert unscoped(neck) == {**needs, **PRESET_ARGUMENTS[preset]}


@pytest.mark.parametrize('host', HOSTS)
@pytest.mark.parametrize('data', DATA)
def test_data_and_metric(host, data):
    cfg = load(f'{host}_rmpg_{data}')
    info = metainfo(cfg)
    assert info['dataset_name'] == data
    assert cfg.model.head.out_channels == info['num_keypoints']
    ann_file, images = FILES[data]
    assert unscoped(cfg.test_dataloader) == unscoped(cfg.val_dataloader)
    assert unscoped(cfg.test_evaluator) == unscoped(cfg.val_evaluator)
    train, val = cfg.train_dataloader.dataset, cfg.val_dataloader.dataset
    assert train.type == val.type
    assert train.data_root == val.data_root == f'data/{data}/'
    assert f'{val.data_root}{val.ann_file}' == f'data/{ann_file}.json'
    assert val.data_prefix == dict(img=images)
    assert 'train' in train.ann_file and 'bbox_file' not in train
    best = cfg.default_hooks.checkpoint
    assert best.type == 'mmkbdm.SafeCheckpointHook'
    assert best.rule == 'greater'
    metric = unscoped(cfg.val_evaluator)
    if data == 'mpii':
        assert metric == dict(type='MpiiPCKAccuracy')
        assert best.save_best == 'PCK'
        assert not val.get('bbox_file')
        headbox_file = os.path.normpath(val.headbox_file)
        assert headbox_file == 'data/mpii/annotations/mpii_gt_val.mat'
        return
    assert best.save_best == f'{data}/AP'
    assert metric.pop('ann_file') == f'data/{ann_file}.json'
    special = dict(
        use_area=False, iou_type='keypoints_crowd', prefix='crowdpose'
    )
    expected = special if data == 'crowdpose' else dict()
    assert metric == dict(type='CocoMetric', **expected)
    if data == 'crowdpose':
        assert val.bbox_file == (
            'data/crowdpose/annotations/det_for_crowd_test_0.1_0.5.json'
        )


@pytest.mark.parametrize('name', MATRIX)
def test_pipelines_are_made_for_the_input_size(name):
    cfg = load(name)
    codec = unscoped(cfg.codec)
    assert unscoped(cfg.model.head.decoder) == codec
    loaders = (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader)
    for loader in loaders:
        steps = {step.type: step for step in loader.dataset.pipeline}
        crop = steps['TopdownAffine']
        assert tuple(crop.input_size) == tuple(cfg.codec.input_size)
        udp = cfg.codec.type == 'UDPHeatmap'
        assert crop.get('use_udp', False) == udp
        encoder = steps.get('GenerateTarget', dict()).get('encoder', cfg.codec)
        assert unscoped(encoder) == codec
    train = unscoped(cfg.train_dataloader.dataset.pipeline)
    assert unscoped(cfg.train_pipeline) == train
    first = (CONFIGS / f'{name}.py').read_text().splitlines()[0]
    width, height = cfg.codec.input_size
    assert f', {height}x{width}, ' in first


@pytest.mark.parametrize('path', CONFIGS.glob('*.py'), ids=lambda p: p.stem)
def test_configs_are_short(path):
    lines = path.read_text().splitlines()
    assert lines[0].startswith('# ')
    if path.stem != TOY[0]:
        assert len(lines) <= 25


@pytest.mark.parametrize('host', ['hrnet', 'rtmpose', 'vitpose'])
def test_network_is_the_same_for_all_data(host):
    """Also where MMPose lacks the host and it is composed here."""
    for name in HOSTS:
        if name.startswith(host):
            coco, *others = (
                unscoped(load(f'{name}_rmpg_{data}').model) for data in DATA
            )
            for net in (coco, *others):
                for key in DECIDED_BY_DATA:
                    net['head'].pop(key, None)
            assert all(net == coco for net in others)


def test_hourglass_says_that_it_has_unused_parameters():
    """Without it DistributedDataParallel fails in the second iteration."""
    for preset in PRESETS:
        for data in DATA:
            cfg = load(f'hourglass52_{preset}_{data}')
            assert cfg.find_unused_parameters


def test_toy_twins_differ_in_the_neck_only():
    plain, refined = (load(name) for name in TOY)
    assert refined.model.pop('neck').type == 'mmkbdm.RMPG'
    assert plain.pretty_text == refined.pretty_text
