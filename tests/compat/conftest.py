import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='session')
def run_python():
    """Run code in a fresh interpreter, where nothing is imported yet."""

    def run(code, *args):
        env = dict(os.environ)
        env['PYTHONPATH'] = os.pathsep.join(
            [str(ROOT), str(Path(__file__).parent), env.get('PYTHONPATH', '')]
        )
        return subprocess.run(
            [sys.executable, '-c', code, *map(str, args)],
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


@pytest.fixture
def fake_package(tmp_path, monkeypatch):
    """Put a package of a few source files in front of the real one."""
    monkeypatch.syspath_prepend(tmp_path)

    def create(name, **files):
        for module in list(sys.modules):
            if module == name or module.startswith(f'{name}.'):
                monkeypatch.delitem(sys.modules, module)
        package = tmp_path / name
        package.mkdir()
        files.setdefault('__init__.py', '')
        for file, text in files.items():
            path = package / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return package

    yield create
    # What a shim imported from a fake must not outlive it.
    for module, loaded in list(sys.modules.items()):
        origin = getattr(loaded, '__file__', None) or ''
        if origin.startswith(str(tmp_path)):
            del sys.modules[module]
