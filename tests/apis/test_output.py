import errno

import pytest

from mmkbdm.apis.errors import PreflightError
from mmkbdm.apis.output import check_writable, write_file
from mmkbdm.engine.atomic_backend import AtomicLocalBackend


def test_a_folder_that_can_be_made_is_not(tmp_path):
    check_writable(tmp_path / 'new' / 'deep')
    check_writable('new')
    assert not list(tmp_path.iterdir())


def test_a_file_is_in_the_way(tmp_path):
    (tmp_path / 'file').write_text('')
    for place in ('file', 'file/out'):
        with pytest.raises(PreflightError, match='cannot be written to'):
            check_writable(tmp_path / place)
        with pytest.raises(PreflightError, match='a cannot be written .'):
            write_file(b'', tmp_path / place / 'a')


def test_disk_is_full(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    write_file(b'before', tmp_path / 'a')
    monkeypatch.setattr(AtomicLocalBackend, 'put', full)
    with pytest.raises(PreflightError, match='a cannot be written .No space'):
        write_file(b'after', tmp_path / 'a')
    assert (tmp_path / 'a').read_bytes() == b'before'
