"""What installs carry, built offline from a copy of the sources."""

import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (
    'LICENSE',
    'MANIFEST.in',
    'README.md',
    'configs',
    'mmkbdm',
    'model-index.yml',
    'pyproject.toml',
    'requirements',
    'setup.py',
    'tools',
)
MIM = 'mmkbdm/.mim/'


def call(code, cwd, *args, flags=()):
    done = subprocess.run(
        [sys.executable, *flags, '-c', code, *map(str, args)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1] if done.stdout else ''


def build(hook, tree, out):
    """Call a hook of the build backend, as pip does."""
    code = (
        'import sys; from setuptools import build_meta; '
        f'print(build_meta.{hook}(sys.argv[1]))'
    )
    out.mkdir(exist_ok=True)
    return out / call(code, tree, out)


def wheel_files(path):
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


@pytest.fixture(scope='module')
def expected():
    """Every file that ``.mim`` must hold."""
    files = {MIM + 'model-index.yml'}
    for folder in ('configs', 'tools'):
        for path in (ROOT / folder).rglob('*'):
            if path.is_file() and path.suffix != '.pyc':
                files.add(MIM + path.relative_to(ROOT).as_posix())
    # A file of each kind, whatever the repository holds by now.
    return files | {MIM + 'configs/probe.py', MIM + 'tools/probe.sh'}


@pytest.fixture(scope='module')
def tree(tmp_path_factory):
    """Sources as they come out of a fresh clone."""
    tree = tmp_path_factory.mktemp('sources')
    ignore = shutil.ignore_patterns('.mim', '__pycache__', '*.pyc')
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=ignore)
        elif source.exists():
            shutil.copyfile(source, tree / name)
    (tree / 'configs').mkdir(exist_ok=True)
    (tree / 'tools').mkdir(exist_ok=True)
    (tree / 'configs' / 'probe.py').write_text('')
    (tree / 'tools' / 'probe.sh').write_text('')
    # Leftovers that must not be packaged.
    (tree / 'configs' / '__pycache__').mkdir()
    (tree / 'configs' / '__pycache__' / 'probe.pyc').write_text('')
    return tree


@pytest.fixture(scope='module')
def wheel(tree):
    wheel = build('build_wheel', tree, tree / 'out')
    # Later builds must not profit from this one.
    shutil.rmtree(tree / 'build')
    return wheel


@pytest.fixture(scope='module')
def sdist(tree):
    return build('build_sdist', tree, tree / 'out')


def mim_files(names):
    found = [name for name in names if name.startswith(MIM)]
    assert len(found) == len(set(found))
    return {name for name in found if not name.endswith('/')}


def test_wheel(wheel, tree, expected):
    names = wheel_files(wheel)
    assert mim_files(names) == expected
    assert 'mmkbdm/compat/__init__.py' in names
    assert not [name for name in names if name.startswith('tests/')]
    assert not (tree / MIM).exists()


def test_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith('/METADATA'))
        metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata['Name'] == 'mmkbdm'
    assert metadata['Requires-Python'] == '>=3.10'
    required = [
        line
        for line in metadata.get_all('Requires-Dist')
        if 'extra ==' not in line
    ]
    assert any(line.startswith('torch') for line in required)
    assert not [line for line in required if line.startswith('mm')]
    assert set(metadata.get_all('Provides-Extra')) == {
        'all',
        'generation',
        'tests',
    }


def test_sdist_and_wheel_from_it(sdist, tmp_path, expected):
    shutil.unpack_archive(sdist, tmp_path)
    (tree,) = tmp_path.iterdir()
    names = [path.relative_to(tree).as_posix() for path in tree.rglob('*')]
    files = {name for name in names if (tree / name).is_file()}
    assert mim_files(files) == expected
    assert {'setup.py', 'configs/probe.py', 'tools/probe.sh'} <= files
    wheel = build('build_wheel', tree, tmp_path / 'out')
    assert mim_files(wheel_files(wheel)) == expected


def test_editable_install(tree, tmp_path, expected):
    copy = tmp_path / 'sources'
    ignore = shutil.ignore_patterns('out', 'build', '*.egg-info')
    shutil.copytree(tree, copy, ignore=ignore)
    wheel = build('build_editable', copy, tmp_path / 'out')
    site = tmp_path / 'site'
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    found = call(
        'import site, sys; site.addsitedir(sys.argv[1]); '
        'import mmkbdm; print(mmkbdm.__file__)',
        tmp_path,
        site,
        # Without site: the package may be installed in this environment.
        flags=['-S'],
    )
    assert Path(found).parent == copy / 'mmkbdm'
    for name in expected:
        assert (copy / name).is_file(), name
    # An edited config counts at once.
    (copy / 'configs' / 'probe.py').write_text('edited = True')
    probe = copy / MIM / 'configs' / 'probe.py'
    assert probe.read_text() == 'edited = True'

    # A wheel built afterwards holds each file once and leaves the links.
    build('build_editable', copy, tmp_path / 'out')
    wheel = build('build_wheel', copy, tmp_path / 'out')
    assert mim_files(wheel_files(wheel)) == expected
    assert (copy / MIM / 'configs').is_symlink()
    assert (copy / 'configs' / 'probe.py').is_file()
