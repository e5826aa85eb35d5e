"""Packaging; the standard library and setuptools only.

OpenMIM and MMEngine look for configs in ``mmkbdm/.mim`` beside the code. A
wheel and an sdist carry copies; an editable install gets links, so that an
edited config counts at once.
"""

import os
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.develop import develop
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
MIM = Path('mmkbdm', '.mim')
MIM_CONTENT = ('configs', 'tools', 'model-index.yml')


def remove(path):
    """Remove a file, a link or a folder, whichever is there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def copy(source, target):
    """Copy a file or a folder without what Python leaves in it."""
    if source.is_dir():
        ignore = shutil.ignore_patterns('__pycache__', '*.py[cod]')
        shutil.copytree(source, target, ignore=ignore)
    else:
        shutil.copyfile(source, target)


def copy_mim(folder):
    """Put copies of :data:`MIM_CONTENT` under a folder being built."""
    mim = Path(folder) / MIM
    # A link to the source tree would make the next line remove the sources.
    remove(mim)
    mim.mkdir(parents=True)
    for name in MIM_CONTENT:
        copy(ROOT / name, mim / name)


def link_mim():
    """Put links to :data:`MIM_CONTENT` into the source tree."""
    mim = ROOT / MIM
    remove(mim)
    mim.mkdir()
    for name in MIM_CONTENT:
        try:
            # Relative, so that the tree can be moved.
            (mim / name).symlink_to(
                os.path.join('..', '..', name), (ROOT / name).is_dir()
            )
        except OSError:
            # Windows asks for a privilege to create links.
            copy(ROOT / name, mim / name)


class BuildWithMim(build_py):
    """``pip install .``, wheels, and ``pip install -e .``."""

    def run(self):
        super().run()
        if self.editable_mode:
            link_mim()
        else:
            copy_mim(self.build_lib)


class DevelopWithMim(develop):
    """``python setup.py develop``."""

    def run(self):
        link_mim()
        super().run()


class SdistWithMim(sdist):
    """``python -m build --sdist``."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        copy_mim(base_dir)


def version():
    """Read the version without importing the package."""
    text = (ROOT / 'mmkbdm' / 'version.py').read_text(encoding='utf-8')
    return re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE).group(1)


def requirements(name):
    """Read a file of requirements/ without its comments."""
    text = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8')
    lines = (line.partition('#')[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def readme():
    """Read the description that the package index shows."""
    path = ROOT / 'README.md'
    return path.read_text(encoding='utf-8') if path.exists() else ''


EXTRAS = {
    'generation': requirements('generation'),
    'tests': requirements('tests'),
}

setup(
    name='mmkbdm',
    version=version(),
    description='RMPG and KB-DMGen as an extension of MMEngine and MMPose',
    long_description=readme(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    classifiers=[
        'License :: OSI Approved :: Apache Software License',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    python_requires='>=3.10',
    # No mm* package: pip would build mmcv and chumpy. See requirements/.
    install_requires=requirements('runtime'),
    extras_require={**EXTRAS, 'all': sorted(set().union(*EXTRAS.values()))},
    packages=find_packages(include=['mmkbdm', 'mmkbdm.*']),
    include_package_data=False,
    cmdclass={
        'build_py': BuildWithMim,
        'develop': DevelopWithMim,
        'sdist': SdistWithMim,
    },
    zip_safe=False,
)
