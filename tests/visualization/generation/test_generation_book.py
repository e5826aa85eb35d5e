import pytest
from tiny_generator import config, full, masks
from tiny_knowledge import kb_dmgen
from tiny_view import make_job, make_pipeline

from mmkbdm.visualization.generation.book import (
    missing_pages,
    write_generation_pages,
)
from mmkbdm.visualization.generation.view import look_at_generation

FEW = dict(pose_strengths=(0, 1), kb_strengths=(1,))


def write(view, folder, **settings):
    """Return notes and names of pages."""
    lines = list(write_generation_pages(view, folder, **{**FEW, **settings}))
    notes = [line for line in lines if line.startswith('note: ')]
    pages = [line for line in lines if line not in notes]
    assert pages == [
        str(folder / path.name) for path in sorted(folder.iterdir())
    ]
    return notes, [path.name for path in sorted(folder.iterdir())]


def test_some_pages(view, tmp_path):
    notes, names = write(view, tmp_path, wanted=['strengths'])
    assert not notes
    assert names == [
        '00_overview.png',
        '01_strengths.png',
        'contact_sheet.png',
    ]


@pytest.mark.parametrize(
    'cfg, job, missing',
    [
        (
            config(),
            {},
            dict(
                masks='has no pose masks',
                attention='has no pose masks',
                codes='has no knowledge base',
            ),
        ),
        (config(masks=masks()), {}, dict(codes='has no knowledge base')),
        (full(), {}, dict(codes='RawText asks no classifier')),
        (kb_dmgen(), dict(prompt=' '), dict(codes='an empty prompt')),
        (
            kb_dmgen(),
            dict(call=dict(num_inference_steps=2, pose_strength=0.0)),
            dict(attention='in no step that is looked at'),
        ),
    ],
)
def test_what_there_is_no_page_of(tmp_path, cfg, job, missing):
    view = look_at_generation(make_pipeline(cfg), make_job(**job), [0])
    found = missing_pages(view)
    assert list(found) == list(missing)
    for name, reason in missing.items():
        assert reason in found[name]
    # Of masks and attention it is one.
    wanted = list(missing)
    notes, names = write(view, tmp_path, wanted=wanted)
    assert notes == list(dict.fromkeys(found.values()))
    assert names == ['00_overview.png', 'contact_sheet.png']
