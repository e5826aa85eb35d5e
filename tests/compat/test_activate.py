"""The shims together, in the environment that the tests run in."""

import json
import logging

import pytest

from mmkbdm import compat
from mmkbdm.compat import mmcv_ext, mmpretrain_multimodal, torchvision_fake

WITHOUT = """
import importlib, json
from mmkbdm.compat import mmcv_ext, torchvision_fake
errors = {}
def attempt(name):
    try:
        importlib.import_module(name)
    except Exception as error:
        errors[name] = f'{type(error).__name__}: {error}'
attempt('torchvision')
attempt('mmcv.ops')
mmcv_ext.activate()
torchvision_fake.activate()
attempt('mmpretrain.models')
print(json.dumps(errors))
"""

WITH = """
import json, sys, time
import torch
register_fake = torch.library.register_fake
from mmkbdm import compat
records = compat.activate()
light = not [name for name in ('mmcv', 'mmpretrain', 'mmdet', 'transformers')
             if name in sys.modules]
again = compat.activate() is records

import mmpose.models, mmdet.models
import mmpretrain.utils.dependency as dependency
from mmcv.ops import RoIAlign, batched_nms, nms
from mmcv.utils.env import collect_env
from mmcv.utils.ext_loader import check_ops_exist
from mmpretrain.models import VisionTransformer
from torchvision import transforms

vit = VisionTransformer(
    arch=dict(embed_dims=16, num_layers=1, num_heads=2,
              feedforward_channels=16),
    img_size=32, patch_size=16, out_type='featmap', with_cls_token=False)
boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30.]])
scores = torch.tensor([0.5, 0.9, 0.7])
dets, kept = nms(boxes, scores, iou_threshold=0.5)
try:
    RoIAlign(2)(torch.zeros(1, 1, 4, 4), torch.zeros(1, 5))
    message = None
except Exception as error:
    message = f'{type(error).__name__}: {error}'
print(json.dumps(dict(
    active={record.name: record.active for record in records},
    light=light,
    again=again,
    same_register_fake=torch.library.register_fake is register_fake,
    multimodal=dependency.WITH_MULTIMODAL,
    features=list(vit(torch.zeros(1, 3, 32, 32))[0].shape),
    resized=transforms.Resize(4)(torch.zeros(3, 8, 8)).shape[-1],
    kept=kept.tolist(),
    batched=batched_nms(boxes, scores, torch.tensor([0, 1, 0]),
                        dict(type='nms', iou_threshold=0.5))[1].tolist(),
    operator=message,
    ops_exist=check_ops_exist(),
    compiler=collect_env()['MMCV Compiler'])))
"""


def _last_json(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope='module')
def errors(run_python):
    return _last_json(run_python(WITHOUT))


@pytest.fixture(scope='module')
def result(run_python):
    return _last_json(run_python(WITH))


needs_mmcv = pytest.mark.skipif(
    not mmcv_ext.needed()[0], reason='mmcv is healthy here'
)
needs_torchvision = pytest.mark.skipif(
    not torchvision_fake.needed()[0], reason='torchvision is healthy here'
)
needs_mmpretrain = pytest.mark.skipif(
    not mmpretrain_multimodal.needed()[0], reason='mmpretrain is healthy here'
)


@needs_torchvision
def test_torchvision_breaks_without(errors):
    assert 'operator torchvision::nms does not exist' in errors['torchvision']


@needs_mmcv
def test_mmcv_breaks_without(errors):
    assert "No module named 'mmcv._ext'" in errors['mmcv.ops']


@needs_mmpretrain
def test_mmpretrain_breaks_without(errors):
    assert errors['mmpretrain.models'].startswith(('TypeError', 'ImportError'))


def test_frameworks_import_and_work(result):
    assert result['same_register_fake']
    assert result['features'] == [1, 16, 2, 2]
    assert result['resized'] == 4
    assert result['kept'] == [1, 2]
    assert result['batched'] == [1, 2, 0]


def test_activate_is_light_and_idempotent(result):
    assert result['light'], 'activate() imported a framework'
    assert result['again']
    assert list(result['active']) == [
        'mmcv._ext',
        'torchvision',
        'mmpretrain.utils.dependency',
        'torch.load',
    ]


@needs_mmcv
def test_missing_operator_is_named(result):
    assert result['operator'].startswith('MissingOperatorError')
    assert "'roi_align_forward'" in result['operator']
    assert 'mim install "mmcv>=2.0.0,<2.2.0"' in result['operator']
    assert not result['ops_exist']
    assert result['compiler'] == 'n/a'


@needs_mmpretrain
def test_multimodal_is_off(result):
    assert result['multimodal'] is False


def test_one_debug_line_per_shim(monkeypatch, caplog):
    class Quiet:
        @staticmethod
        def activate():
            return compat.Shim('thing', False, 'it is healthy')

    monkeypatch.setattr(compat, '_SHIMS', (Quiet, Quiet))
    monkeypatch.setattr(compat, '_records', None)
    with caplog.at_level(logging.DEBUG, logger='mmkbdm'):
        records = compat.activate()
    assert records == (Quiet.activate(), Quiet.activate())
    assert [entry.getMessage() for entry in caplog.records] == [
        'compat thing: off (it is healthy)'
    ] * 2
    assert {entry.levelno for entry in caplog.records} == {logging.DEBUG}
