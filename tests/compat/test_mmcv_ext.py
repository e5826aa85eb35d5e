import sys

import pytest

from mmkbdm.compat import MissingOperatorError, mmcv_ext


@pytest.fixture(autouse=True)
def no_extension(monkeypatch):
    monkeypatch.delitem(sys.modules, mmcv_ext.NAME, raising=False)
    yield
    sys.modules.pop(mmcv_ext.NAME, None)


def test_off_with_compiled_mmcv(fake_package):
    fake_package('mmcv', **{'_ext.py': 'def nms(): ...'})
    record = mmcv_ext.activate()
    assert not record.active
    assert mmcv_ext.NAME not in sys.modules
    assert 'mmcv' not in sys.modules


def test_off_without_mmcv(monkeypatch):
    monkeypatch.setattr(mmcv_ext, 'find_package', lambda name: None)
    assert not mmcv_ext.activate().active
    assert mmcv_ext.NAME not in sys.modules


def test_on_without_operators(fake_package):
    fake_package('mmcv')
    assert mmcv_ext.activate().active
    module = sys.modules[mmcv_ext.NAME]
    assert mmcv_ext.activate().active
    assert sys.modules[mmcv_ext.NAME] is module
    with pytest.raises(MissingOperatorError, match='deform_conv_forward'):
        module.deform_conv_forward(1, flag=True)
    with pytest.raises(AttributeError):
        module.__file__  # noqa: B018


def test_set_on_imported_package(fake_package):
    fake_package('mmcv')
    import mmcv

    mmcv_ext.activate()
    assert mmcv._ext is sys.modules[mmcv_ext.NAME]


def test_leaves_other_module_alone(fake_package, monkeypatch):
    fake_package('mmcv')
    other = object()
    monkeypatch.setitem(sys.modules, mmcv_ext.NAME, other)
    assert not mmcv_ext.activate().active
    assert sys.modules[mmcv_ext.NAME] is other
