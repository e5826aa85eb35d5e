import sys

import pytest
import torch

from mmkbdm.compat import torchvision_fake

# Stands for torchvision's _meta_registrations.
REGISTERS = """
import torch
@torch.library.register_fake('mmkbdm_tests::absent')
def meta(x):
    return x
torch.library.register_fake('mmkbdm_tests::absent', meta)
"""


@pytest.fixture
def torchvision(fake_package, monkeypatch):
    """Replace torchvision and say whether its library loads."""

    def create(source, loads):
        files = {'__init__.py': source, '_C.so': '', '_C.pyd': ''}
        fake_package('torchvision', **files)

        def load_library(path):
            if not loads:
                raise OSError('undefined symbol')

        monkeypatch.setattr(torch.ops, 'load_library', load_library)

    return create


def test_import_works_only_with_shim(torchvision):
    original = torch.library.register_fake
    torchvision(REGISTERS, loads=False)
    with pytest.raises(RuntimeError, match='does not exist'):
        import torchvision as _  # noqa: F401
    assert torchvision_fake.activate().active
    assert sys.modules['torchvision'].meta(3) == 3
    assert torch.library.register_fake is original


def test_restored_when_import_fails(torchvision):
    original = torch.library.register_fake
    torchvision('raise KeyError("other")', loads=False)
    with pytest.raises(KeyError, match='other'):
        torchvision_fake.activate()
    assert torch.library.register_fake is original


def test_off_when_library_loads(torchvision):
    torchvision(REGISTERS, loads=True)
    assert not torchvision_fake.activate().active
    assert 'torchvision' not in sys.modules


def test_off_when_imported(monkeypatch):
    monkeypatch.setitem(sys.modules, 'torchvision', object())
    assert not torchvision_fake.activate().active


def test_off_with_old_torch(torchvision, monkeypatch):
    torchvision('', loads=False)
    monkeypatch.delattr(torch.library, 'register_fake')
    assert not torchvision_fake.activate().active


def test_off_without_torchvision(monkeypatch):
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    monkeypatch.setattr(torchvision_fake, 'find_package', lambda name: None)
    assert not torchvision_fake.activate().active


def test_existing_operators_are_registered():
    with torch.library._scoped_library('mmkbdm_tests', 'FRAGMENT') as lib:
        lib.define('present(Tensor x) -> Tensor')
        with torchvision_fake.tolerant_register_fake():

            @torch.library.register_fake('mmkbdm_tests::present', lib=lib)
            def _(x):
                return x.new_empty(7)

        out = torch.ops.mmkbdm_tests.present(torch.empty(2, device='meta'))
        assert out.shape == (7,)
