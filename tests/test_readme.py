"""The README against what it describes."""

import re
from pathlib import Path

from mmkbdm.utils.troubleshooting import to_markdown

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def test_troubleshooting_table_is_that_of_check_env():
    assert to_markdown() in README


def test_versions_are_those_that_are_installed():
    stack = ''.join(
        (ROOT / 'requirements' / name).read_text()
        for name in ('stack.txt', 'stack_mm.txt')
    )
    section = README.split('## Versions')[1].split('## Cost')[0]
    for name, version in re.findall(r'^([\w-]+)==(\S+)$', stack, re.M):
        assert name in section, name
        assert version in section, (name, version)


def test_sections_are_in_order():
    titles = re.findall(r'^## (.+)$', README, re.MULTILINE)
    assert titles == [
        'One line for MMPose users',
        'Two commands',
        'Versions',
        'Cost',
        'Does it help?',
        'Data',
        'Train and test',
        'See what it does',
        'Generate people in given poses',
        'Judge generated people',
        'Troubleshooting',
        'Limits',
        'Citation',
        'Licence',
    ]


def test_named_files_and_targets_exist():
    makefile = (ROOT / 'Makefile').read_text()
    for target in re.findall(r'`?make ([a-z-]+)`', README):
        assert f'\n{target}:' in makefile, target
    paths = re.findall(
        r'((?:tools|configs|requirements|docs)/[\w./-]+\.\w+)', README
    )
    assert len(paths) > 8
    for path in paths:
        assert (ROOT / path).exists(), path


def test_the_one_line_builds(tmp_path):
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    code = README.split('```python\n')[1].split('```')[0]
    config = tmp_path / 'config.py'
    config.write_text(code)
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert type(model.neck).__name__ == 'RMPG'
