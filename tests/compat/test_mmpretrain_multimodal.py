import sys

import pytest

from mmkbdm.compat import mmpretrain_multimodal as shim

OLD = """
from .generation import GenerationConfig, GenerationMixin
from .configuration_utils import PretrainedConfig
from .pytorch_utils import (
    apply_chunking_to_forward,
    find_pruneable_heads_and_indices,
    prune_linear_layer,
)
class PreTrainedModel: ...
"""
# A mention in a comment or a string does not bring the name back.
NEW = OLD.replace(
    '    apply_chunking_to_forward,', '# apply_chunking_to_forward'
)


@pytest.fixture
def packages(fake_package, monkeypatch):
    """Replace the three packages; importing mmpretrain itself is an error."""

    def create(modeling_utils, **mmpretrain):
        fake_package('pycocotools')
        fake_package('transformers', **{'modeling_utils.py': modeling_utils})
        files = {
            '__init__.py': 'raise RuntimeError("imported")',
            'utils/dependency.py': 'WITH_MULTIMODAL = True',
        }
        fake_package('mmpretrain', **{**files, **mmpretrain})

    return create


def test_off_with_old_transformers(packages):
    packages(OLD)
    assert not shim.activate().active
    assert shim.NAME not in sys.modules


def test_on_with_new_transformers(packages):
    packages(NEW)
    record = shim.activate()
    assert record.active
    assert record.reason == 'transformers lacks apply_chunking_to_forward'
    assert sys.modules[shim.NAME].WITH_MULTIMODAL is False
    assert 'mmpretrain' not in sys.modules
    assert shim.activate().active


def test_package_reads_the_switch(packages):
    packages(
        NEW,
        **{
            '__init__.py': '',
            'utils/__init__.py': 'from .dependency import WITH_MULTIMODAL',
        },
    )
    shim.activate()
    import mmpretrain.utils

    assert mmpretrain.utils.WITH_MULTIMODAL is False


def test_module_that_is_loaded_already(packages):
    packages(NEW, **{'__init__.py': '', 'utils/__init__.py': ''})
    import mmpretrain.utils.dependency as dependency

    assert shim.activate().active
    assert dependency.WITH_MULTIMODAL is False


def test_off_when_models_are_imported(packages, monkeypatch):
    packages(NEW)
    monkeypatch.setitem(sys.modules, 'mmpretrain.models', object())
    assert not shim.activate().active
    assert shim.NAME not in sys.modules


@pytest.mark.parametrize(
    'absent', ['mmpretrain', 'pycocotools', 'transformers']
)
def test_off_when_package_is_absent(packages, monkeypatch, absent):
    packages(NEW)
    find = shim.find_package
    monkeypatch.setattr(
        shim,
        'find_package',
        lambda name: None if name == absent else find(name),
    )
    record = shim.activate()
    assert not record.active
    assert record.reason == f'{absent} is not installed'
