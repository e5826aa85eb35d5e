"""The commands of the documentation, parsed by the tools they call."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = (
    'README.md',
    'demo/README.md',
    'docs/evaluation.md',
    'docs/generation.md',
    'docs/benchmarks/batched.md',
    'docs/benchmarks/cost.md',
    'docs/benchmarks/generation_cost.md',
    'docs/benchmarks/generation_toy.md',
    'docs/benchmarks/rmpg_toy.md',
    'configs/judges/README.md',
    'configs/kb_dmgen/README.md',
    'configs/rmpg/README.md',
)
# Of a shell script: the tool, and which of its words are that tool's.
SCRIPTS = {
    'tools/dist_train.sh': ('train', lambda words: [words[0], *words[2:]]),
    'tools/dist_test.sh': ('test', lambda words: [*words[:2], *words[3:]]),
    'tools/dist_generate.sh': ('generate_and_eval', lambda words: words[1:]),
    'tools/slurm_train.sh': ('train', lambda words: [words[2], *words[4:]]),
}
TOY = ROOT / 'weights' / 'toy_kbdmgen.safetensors'


def blocks(page, language):
    text = (ROOT / page).read_text(encoding='utf-8')
    return re.findall(rf'```{language}\n(.*?)```', text, re.DOTALL)


def commands(page):
    """Return tool and words of every call of a tool in a page."""
    lines = '\n'.join(blocks(page, 'bash')).replace('\\\n', ' ').splitlines()
    for line in lines:
        words = shlex.split(line, comments=True)
        if words[:1] in (['python'], ['python3']):
            words = words[1:]
        if not words or not words[0].startswith(('tools/', 'benchmarks/')):
            continue
        tool, *words = words
        if tool in SCRIPTS:
            name, of_tool = SCRIPTS[tool]
            tool, words = f'tools/{name}.py', of_tool(words)
        yield tool, words


@cache
def module_of(tool):
    spec = importlib.util.spec_from_file_location('tool', ROOT / tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('page', PAGES)
def test_tools_take_the_words_and_files_are_there(page, monkeypatch):
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.setattr(os, 'environ', dict(os.environ))
    for tool, words in commands(page):
        monkeypatch.setattr(sys, 'argv', [tool, *words])
        try:
            module_of(tool).parse_args()
        except SystemExit:
            pytest.fail(f'{page}: {tool} {shlex.join(words)}')
        for word in words:
            if re.fullmatch(r'(configs|demo)/\S+\.\w+', word):
                assert (ROOT / word).is_file(), (page, word)


def test_links_lead_somewhere():
    for page in PAGES:
        text = (ROOT / page).read_text(encoding='utf-8')
        text = re.sub(r'<!--.*?-->', '', text, flags=re.DOTALL)
        for link in re.findall(r'\]\(([^)\s]+)\)', text):
            if '://' in link:
                continue
            path, _, place = link.partition('#')
            target = (ROOT / page).parent / path if path else ROOT / page
            assert target.exists(), (page, link)
            if place:
                titles = re.findall(
                    r'^#+ (.+)$', target.read_text(), re.MULTILINE
                )
                assert place in map(anchor, titles), (page, link)


def anchor(title):
    """What GitHub calls a heading."""
    return re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')


@pytest.mark.slow
@pytest.mark.skipif(not TOY.is_file(), reason='not trained yet')
@pytest.mark.parametrize('page', ['README.md', 'docs/generation.md'])
def test_the_pipeline_of_the_page(page, tmp_path):
    """The export, then the lines of Python, as they stand there."""
    for name in ('configs', 'demo', 'weights', 'tools'):
        (tmp_path / name).symlink_to(ROOT / name)
    [export] = [c for c in commands(page) if 'export_pipeline' in c[0]]
    [code] = [c for c in blocks(page, 'python') if 'KBDMGenPipeline' in c]
    for call in ([export[0], *export[1]], ['-c', code]):
        done = subprocess.run(
            [sys.executable, *call],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    assert list(tmp_path.glob('*.png'))
