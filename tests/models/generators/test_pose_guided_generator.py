"""A frozen Stable Diffusion that is told the pose."""

import copy
import json

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from mmengine.optim import OptimWrapper
from mmengine.runner.checkpoint import get_state_dict, load_state_dict
from tiny_generator import (
    BLOCK,
    KNOWLEDGE,
    TEXT,
    TOKENIZER,
    UNET,
    VAE,
    batch,
    build,
    config,
    full,
    generators,
    masks,
    wake,
)
from transformers import CLIPConfig, CLIPModel

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError
from mmkbdm.evaluation.metrics import CLIPFeatures
from mmkbdm.models.generators.parts import build_part
from mmkbdm.models.generators.sampling import Sampling


def frozen_of(model):
    parts = model.base.vae, model.base.unet, model.base.text_encoder
    return [v.clone() for p in parts for v in p.state_dict().values()]


def equal(ones, others):
    return all(torch.equal(a, b) for a, b in zip(ones, others, strict=True))


def trained(model):
    return [v for v in model.parameters() if v.requires_grad]


def wrapper(model, lr=1e-3):
    return OptimWrapper(torch.optim.AdamW(trained(model), lr=lr))


def pictures(model, given=None, **call):
    given = given or batch()
    return model.generate(given, generators(len(given['prompt'])), **call)


def loss(model, seed=3):
    torch.manual_seed(seed)
    return model(**batch(), mode='loss')['loss']


@pytest.fixture(scope='module')
def awake():
    """KB-DMGen as if it were trained."""
    model = build(full())
    wake(model.adapter, scale=0.5)
    return model


def test_the_base_is_frozen_to_the_bit():
    model = build(full())
    before = frozen_of(model)
    start = [v.clone() for v in trained(model)]
    model.init_weights()
    assert equal(frozen_of(model), before)
    # The adapter keeps its copy and its zeros.
    assert equal(trained(model), start)
    model.train()
    assert not any(part.training for part in model.base.modules())
    optim = wrapper(model)
    for _ in range(3):
        model.train_step(batch(), optim)
    assert equal(frozen_of(model), before)
    assert not equal(trained(model), start)
    assert all(v.grad is None for v in model.base.parameters())
    names = [k for k, v in model.named_parameters() if v.requires_grad]
    assert {k.partition('.')[0] for k in names} == {
        'adapter',
        'knowledge_base',
    }


def test_loss_falls_on_one_batch():
    model = build(full(prompt_dropout=0.0)).train()
    optim = wrapper(model)
    losses = []
    for _ in range(40):
        torch.manual_seed(5)
        losses.append(model.train_step(batch(), optim)['loss'].item())
    assert losses[-1] < 0.75 * losses[0]


@pytest.mark.parametrize('kind', ['epsilon', 'v_prediction'])
def test_loss_is_of_what_the_scheduler_says(kind):
    """At the start, the model is the UNet."""
    scheduler = dict(
        type='DDPMScheduler', clip_sample=False, prediction_type=kind
    )
    model = build(config(scheduler=scheduler, prompt_dropout=1.0))
    torch.manual_seed(3)
    base, images = model.base, torch.stack(batch()['image'])
    mean = base.vae.encode(images / 127.5 - 1).latent_dist
    latents = mean.sample() * 0.5
    times = torch.randint(1000, (2,))
    noise = torch.randn(latents.shape)
    share = model.scheduler.alphas_cumprod[times].view(2, 1, 1, 1)
    noisy = share.sqrt() * latents + (1 - share).sqrt() * noise
    velocity = share.sqrt() * noise - (1 - share).sqrt() * latents
    target = noise if kind == 'epsilon' else velocity
    predicted = base.unet(noisy, times, base.encode_text(['', ''])).sample
    expected = (predicted - target).square().mean()
    torch.testing.assert_close(loss(model), expected)


def test_alpha_weighs_what_is_near_the_pose():
    plain, heavy = (
        build(config(alpha=alpha, alpha_radius=30.0)) for alpha in (1, 5)
    )
    torch.manual_seed(3)
    out = heavy(**batch(), mode='loss')
    assert torch.equal(out['mse'], loss(plain).detach())
    assert out['mse'] < out['loss'] < 5 * out['mse']
    nobody = batch()
    nobody['condition'] = [torch.zeros_like(c) for c in nobody['condition']]
    out = heavy(**nobody)
    assert out['loss'] == out['mse']


def test_prompt_dropout():
    kept, dropped = (
        build(config(prompt_dropout=share)) for share in (0.0, 1.0)
    )
    assert loss(kept) != loss(dropped)


def test_without_training_it_is_stable_diffusion():
    cfg = config(masks=masks(), knowledge_base=KNOWLEDGE)
    cfg['film'] = dict(places=(2,), rank=4)
    model, plain = build(cfg), build(config(adapter=None))
    images = pictures(model)
    assert images.shape == (2, 3, 64, 64) and images.dtype == torch.uint8
    assert torch.equal(images, pictures(plain))
    pipeline = StableDiffusionPipeline(
        vae=plain.base.vae,
        unet=plain.base.unet,
        text_encoder=plain.base.text_encoder,
        tokenizer=plain.base.tokenizer,
        scheduler=DDIMScheduler.from_config(plain.sampler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.vae_scale_factor = 4
    pipeline.set_progress_bar_config(disable=True)
    # It would take the projected vectors of this text encoder.
    theirs = pipeline(
        prompt_embeds=plain.base.encode_text(batch()['prompt']),
        negative_prompt_embeds=plain.base.encode_text(['', '']),
        height=64,
        width=64,
        num_inference_steps=2,
        generator=generators(),
        output_type='pt',
    ).images
    assert (images / 255 - theirs).abs().max() < 2 / 255


def test_strengths(awake):
    plain = build(config(adapter=None))
    without_kb = build(config(masks=masks()))
    keys = without_kb.state_dict()
    state = awake.state_dict()
    without_kb.load_state_dict({key: state[key] for key in keys})
    full_strength = pictures(awake)
    off = pictures(awake, kb_strength=0)
    assert torch.equal(off, pictures(without_kb))
    assert torch.equal(pictures(awake, pose_strength=0), pictures(plain))
    assert torch.equal(pictures(awake, pose_end=0), pictures(plain))
    late = pictures(awake, pose_start=0.5, num_inference_steps=4)
    seen = [full_strength, off, late, pictures(plain)]
    seen.append(pictures(plain, num_inference_steps=4))
    for i, one in enumerate(seen):
        assert not any(torch.equal(one, other) for other in seen[:i])


def test_pose_and_code_matter(awake):
    given = batch()
    given['condition'] = given['condition'][::-1]
    assert not torch.equal(pictures(awake), pictures(awake, given))
    # "oil painting" has no status.
    given = dict(batch(), prompt=['oil_painting, a man'] * 2)
    images = pictures(awake, given)
    awake.knowledge_base.null_answer.data.fill_(3)
    changed = pictures(awake, given)
    awake.knowledge_base.null_answer.data.fill_(0)
    assert not torch.equal(images, changed)


@pytest.mark.parametrize('guidance', [1.0, 4.0])
def test_no_code_is_kb_off(awake, guidance):
    """An empty prompt, strength 0 and a model without the base agree."""
    plain = build(config(masks=masks()))
    state = awake.state_dict()
    plain.load_state_dict({key: state[key] for key in plain.state_dict()})
    given = dict(batch(3), prompt=['a man', '', 'a girl'])
    on, off, without = (
        pictures(model, given, guidance_scale=guidance, **call)
        for model, call in (
            (awake, {}),
            (awake, dict(kb_strength=0)),
            (plain, {}),
        )
    )
    assert torch.equal(off, without)
    assert [bool((a != b).any()) for a, b in zip(on, off)] == [
        True,
        False,
        True,
    ]


def test_a_dropped_code_is_kb_off_in_training(awake):
    model, plain = build(full()), build(config(masks=masks(), alpha=5))
    state = awake.state_dict()
    model.load_state_dict(state)
    plain.load_state_dict({key: state[key] for key in plain.state_dict()})
    model.knowledge_base.drop_prob = 1.0
    torch.manual_seed(3)
    # What is drawn for the knowledge base comes last.
    dropped = model.train()(**batch(), mode='loss')['loss']
    assert torch.equal(dropped, loss(plain.train()))
    model.knowledge_base.drop_prob = 0.0
    assert not torch.equal(dropped, loss(model))


@pytest.mark.parametrize('guidance', [1.0, 4.0])
def test_an_image_does_not_depend_on_the_others(awake, guidance):
    together = pictures(awake, batch(3), guidance_scale=guidance)
    for i in range(3):
        alone = {key: [value[i]] for key, value in batch(3).items()}
        image = awake.generate(
            alone, generators(3)[i : i + 1], guidance_scale=guidance
        )
        difference = together[i].int() - image[0].int()
        assert difference.abs().max() <= 1


def test_sampler_with_noise_of_its_own_uses_the_generators():
    model = build(config(sampler=dict(type='DDPMScheduler')))
    torch.manual_seed(1)
    images = pictures(model)
    torch.manual_seed(2)
    assert torch.equal(images, pictures(model))


def test_any_size_and_no_people(awake):
    given = batch(1, height=64, width=96)
    given['condition'] = [torch.zeros(3, 64, 96, dtype=torch.uint8)]
    assert pictures(awake, given).shape == (1, 3, 64, 96)


def test_checkpoints_hold_what_is_trained(awake):
    state = awake.state_dict()
    assert list(state) == list(get_state_dict(awake))
    assert {key.partition('.')[0] for key in state} == {
        'adapter',
        'knowledge_base',
    }
    fresh = build(full(), seed=9)
    before = frozen_of(fresh)
    fresh.load_state_dict(state)
    load_state_dict(fresh, state, strict=True)
    assert equal(fresh.state_dict().values(), state.values())
    assert equal(frozen_of(fresh), before)
    state.pop('adapter.net.conv_in.weight')
    with pytest.raises(CheckpointMismatchError, match='conv_in'):
        fresh.load_state_dict(state)


def test_frozen_parts_are_saved_if_asked(awake):
    saving = build(full(save_frozen=True), seed=4)
    state = saving.state_dict()
    assert 'base.unet.conv_in.weight' in state
    fresh = build(full(), seed=9)
    fresh.load_state_dict(state)
    assert equal(frozen_of(fresh), frozen_of(saving))


def test_moving_average_shares_the_base(awake):
    twin = copy.deepcopy(awake)
    assert twin.base is awake.base
    assert twin.adapter is not awake.adapter
    assert torch.equal(pictures(twin), pictures(awake))


def test_gradient_checkpointing_and_lower_precision():
    model = build(full(gradient_checkpointing=True)).train()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        value = loss(model)
    value.backward()
    assert value.isfinite()
    assert any(v.grad.any() for v in model.adapter.parameters())


def test_a_base_in_half_precision():
    """Its copy learns in float32."""
    half = dict(torch_dtype='bfloat16')
    model = build(
        full(
            vae=dict(VAE, **half),
            unet=dict(UNET, **half),
            text_encoder=dict(TEXT, **half),
        )
    )
    wake(model.adapter)
    assert {v.dtype for v in trained(model)} == {torch.float32}
    loss(model).backward()
    assert all(v.grad is not None for v in model.adapter.parameters())
    assert pictures(model).float().std() > 0


def test_adapter_works_in_every_step_of_samplers_with_more_steps():
    call = Sampling(num_inference_steps=4)
    assert all(call.poses_at(i, 5) for i in range(5))
    late = Sampling(pose_start=0.5, pose_end=0.9)
    assert [i for i in range(10) if late.poses_at(i, 10)] == [5, 6, 7, 8]


def test_report_says_what_it_is(awake):
    told = awake.describe()
    json.dumps(told)
    again = build(config())
    hashes = told['parameters_sha256'], again.describe()['parameters_sha256']
    assert hashes[0]['unet'] == hashes[1]['unet']
    assert hashes[0]['adapter'] != hashes[1]['adapter']
    assert hashes[1]['knowledge_base'] is None
    assert told['knowledge_base']['source']['type'] == 'RawText'
    assert again.describe()['knowledge_base'] is None


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(adapter=None, masks=dict()), 'adapter=dict'),
        (dict(film=dict()), 'knowledge_base'),
        (
            dict(masks=dict(num_heads=2, block=dict(BLOCK, patch_size=4))),
            'patch_size=4: it must divide 2',
        ),
        (dict(alpha=0), 'alpha=0'),
        (dict(film=dict(rank=3)), 'film needs a knowledge_base'),
        (dict(masks=dict(radii=(0, 3))), 'radii=.* above 0'),
        (dict(masks=dict(hats=1)), "'hats'"),
        (dict(masks=dict(block=dict(hats=1))), "'hats'"),
        (dict(knowledge_base=dict(KNOWLEDGE, hats=1)), "'hats'"),
        (dict(knowledge_base=dict(KNOWLEDGE, drop_prob=2)), 'drop_prob=2'),
        (dict(prompt_dropout=2), 'prompt_dropout=2'),
        (dict(adapter=dict(conditioning_channels=(4, 8))), '3 numbers'),
        (dict(call=dict(hats=1)), 'hats'),
        (dict(call=dict(num_inference_steps=0)), 'num_inference_steps'),
        (dict(call=dict(num_inference_steps=2.5)), '2.5 is no int'),
        (dict(call=dict(guidance_scale='high')), "'high' is no float"),
        (dict(call=dict(pose_start=0.7, pose_end=0.2)), 'pose_start'),
        (dict(call=dict(kb_strength=float('nan'))), 'kb_strength'),
        (dict(call=dict(guidance_scale=float('inf'))), 'scale=inf must be a'),
    ],
)
def test_settings_that_do_not_fit(settings, words):
    with pytest.raises(PreflightError, match=words) as caught:
        build(config(**settings))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        (dict(text_encoder=dict(TEXT, projection_dim=7)), 'of 6 .* makes 7'),
        (dict(text_encoder=dict(TEXT, type='CLIPTextModel')), 'Projection'),
    ],
)
def test_texts_that_a_knowledge_base_was_not_trained_on(settings, words):
    with pytest.raises(PreflightError, match=words):
        build(full(**settings))


def test_more_steps_than_there_are(awake):
    with pytest.raises(PreflightError, match='steps=1001 is refused by DDIM'):
        pictures(awake, num_inference_steps=1001)


def test_inputs_that_do_not_fit(awake):
    with pytest.raises(PreflightError, match='multiples of 8'):
        pictures(awake, batch(1, height=64, width=68))
    mixed = batch()
    mixed['condition'][1] = torch.zeros(3, 72, 72, dtype=torch.uint8)
    with pytest.raises(PreflightError, match='one size'):
        pictures(awake, mixed)
    with pytest.raises(ValueError, match='mode'):
        awake(**batch(), mode='predict')
    with pytest.raises(ValueError, match='nothing to train'):
        build(config(adapter=None))(**batch())
    with pytest.raises(ValueError, match='prediction_type'):
        scheduler = dict(type='DDPMScheduler', prediction_type='sample')
        build(config(scheduler=scheduler))(**batch())


def test_texts_are_encoded_as_the_knowledge_base_learned_them(tmp_path):
    """One folder of a CLIP model gives the same features to both."""
    text = {key: value for key, value in TEXT.items() if key != 'type'}
    vision = {
        key: text[key]
        for key in (
            'hidden_size',
            'intermediate_size',
            'num_hidden_layers',
            'num_attention_heads',
        )
    }
    sizes = dict(vision, image_size=16, patch_size=8)
    torch.manual_seed(2)
    clip = CLIPModel(
        CLIPConfig(text_config=text, vision_config=sizes, projection_dim=6)
    )
    clip.save_pretrained(tmp_path)
    build_part(TOKENIZER, 'tokenizer').save_pretrained(tmp_path)
    folder = str(tmp_path)
    model = build(
        config(
            text_encoder=dict(type=TEXT['type'], from_pretrained=folder),
            tokenizer=dict(type='CLIPTokenizer', from_pretrained=folder),
        )
    )
    prompts = ['a man', 'oil_painting, a woman on a horse in the rain', '']
    prompts.append('half a pair \ud800')
    torch.testing.assert_close(
        model.base.encode_pooled(prompts),
        CLIPFeatures(folder).encode_text(prompts),
    )
