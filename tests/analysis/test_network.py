from types import SimpleNamespace

import pytest
import torch
from tiny_hosts import HOSTS, path_of, tiny

from mmkbdm.analysis.network import (
    build_network,
    check_device,
    check_runs,
    input_size,
    random_images,
)
from mmkbdm.apis.errors import PreflightError

TOY = 'simplebaseline_toy_rmpg_toyhuman'


@pytest.mark.parametrize('name', HOSTS)
def test_answers_what_the_decoder_reads(name):
    cfg = tiny(name)
    network = build_network(cfg, name)
    image = random_images(cfg, name, 2)
    with torch.no_grad():
        out = network(image)
        feats = network.estimator.extract_feat(image)
        expected = network.estimator.head.forward(feats)
    if name.startswith('hourglass'):
        assert isinstance(expected, list) and len(expected) == 2
        expected = expected[-1]
    torch.testing.assert_close(out, expected)
    assert not network.training


def test_never_downloads(monkeypatch):
    def offline(*args, **kwargs):
        raise AssertionError('a download was tried')

    monkeypatch.setattr('torch.hub.urlopen', offline)
    cfg = tiny(TOY)
    cfg.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint='https://a.example/weights.pth'
    )
    build_network(cfg, TOY)


@pytest.mark.parametrize(
    'options, words',
    [
        ({'model.neck.kv_pol': 2}, ['model.neck', 'kv_pol=2', 'kv_pool?']),
        ({'model.backbone.depth': 19}, ['does not build', 'invalid depth 19']),
        ({'model.head.type': 'NoHead'}, ['does not build', 'NoHead']),
        ({'model': None}, ['has no model']),
        (
            {'model': dict(type='PoseDataPreprocessor')},
            ['PoseDataPreprocessor', 'top-down'],
        ),
    ],
    ids=str,
)
def test_what_does_not_build(options, words):
    cfg = tiny(TOY)
    if 'model' in options:
        cfg.model = options['model']
    else:
        cfg.merge_from_dict(options)
    with pytest.raises(PreflightError) as caught:
        build_network(cfg, path_of(TOY))
    for word in (TOY, *words):
        assert word in str(caught.value)
    assert '\n' not in str(caught.value)


def test_what_does_not_run():
    cfg = tiny(TOY)
    cfg.model.head.in_channels = 32
    network = build_network(cfg, TOY)
    with pytest.raises(PreflightError, match=r'does not run .*\(1, 3, 96, '):
        check_runs(network, random_images(cfg, TOY), TOY)


def test_input_size():
    cfg = tiny(TOY)
    assert input_size(cfg, TOY) == (64, 96)
    assert random_images(cfg, TOY, 2).shape == (2, 3, 96, 64)
    cfg.codec = None
    assert input_size(cfg, TOY) == (64, 96)
    del cfg.model.head['decoder']
    with pytest.raises(PreflightError, match='input_size=.width, height'):
        input_size(cfg, TOY)


def test_device_that_is_not_there():
    check_device('cpu')
    missing = 'cuda:77' if torch.cuda.is_available() else 'cuda'
    for device in (missing, 'tpu!'):
        with pytest.raises(PreflightError, match='choose cpu'):
            check_device(device)


def test_the_device_is_the_one_that_is_measured(monkeypatch):
    """torch's clocks and counters ask the current GPU."""
    found = SimpleNamespace(device=torch.device('cuda', 1))
    current = []
    monkeypatch.setattr(torch, 'zeros', lambda *args, device: found)
    monkeypatch.setattr(torch.cuda, 'set_device', current.append)
    check_device('cuda:1')
    assert current == [found.device]
