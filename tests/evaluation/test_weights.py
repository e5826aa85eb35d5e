"""Weights are found, fetched and recognised."""

import hashlib

import pytest
import torch

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.weights import local_weights, sha256

CONTENT = b'weights'
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    return tmp_path / 'hub' / 'checkpoints'


def test_download_is_compared_with_the_digest_in_its_name(tmp_path, hub):
    name = f'net-{DIGEST[:8]}_20230611.pth'
    (tmp_path / name).write_bytes(CONTENT)
    path = local_weights((tmp_path / name).as_uri())
    assert path == hub / name
    assert sha256(path) == DIGEST
    # The second time it comes from there.
    (tmp_path / name).unlink()
    assert local_weights((tmp_path / name).as_uri()) == path


def test_damaged_download_is_refused(tmp_path, hub):
    name = f'net-{DIGEST[:8]}.pth'
    (tmp_path / name).write_bytes(b'other')
    with pytest.raises(PreflightError, match='invalid hash'):
        local_weights((tmp_path / name).as_uri())
    assert not (hub / name).exists()


def test_failed_download_says_where_to_put_the_file(tmp_path, hub):
    with pytest.raises(PreflightError) as error:
        local_weights((tmp_path / 'gone.pth').as_uri())
    assert str(hub / 'gone.pth') in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(PreflightError, match='does not exist.*or wait'):
        local_weights(str(tmp_path / 'gone.pth'), advice='wait')
