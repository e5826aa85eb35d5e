import cv2
import numpy as np
import pytest
import torch
from tiny_generator import config, masks
from tiny_knowledge import kb_dmgen
from tiny_view import make_job, make_pipeline

from mmkbdm.visualization.generation.attention import (
    attention_page,
    shares_page,
)
from mmkbdm.visualization.generation.codes import codes_page
from mmkbdm.visualization.generation.masked_rows import masked_rows
from mmkbdm.visualization.generation.masks import delta_page, masks_page
from mmkbdm.visualization.generation.overview import overview_page
from mmkbdm.visualization.generation.questions import questions
from mmkbdm.visualization.generation.strengths import strengths_page
from mmkbdm.visualization.generation.view import (
    look_at_generation,
    make_image,
)


def is_picture(page, tmp_path):
    picture = cv2.imread(str(page.save(tmp_path / 'page.png')))
    # Something is drawn, and paper is left.
    return 0.02 < (picture < 250).mean() < 0.95


def titles(page):
    return [ax.get_title() for ax in page.panels.flat]


def test_overview(view, texts, tmp_path):
    page = overview_page(view, ['Masks: black and white.'])
    assert titles(page) == [
        'the poses',
        'step 0, t = 667',
        'step 2, t = 1',
        'the image',
    ]
    shown = ' '.join(texts(page))
    assert 'oil_painting, a man running' in shown and 'seed 5' in shown
    assert 'black and white' in shown
    np.testing.assert_array_equal(
        page.panels[0, 3].images[0].get_array(), view.image
    )
    assert is_picture(page, tmp_path)


def test_masks_are_those_of_the_model(view, tmp_path):
    """The weights that the layers were given, averaged over the heads."""
    page = masks_page(view)
    assert page.panels.shape == (2, 3)
    for column, look in enumerate(view.looks, 1):
        for block, attended in enumerate(look.layers):
            expected = attended.channels[1].mean(0).view(8, 8)
            heat = page.panels[block, column].images[0].get_array()
            np.testing.assert_allclose(heat, expected, atol=1e-6)
    title = page.panels[1, 2].get_title()
    assert title.startswith('block 1, step 2, t = 1\nradius ')
    assert is_picture(page, tmp_path)


def test_radius_and_strength_are_those_of_the_model(view, texts, tmp_path):
    page = delta_page(view)
    mask = view.pipeline.adapter.dynamic_mask
    values = mask(torch.tensor([1.0, 0.0]), 64)
    for panels, value, start in zip(
        page.panels, values, (mask.radii / 8, mask.strengths)
    ):
        for block, ax in enumerate(panels):
            curves, dashed = ax.lines[:2], ax.lines[2]
            for head, line in enumerate(curves):
                x, y = line.get_data()
                assert (x[0], x[-1]) == (999, 0)
                np.testing.assert_allclose(
                    (y[0], y[-1]), value[:, block, head].tolist(), rtol=1e-5
                )
            assert dashed.get_ydata()[0] == pytest.approx(float(start[block]))
            assert ax.get_ylim()[0] == 0 and ax.get_xlim() == (999, 0)
    shown = ' '.join(texts(page))
    assert 'both have been learned' in shown and '2 heads' in shown
    assert is_picture(page, tmp_path)


def test_static_masks_are_said_to_be(texts):
    static = make_pipeline(config(masks=masks(learnable=False)))
    view = look_at_generation(static, make_job(), [0])
    page = delta_page(view)
    assert 'the masks are static' in ' '.join(texts(page))
    line, dashed = page.panels[0, 0].lines[1:3]
    np.testing.assert_allclose(line.get_ydata(), dashed.get_ydata()[0])


def test_attention_over_the_image(view, texts, tmp_path):
    asked = questions(view, ['nose'])
    page = attention_page(view, 1, asked)
    assert page.panels.shape == (2, 3)
    on_pose = view.token_distance.flatten() == 0
    for row, question in enumerate(asked):
        for column, look in enumerate(view.looks, 1):
            attended = look.layers[1]
            [heads] = masked_rows(*attended, [question.token])
            heat = heads.mean(0).numpy()
            ax = page.panels[row, column]
            np.testing.assert_allclose(
                ax.images[-1].get_array(),
                64 * heat.reshape(8, 8),
                atol=1e-5,
            )
            share = f'{heat[on_pose].sum():.0%} to the pose'
            assert ax.get_title().endswith(share)
    assert titles(page)[0] == 'from: nose'
    assert titles(page)[3] == 'from: background'
    assert f'{on_pose.mean():.0%} of all' in ' '.join(texts(page))
    assert is_picture(page, tmp_path)


def test_attention_to_the_pose_over_time(view, tmp_path):
    page = shares_page(view)
    for block, ax in enumerate(page.panels[0]):
        lines = {line.get_label(): line for line in ax.lines}
        for name, key, masked in (
            ('from pose', 'pose', 'paid'),
            ('from background', 'background', 'paid'),
            ('from pose, without the mask', 'pose', 'paid_unmasked'),
        ):
            x, y = lines[name].get_data()
            assert list(x) == [step.timestep for step in view.steps]
            expected = [
                getattr(getattr(step, masked)[block], key)
                for step in view.steps
            ]
            assert list(y) == expected
    assert is_picture(page, tmp_path)


def test_a_wide_image_of_nobody(pipeline, tmp_path):
    job = make_job(width=128, poses=np.zeros((0, 17, 3), np.float32))
    view = look_at_generation(pipeline, job, [1])
    asked = questions(view)
    assert [one.name for one in asked] == ['background']
    for page in (
        overview_page(view, []),
        masks_page(view),
        attention_page(view, 0, asked),
        shares_page(view),
    ):
        assert is_picture(page, tmp_path)


def test_strengths(pipeline, view, texts, tmp_path):
    page = strengths_page(view, (0, 2), (0, 1.5))
    assert titles(page) == [
        'the poses',
        'poses 0, knowledge 0',
        'poses 2, knowledge 0',
        '',
        'poses 0, knowledge 1.5',
        'poses 2, knowledge 1.5',
    ]

    def shown(row, column):
        return page.panels[row, column].images[0].get_array()

    for column, pose in ((1, 0), (2, 2)):
        for row, knowledge in ((0, 0), (1, 1.5)):
            strengths = dict(pose_strength=pose, kb_strength=knowledge)
            image = make_image(pipeline, view.job, **strengths)
            np.testing.assert_array_equal(shown(row, column), image)
    np.testing.assert_array_equal(shown(0, 1), shown(1, 1))
    assert (shown(0, 2) != shown(1, 2)).any()
    assert (shown(0, 1) != shown(0, 2)).any()
    assert is_picture(page, tmp_path)


def test_strengths_without_knowledge_base(texts, tmp_path):
    plain = make_pipeline(config())
    view = look_at_generation(plain, make_job(), [0])
    page = strengths_page(view, (0, 1), (0, 1))
    assert titles(page) == ['the poses', 'poses 0', 'poses 1']
    assert 'has no knowledge base' in ' '.join(texts(page))


@pytest.mark.parametrize(
    'prompt, said',
    [
        ('sketch, $x_ is \\frac{ a $', '"sketch, $x_ is \\frac{ a $"'),
        ('a\nb ' + 5000 * 'o ', '"a b o o'),
        ('sketch, ' + 9000 * 'o', '"sketch, oo'),
    ],
)
def test_any_prompt(pipeline, texts, tmp_path, prompt, said):
    view = look_at_generation(pipeline, make_job(prompt=prompt), [0])
    for page in (overview_page(view, []), codes_page(view)):
        assert said in ' '.join(texts(page))
        assert page.figure.get_figheight() < 9
        assert is_picture(page, tmp_path)


def test_half_precision(tmp_path):
    half = make_pipeline(kb_dmgen(), scale=0.1).to(torch.bfloat16)
    view = look_at_generation(half, make_job(), [0, 2])
    for page in (
        masks_page(view),
        delta_page(view),
        attention_page(view, 0, questions(view)),
    ):
        assert is_picture(page, tmp_path)
