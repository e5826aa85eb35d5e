import inspect
import logging

import numpy as np
import pytest
import torch
from accelerate import cpu_offload
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    EulerAncestralDiscreteScheduler,
    HeunDiscreteScheduler,
    UniPCMultistepScheduler,
)
from diffusers.callbacks import (
    MultiPipelineCallbacks,
    PipelineCallback,
    SDCFGCutoffCallback,
)
from PIL import Image
from pipeline_calls import person, quiet, run, same
from tiny_generator import (
    batch,
    build,
    config,
    generators,
    masks,
    wake,
)
from tiny_knowledge import kb_dmgen

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.generators.batches import draw_noise
from mmkbdm.pipelines import KBDMGenPipeline
from mmkbdm.visualization.pose_drawing import draw_pose

SETTINGS = [
    dict(),
    dict(guidance_scale=1.0),
    dict(num_inference_steps=3, guidance_scale=3.0, negative_prompt='low'),
    dict(pose_strength=0.5, pose_start=0.5),
    dict(kb_strength=0.0),
    dict(pose_strength=0.0),
]


def made(generator, given=None, **call):
    given = given or batch()
    images = generator.generate(
        given, generators(len(given['prompt'])), **call
    )
    return list(images.permute(0, 2, 3, 1))


@pytest.mark.parametrize('settings', SETTINGS, ids=str)
def test_same_pixels_as_the_generator(generator, pipeline, settings):
    assert same(run(pipeline, **settings), made(generator, **settings))


def test_settings_differ(pipeline):
    seen = []
    for settings in SETTINGS:
        images = run(pipeline, **settings)
        assert not any(same(images, others) for others in seen)
        seen.append(images)


@pytest.mark.parametrize(
    'cfg',
    [
        config(adapter=None),
        config(),
        config(masks=masks(learnable=False), alpha=5),
    ],
    ids=['SD', 'ControlNet', 'Stable-Pose-style'],
)
def test_variants_are_parts_left_out(cfg, tmp_path):
    model = build(cfg)
    wake(model)
    expected = made(model)
    pipeline = KBDMGenPipeline.from_generator(model)
    assert same(run(quiet(pipeline)), expected)
    pipeline.save_pretrained(tmp_path)
    again = KBDMGenPipeline.from_pretrained(tmp_path)
    assert same(run(quiet(again)), expected)
    assert again.knowledge_base is None


def test_round_trip_is_safetensors_only(generator, pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    endings = {p.suffix for p in tmp_path.rglob('*') if p.is_file()}
    assert endings <= {'.json', '.safetensors', '.txt'}
    text = (tmp_path / 'knowledge_base' / 'config.json').read_text()
    assert 'PredictedCode' in text and 'gone.pth' not in text
    torch.manual_seed(9)
    again = quiet(KBDMGenPipeline.from_pretrained(tmp_path))
    for settings in SETTINGS[:3]:
        assert same(run(again, **settings), made(generator, **settings))
    # What it was saved with counts, not the default of 50.
    assert again.config.call['num_inference_steps'] == 2
    weights = tmp_path / 'adapter' / 'diffusion_pytorch_model.safetensors'
    torch.save(again.adapter.state_dict(), weights.with_suffix('.bin'))
    weights.unlink()
    with pytest.raises(OSError, match='safetensors'):
        KBDMGenPipeline.from_pretrained(tmp_path)


def test_codes(pipeline, generator):
    told, empty = pipeline.codes(['sketch, a man running', ''])
    assert told['type']['text'] == 'sketch'
    assert len(told['type']['codes']) == len(told['together']['codes']) == 3
    assert empty['whole']['codes'] == []
    plain = KBDMGenPipeline.from_generator(build(config()))
    assert plain.codes(['a', 'b']) == [{}, {}]


def test_poses_are_drawn_as_for_training(pipeline):
    pose = person()
    drawing = Image.fromarray(draw_pose(pose, 64, 64))
    expected = run(pipeline, image=drawing)
    assert same(run(pipeline, poses=pose), expected)
    assert same(run(pipeline, poses=pose.tolist()), expected)
    assert same(run(pipeline, poses=torch.from_numpy(pose)), expected)
    # All joints are sure without a confidence.
    assert same(run(pipeline, poses=[pose[..., :2]]), expected)
    assert same(run(pipeline, poses=[pose, pose]), expected)
    assert same(run(pipeline, poses=np.stack([pose, pose])), expected)
    two = np.concatenate([pose, person(40)])
    others = run(pipeline, poses=[pose, two])
    assert same(others[:1], expected[:1]) and not same(others, expected)


def test_zero_and_eleven_people(pipeline):
    black = run(pipeline, image=np.zeros((64, 64, 3), np.uint8))
    nobody = np.zeros((0, 17, 3))
    assert same(run(pipeline, poses=[]), black)
    assert same(run(pipeline, poses=[nobody, nobody]), black)
    outside = person() + [500, 0, 0]
    assert same(run(pipeline, poses=outside), black)
    crowd = np.concatenate([person(5 * i) for i in range(11)])
    drawing = draw_pose(crowd, 64, 64)
    assert same(run(pipeline, poses=crowd), run(pipeline, image=drawing))


def test_joints_outside_are_not_drawn(pipeline):
    pose = person()
    pose[0, 15:, 1] = 1e9
    drawing = draw_pose(pose, 64, 64)
    assert drawing.any()
    assert same(run(pipeline, poses=pose), run(pipeline, image=drawing))


@pytest.mark.parametrize('prompt', ['', 'x ' * 5000, '\u8dd1\U0001f600', 'a'])
def test_any_prompt(pipeline, prompt):
    [image] = pipeline(prompt, poses=person()).images
    assert image.size == (64, 64)


def test_sizes(generator, pipeline):
    image = pipeline('a', poses=person(), height=64, width=96).images[0]
    assert image.size == (96, 64)
    given = batch(2, 96, 64)
    images = run(pipeline, image=given['condition'])
    assert same(images, made(generator, given))
    with pytest.raises(PreflightError, match='96x60 .* multiples of 8'):
        pipeline('a', poses=person(), height=60, width=96)
    with pytest.raises(PreflightError, match='0x64 pixels is none'):
        pipeline('a', poses=person(), height=64, width=0)
    with pytest.raises(PreflightError, match='draw the poses at that size'):
        run(pipeline, height=96)


def test_several_images_of_a_prompt(pipeline):
    given = batch(2)
    images = run(pipeline, num_images_per_prompt=2, generator=generators(4))
    assert len(images) == 4
    for i, image in enumerate(images):
        [alone] = run(
            pipeline,
            prompt=given['prompt'][i // 2],
            image=given['condition'][i // 2],
            generator=generators(4)[i],
        )
        assert (alone.int() - image.int()).abs().max() <= 1


def test_negative_prompts_of_each(pipeline):
    one, other = (run(pipeline, negative_prompt=n) for n in ('low', 'red'))
    both = run(pipeline, negative_prompt=['low', 'red'])
    assert same(both, [one[0], other[1]])
    assert not same(one, other)


def test_chance(pipeline):
    torch.manual_seed(3)
    images = run(pipeline, generator=None)
    assert not same(images[:1], images[1:])
    torch.manual_seed(3)
    assert same(run(pipeline, generator=None), images)
    one = torch.Generator().manual_seed(4)
    images = run(pipeline, generator=one)
    one.manual_seed(4)
    assert same(run(pipeline, generator=one), images)
    noise = draw_noise(generators(), (3, 1, 1))
    with pytest.raises(PreflightError, match='latents have the shape'):
        run(pipeline, latents=noise)
    shape = pipeline.base.latent_shape(64, 64)
    noise = torch.stack(
        [torch.randn(shape, generator=g) for g in generators()]
    )
    assert same(run(pipeline, latents=noise, generator=None), run(pipeline))


def test_outputs(pipeline):
    expected = run(pipeline)
    images = np.stack([one.numpy() for one in expected])
    arrays = np.stack(run(pipeline, output_type='np'))
    assert arrays.dtype == np.float32
    np.testing.assert_array_equal((arrays * 255).round(), images)
    tensors = torch.stack(run(pipeline, output_type='pt'))
    np.testing.assert_array_equal(tensors.permute(0, 2, 3, 1), arrays)
    latents = torch.stack(run(pipeline, output_type='latent'))
    decoded = pipeline.base.decode(latents).permute(0, 2, 3, 1)
    assert same(decoded, expected)
    given = batch()
    (answer,) = pipeline(
        given['prompt'],
        given['condition'],
        generator=generators(),
        return_dict=False,
    )
    assert same([torch.from_numpy(np.array(a)) for a in answer], expected)


def test_callback(pipeline):
    seen = []

    def look(pipe, i, timestep, tensors):
        seen.append((i, int(timestep), tensors['latents'].shape))
        assert pipe.num_timesteps == 4 and not pipe.interrupt
        return tensors

    images = run(pipeline, num_inference_steps=4, callback_on_step_end=look)
    assert [i for i, *_ in seen] == [0, 1, 2, 3]
    assert {shape for *_, shape in seen} == {(2, 4, 16, 16)}
    times = [time for _, time, _ in seen]
    assert times == sorted(times, reverse=True)
    assert same(images, run(pipeline, num_inference_steps=4))

    def change(pipe, i, timestep, tensors):
        return dict(latents=tensors['latents'] * 0.5)

    changed = run(pipeline, num_inference_steps=4, callback_on_step_end=change)
    assert not same(images, changed)

    def stop(pipe, i, timestep, tensors):
        seen.append(i)
        pipe._interrupt = i == 1
        return tensors

    seen.clear()
    early = run(pipeline, num_inference_steps=4, callback_on_step_end=stop)
    assert seen == [0, 1]
    assert not same(early, images)
    assert same(run(pipeline, num_inference_steps=4), images)


class CountsSteps(PipelineCallback):
    """A callback of diffusers that wants no tensor."""

    tensor_inputs = []

    def callback_fn(self, pipeline, step_index, timestep, callback_kwargs):
        assert callback_kwargs == {}
        pipeline.seen = step_index
        return callback_kwargs


def test_callbacks_of_diffusers_say_what_they_want(pipeline):
    counts = CountsSteps()
    run(pipeline, num_inference_steps=4, callback_on_step_end=counts)
    assert pipeline.seen == 3
    both = MultiPipelineCallbacks([counts, SDCFGCutoffCallback()])
    for wants_more in (SDCFGCutoffCallback(), both):
        with pytest.raises(PreflightError, match="has 'prompt_embeds'"):
            run(pipeline, callback_on_step_end=wants_more)


def test_callback_has_the_last_word_where_it_stops(pipeline):
    def stop(pipe, i, timestep, tensors):
        pipe._interrupt = True
        return dict(latents=tensors['latents'] * 0)

    [latents, *_] = pipeline(
        batch()['prompt'],
        image=batch()['condition'],
        output_type='latent',
        callback_on_step_end=stop,
    ).images
    assert not latents.any()


@pytest.mark.parametrize(
    'kind',
    [
        DDPMScheduler,
        EulerAncestralDiscreteScheduler,
        HeunDiscreteScheduler,
        UniPCMultistepScheduler,
    ],
)
def test_schedulers_are_exchangeable(generator, kind):
    pipeline = quiet(KBDMGenPipeline.from_generator(generator))
    before = run(pipeline, num_inference_steps=3)
    pipeline.scheduler = kind.from_config(pipeline.scheduler.config)
    images = run(pipeline, num_inference_steps=3)
    assert not same(images, before)
    # Their noise is that of the generators.
    torch.manual_seed(8)
    assert same(run(pipeline, num_inference_steps=3), images)
    assert isinstance(generator.sampler, DDIMScheduler)


def test_progress_bar(pipeline, capsys):
    pipeline.set_progress_bar_config(disable=False)
    run(pipeline, num_inference_steps=3)
    pipeline.set_progress_bar_config(disable=True)
    assert '3/3' in capsys.readouterr().err


def test_half_precision(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    half = KBDMGenPipeline.from_pretrained(
        tmp_path, torch_dtype=torch.bfloat16
    )
    assert half.dtype == torch.bfloat16
    far = [
        (a.float() - b.float()).abs().mean()
        for a, b in zip(run(quiet(half)), run(pipeline))
    ]
    assert 0 < max(far) < 30
    # As it is for diffusers' users.
    assert half.to(torch.float32).dtype == torch.float32
    assert all(not v.requires_grad for v in half.unet.parameters())


def test_files_in_half_precision_load_quietly_as_float32(
    tmp_path, monkeypatch, caplog
):
    half = KBDMGenPipeline.from_generator(build(kb_dmgen()))
    half.to(torch.bfloat16).save_pretrained(tmp_path)
    # That of diffusers tells only its own handlers.
    monkeypatch.setattr(logging.getLogger('diffusers'), 'propagate', True)
    caplog.clear()
    loaded = KBDMGenPipeline.from_pretrained(tmp_path)
    parts = ('vae', 'unet', 'text_encoder', 'adapter', 'knowledge_base')
    assert {loaded.components[name].dtype for name in parts} == {torch.float32}
    assert 'kept in float32' not in caplog.text


def test_offloading_fetches_every_model(generator, tmp_path):
    """The hooks are those of a GPU, on the CPU."""
    pipeline = KBDMGenPipeline.from_generator(generator)
    pipeline.save_pretrained(tmp_path)
    pipeline = quiet(KBDMGenPipeline.from_pretrained(tmp_path))
    expected = run(pipeline)
    pipeline.enable_model_cpu_offload(device='cpu')
    fetched = {}
    names = ('text_encoder', 'knowledge_base', 'adapter', 'unet', 'vae')
    for name in names:
        hook = getattr(pipeline, name)._hf_hook
        watch(hook, name, fetched)
    assert same(run(pipeline), expected)
    assert set(fetched) == set(names)
    # Fresh hooks for the next call, which works as well.
    assert same(run(pipeline), expected)


def watch(hook, name, fetched):
    before = hook.pre_forward

    def pre_forward(module, *args, **kwargs):
        fetched[name] = fetched.get(name, 0) + 1
        return before(module, *args, **kwargs)

    hook.pre_forward = pre_forward


def test_texts_are_encoded_where_the_encoder_is(generator, tmp_path):
    """It is fetched before the UNet."""
    KBDMGenPipeline.from_generator(generator).save_pretrained(tmp_path)
    pipeline = KBDMGenPipeline.from_pretrained(tmp_path)
    pipeline.text_encoder.to('meta')
    assert pipeline.base.encode_text(['a']).device.type == 'meta'
    assert pipeline.base.encode_pooled(['a']).device.type == 'meta'


def test_offloading_layer_by_layer(generator, tmp_path):
    """What enable_sequential_cpu_offload does, on the CPU."""
    KBDMGenPipeline.from_generator(generator).save_pretrained(tmp_path)
    pipeline = quiet(KBDMGenPipeline.from_pretrained(tmp_path))
    expected = run(pipeline)
    for part in ('text_encoder', 'knowledge_base', 'adapter', 'unet', 'vae'):
        cpu_offload(getattr(pipeline, part).requires_grad_(False), 'cpu')
    assert pipeline.text_encoder.device.type == 'meta'
    assert same(run(pipeline), expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_offloading_on_a_gpu(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    offloaded = quiet(KBDMGenPipeline.from_pretrained(tmp_path))
    offloaded.enable_model_cpu_offload()
    whole = quiet(KBDMGenPipeline.from_pretrained(tmp_path)).to('cuda')
    assert same(run(offloaded), run(whole))
    assert offloaded.unet.device.type == 'cpu'


def test_is_a_pipeline_as_diffusers_knows_them(pipeline):
    parameters = inspect.signature(pipeline.__call__).parameters
    assert {
        'prompt',
        'image',
        'generator',
        'height',
        'width',
        'num_images_per_prompt',
        'callback_on_step_end',
    } <= set(parameters)
    assert set(pipeline.components) == {
        'vae',
        'unet',
        'text_encoder',
        'tokenizer',
        'scheduler',
        'adapter',
        'knowledge_base',
    }
