import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import (
    StableDiffusionAdapterPipeline,
    StableDiffusionImg2ImgPipeline,
    T2IAdapter,
)
from tiny_pipeline import components, write_controlnet, write_plain

from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation import DiffusersGenerator, generate_images
from mmkbdm.registry import MODELS

sys.path.insert(0, str(Path(__file__).parents[1] / 'models' / 'generators'))

import tiny_generator as tiny

CALL = dict(num_inference_steps=2, negative_prompt='low')


@pytest.fixture(scope='module')
def controlnet(tmp_path_factory):
    return str(write_controlnet(tmp_path_factory.mktemp('with_pose')))


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    return str(write_plain(tmp_path_factory.mktemp('without_pose')))


@pytest.fixture(scope='module')
def generator(controlnet):
    cfg = dict(type='mmkbdm.DiffusersGenerator', pretrained=controlnet)
    return MODELS.build(dict(cfg, call=CALL))


def sample(img_id=0, prompt='a man', grey=0, size=(32, 48)):
    condition = torch.full((3, *size), grey, dtype=torch.uint8)
    return dict(img_id=img_id, prompt=prompt, condition=condition)


def differ(one, other):
    return float((np.asarray(one) != np.asarray(other)).mean())


def test_prompt_pose_and_seed_matter(generator):
    [image] = generate_images(generator, [sample()], 0)
    assert image.shape == (32, 48, 3) and image.dtype == np.uint8
    assert image.std() > 5
    [again] = generate_images(generator, [sample()], 0)
    assert differ(image, again) == 0
    for other, seed in (
        (sample(), 1),
        (sample(img_id=1), 0),
        (sample(prompt='tree'), 0),
        (sample(grey=255), 0),
    ):
        [changed] = generate_images(generator, [other], seed)
        assert differ(image, changed) > 0.2


def test_neighbours_in_a_batch_do_not_matter(generator):
    samples = [sample(i, f'number {i}', 50 * i) for i in range(3)]
    together = generate_images(generator, samples, 0)
    for one, image in zip(samples, together):
        [alone] = generate_images(generator, [one], 0)
        # Sums in batches of another size differ in their last bits.
        assert np.abs(alone.astype(int) - image).max() <= 1


def test_pipeline_without_pose(plain):
    generator = DiffusersGenerator(plain, call=CALL)
    [black] = generate_images(generator, [sample(grey=0)], 0)
    [white] = generate_images(generator, [sample(grey=255)], 0)
    assert differ(black, white) == 0
    assert generator.describe()['pose'].startswith('not given')
    # It has one in its file.
    assert generator.pipeline.safety_checker is None


def test_description_tells_weights_apart(generator, controlnet):
    told = generator.describe()
    assert told['pipeline'] == 'StableDiffusionControlNetPipeline'
    assert told['pose'] == 'given as image'
    assert told['call'] == dict(CALL, guidance_scale=7.5)
    assert told['scheduler']['name'] == 'DDIMScheduler'
    other = DiffusersGenerator(controlnet, torch_dtype='bfloat16')
    assert other.describe()['dtype'] == 'bfloat16'
    assert other.describe()['call']['num_inference_steps'] == 50
    assert other.describe()['parameters_sha256'] != told['parameters_sha256']


def test_sizes_that_do_not_fit(generator):
    with pytest.raises(PreflightError, match='36x32 pixels'):
        generate_images(generator, [sample(size=(32, 36))], 0)
    with pytest.raises(ValueError, match='of one batch have sizes'):
        generate_images(generator, [sample(), sample(size=(32, 32))], 0)


def test_larger_patches_of_the_vae(generator, monkeypatch):
    monkeypatch.setattr(generator.pipeline, 'vae_scale_factor', 32)
    with pytest.raises(PreflightError, match='be multiples of 32'):
        generate_images(generator, [sample(size=(32, 40))], 0)


def test_image_to_image_is_refused(tmp_path):
    parts = components(tmp_path / 'tokens')
    StableDiffusionImg2ImgPipeline(**parts).save_pretrained(tmp_path / 'img')
    with pytest.raises(PreflightError, match='Img2ImgPipeline cannot be used'):
        DiffusersGenerator(str(tmp_path / 'img'))


def test_bad_input(controlnet, tmp_path):
    with pytest.raises(PreflightError, match='gone does not exist: give a'):
        DiffusersGenerator(str(tmp_path / 'gone'))
    with pytest.raises(PreflightError, match='is no pipeline of diffusers'):
        DiffusersGenerator(str(tmp_path))
    with pytest.raises(PreflightError, match="takes no 'stepps'"):
        DiffusersGenerator(controlnet, call=dict(stepps=3))
    for key in ('prompt', 'image', 'height'):
        with pytest.raises(PreflightError, match=f'call has {key!r}'):
            DiffusersGenerator(controlnet, call={key: 'a dog'})
    with pytest.raises(PreflightError, match="torch_dtype='half'"):
        DiffusersGenerator(controlnet, torch_dtype='half')


def test_t2i_adapter(tmp_path):
    parts = components(tmp_path / 'tokens')
    adapter = T2IAdapter(
        channels=[8, 16], num_res_blocks=1, downscale_factor=2
    )
    pipeline = StableDiffusionAdapterPipeline(adapter=adapter, **parts)
    pipeline.save_pretrained(tmp_path / 'adapter')
    generator = DiffusersGenerator(str(tmp_path / 'adapter'), call=CALL)
    assert generator.describe()['pose'] == 'given as image'
    black, white = (
        generate_images(generator, [sample(grey=g), sample(1)], 0)
        for g in (0, 255)
    )
    assert differ(black[0], white[0]) > 0
    assert differ(black[1], white[1]) == 0


def test_settings_of_a_batch(generator):
    [usual] = generate_images(generator, [sample()], 0)
    batch = dict(prompt=['a man'], condition=[sample()['condition']])

    def made(**call):
        chance = [torch.Generator().manual_seed(0)]
        return generator.generate(batch, chance, **call)

    assert differ(made(), made(guidance_scale=1.0)) > 0.1
    assert differ(made(), made(num_inference_steps=2)) == 0
    with pytest.raises(PreflightError, match="takes no 'stepps'"):
        made(stepps=3)
    [again] = generate_images(generator, [sample()], 0)
    assert differ(usual, again) == 0


@pytest.mark.parametrize('cfg', [tiny.full(), tiny.config(adapter=None)])
def test_pipelines_of_ours(cfg, tmp_path):
    from mmkbdm.pipelines import KBDMGenPipeline

    model = tiny.build(dict(cfg, call=dict(num_inference_steps=3)))
    tiny.wake(model, scale=0.5)
    KBDMGenPipeline.from_generator(model).save_pretrained(tmp_path)
    samples = [sample(i, f'number {i}', 99 * i) for i in range(2)]
    expected = generate_images(model, samples, 4)
    generator = DiffusersGenerator(str(tmp_path))
    for image, other in zip(
        generate_images(generator, samples, 4), expected, strict=True
    ):
        assert differ(image, other) == 0
    told = generator.describe()
    assert told['pipeline'] == 'KBDMGenPipeline'
    # Its own steps and guidance, not those of the field.
    assert told['call']['num_inference_steps'] == 3
    assert told['pose'].startswith('given' if model.adapter else 'not given')
    with pytest.raises(PreflightError, match='36x32 .* multiples of 8'):
        generate_images(generator, [sample(size=(32, 36))], 0)


def test_the_toy_base_that_is_missing_is_named_with_its_command(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PreflightError, match='^weights/toy_base does not ex'):
        DiffusersGenerator('weights/toy_base')
