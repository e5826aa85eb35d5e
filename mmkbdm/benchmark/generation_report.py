"""The report of the toy generation experiment (ours)."""

from pathlib import Path

import numpy as np

from .generation_pictures import draw_samples, plot_guidance
from .generation_results import PICTURES, RESULTS
from .generation_tables import (
    differences_table,
    guidance_table,
    knowledge_off_table,
    knowledge_table,
    other_poses_table,
    variants_table,
)
from .runs import ResultFile, RunError

# What is above it is written by hand and stays.
MARK = '<!-- below: python tools/benchmark/generation_toy.py report -->'
HEADER = """Means over training seeds with Student's 95 % interval. Every arm
is sampled at every guidance; for each seed the one that has the best AP on a
third of the poses is chosen, and the scores are those of the other two thirds.
Differences are paired seed by seed, **bold** where their interval excludes
zero over at least three seeds. PCE, FID and KID are better when smaller. FID,
KID and CLIP are of the toy CLIP: they compare these arms with each other, and
with nothing published.
"""


def write_report(folder: Path) -> Path:
    """Write ``generation_toy.md`` and its pictures beside the results.

    Args:
        folder (Path): Holds the results.

    Returns:
        Path: The report.

    Raises:
        RunError: There is no result.
    """
    file = ResultFile(folder / RESULTS)
    if not file.results:
        raise RunError(
            f'{file.path} holds no run: do some by python '
            'tools/benchmark/generation_toy.py run'
        )
    parts = [HEADER]
    for study in sorted({result['study'] for result in file.results}):
        parts += _study(file.of(study), folder, study)
    target = folder / 'generation_toy.md'
    written = target.read_text() if target.exists() else ''
    reading = written.partition(MARK)[0].rstrip()
    reading = reading or '# Variants of KB-DMGen on ToyHuman'
    target.write_text('\n'.join([reading, '', MARK, '', *parts]))
    return target


def _study(results: list[dict], folder: Path, study: str) -> list[str]:
    machines = sorted({result['machine'] for result in results})
    parts = [f'## On {"; ".join(machines)}\n']
    variants = [result for result in results if 'sweep' in result]
    if variants:
        plot = folder / f'generation_toy_{study}.png'
        plot_guidance(variants, plot)
        parts += [
            variants_table(results) + '\n',
            f'![AP against guidance]({plot.name})\n',
            '### Differences\n',
            differences_table(variants) + '\n',
            '### Is the pose used?\n',
            other_poses_table(variants) + '\n',
            '### Knowledge base on and off\n',
            knowledge_off_table(variants) + '\n',
            '### Guidance, on the poses that choose it\n',
        ]
        for score in ('AP', 'FID', 'CLIP'):
            parts.append(guidance_table(variants, score) + '\n')
    if any(result['config'].startswith('kb_stage') for result in results):
        parts += ['### The knowledge base\n', knowledge_table(results) + '\n']
    pictures = folder / PICTURES
    if pictures.exists():
        page = folder / 'generation_toy_samples.jpg'
        with np.load(pictures, allow_pickle=False) as arrays:
            draw_samples(dict(arrays), page)
        seed = min((r['seed'] for r in variants), default=0)
        parts += [
            '### Samples\n',
            f'![Samples]({page.name})\n',
            f'The first testing poses, seed {seed}, chosen guidance.\n',
        ]
    return [*parts, _origin(results)]


def _origin(results: list[dict]) -> str:
    commits = ', '.join(sorted({result['commit'] for result in results}))
    seconds = sum(result['seconds'] for result in results)
    bases = sorted({r['base'] for r in results if 'base' in r})
    settings = [r['setting'] for r in results if 'setting' in r]
    parts = [
        f'{len(results)} runs at commit {commits}, {seconds / 60:.0f} minutes '
        'of processes.'
    ]
    if settings:
        facts = ', '.join(f'{k} {v}' for k, v in settings[0].items())
        parts.append(f'Setting: {facts}; base {", ".join(bases)}.')
    return ' '.join(parts) + '\n'
