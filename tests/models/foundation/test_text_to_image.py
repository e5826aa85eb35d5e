"""The UNet learns latents, and its images are the generator's."""

import pytest
import torch
from tiny_foundation import (
    PROMPTS,
    SIZE,
    VAE,
    fit,
    images,
    text_to_image,
    text_tower,
    tokenizer,
)

from mmkbdm.datasets.foundation import EncodedImages
from mmkbdm.generation.contract import describe_generator
from mmkbdm.models.foundation.text_to_image import spread_timesteps
from mmkbdm.models.generators.pose_guided_generator import PoseGuidedGenerator


def encoded(**settings):
    torch.manual_seed(0)
    text = dict(type='CLIPTextModelWithProjection', from_config=text_tower())
    return EncodedImages(
        images(),
        vae=VAE,
        text_encoder=text,
        tokenizer=tokenizer(),
        **settings,
    )


def conditions(size=2):
    return [torch.zeros(3, SIZE, SIZE, dtype=torch.uint8)] * size


def generators(size=2):
    return [torch.Generator().manual_seed(i) for i in range(size)]


def test_loss_falls_and_sees_the_text():
    data = encoded(prompt_dropout=0.0)
    # At the end of the diffusion, latents that only the text can tell; the
    # states of an encoder that knows nothing are nearly equal.
    data.states = torch.randn_like(data.states)
    sign = torch.tensor([1.0, -1.0]).repeat(4).view(8, 1, 1, 1)
    data.mean = (sign + torch.zeros_like(data.mean)).half()
    data.deviation.zero_()
    model = text_to_image().to(data.device)
    torch.manual_seed(0)
    first, last = fit(model, lambda: data.gather(torch.arange(8)), 150, 5e-3)
    assert last < first / 4
    batch = data.gather(torch.tensor([0, 1]))
    noise = torch.randn_like(batch['latents'][:1]).expand(2, -1, -1, -1)
    end = torch.full((2,), 999, device=data.device)
    with torch.no_grad():
        # At the last step there is only noise, and v is minus the latents.
        seen = model.unet(noise, end, batch['text']).sample.mean((1, 2, 3))
    assert seen[0] < -0.3 and seen[1] > 0.3


def test_images_are_those_of_the_generator_without_adapter():
    model = text_to_image(call=dict(num_inference_steps=2, guidance_scale=2))
    batch = dict(prompt=list(PROMPTS), condition=conditions())
    found = model.generate(batch, generators())
    same = PoseGuidedGenerator(
        unet=model.unet,
        scheduler=model.scheduler,
        sampler=model.sampler,
        call=model.call,
        **model._built['frozen'],
    ).eval()
    assert torch.equal(found, same.generate(batch, generators()))
    assert describe_generator(model)['call']['guidance_scale'] == 2


def test_making_images_does_not_stop_learning():
    model = text_to_image().train()
    model.generate(
        dict(prompt=list(PROMPTS), condition=conditions()), generators()
    )
    assert model.training and model.unet.training
    assert all(value.requires_grad for value in model.unet.parameters())
    # Neither trained nor averaged nor saved.
    assert {name.split('.')[0] for name in model.state_dict()} == {'unet'}


def test_lower_precision_is_for_gpus_and_close():
    data = encoded(prompt_dropout=0.0).gather(torch.arange(8))
    losses = []
    for kind in (None, 'bfloat16'):
        model = text_to_image(autocast=kind).to(data['latents'].device)
        torch.manual_seed(1)
        losses.append(model(**data)['loss'].item())
    assert (losses[0] != losses[1]) == torch.cuda.is_available()
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('autocast', [None, 'bfloat16'])
def test_graph_trains_as_without(autocast):
    data = encoded(prompt_dropout=0.0)
    batches = [data.gather(torch.tensor([i, i + 1])) for i in range(6)]
    histories = []
    for graph in (False, True):
        model = text_to_image(autocast=autocast, graph=graph).cuda().train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        torch.manual_seed(1)
        history = []
        for batch in batches:
            optimizer.zero_grad()
            loss = model(**batch)['loss']
            loss.backward()
            optimizer.step()
            history.append(loss.item())
        histories.append(history)
        images = dict(prompt=list(PROMPTS), condition=conditions())
        assert model.generate(images, generators()).float().std() > 0
    assert histories[0] == pytest.approx(histories[1], rel=0.02)


def test_times_cover_the_diffusion():
    torch.manual_seed(0)
    times = spread_timesteps(100, 1000)
    assert times.sort().values.diff().float().sub(10).abs().max() <= 1
    assert times.min() >= 0 and times.max() < 1000
    assert not torch.equal(times, times.sort().values)
    every = torch.cat([spread_timesteps(3, 10) for _ in range(300)])
    assert torch.bincount(every, minlength=10).min() > 45


def test_other_modes_are_refused():
    with pytest.raises(ValueError, match="mode='tensor'"):
        text_to_image()(mode='tensor')
