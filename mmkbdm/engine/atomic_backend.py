"""A storage backend whose files are either whole or not there (ours)."""

import os
import tempfile
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend


@register_backend('atomic')
class AtomicLocalBackend(LocalBackend):
    """Local files, written beside their place and then moved there.

    A process killed while it writes, or a full disk, leaves the previous
    file as it was. Chosen by ``backend_args=dict(backend='atomic')``.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes to ``filepath``, creating its folder.

        Raises:
            OSError: When the bytes cannot be written; what stood at
                ``filepath`` before still does.
        """
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(
            prefix=f'.{path.name}.', suffix='.tmp', dir=path.parent
        )
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def put_text(
        self, obj: str, filepath: str | Path, encoding: str = 'utf-8'
    ) -> None:
        """Write text to ``filepath`` like :meth:`put`."""
        self.put(obj.encode(encoding), filepath)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
