"""What the configs of generators switch on, at tiny size."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from training_parts import config, train, wake

from mmkbdm.compat import read_checkpoint
from mmkbdm.engine.optim import AutocastOptimWrapper


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Config, 'pretty_text', 'left out')


def frozen_of(model):
    parts = model.base.vae, model.base.unet, model.base.text_encoder
    return [v.clone() for p in parts for v in p.state_dict().values()]


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
def test_base_is_frozen_with_average_and_lower_precision(tmp_path, dtype):
    cfg = config('generator', tmp_path)
    cfg.optim_wrapper.update(type='mmkbdm.AutocastOptimWrapper', dtype=dtype)
    cfg.model.gradient_checkpointing = True
    before = {}

    def remember(runner):
        before.update(frozen=frozen_of(runner.model))
        start = runner.model.adapter.state_dict()
        before.update(start=copy.deepcopy(start))

    losses, runner = train(cfg, prepare=remember)
    model = runner.model
    assert len(losses) == 6
    pairs = zip(frozen_of(model), before['frozen'], strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert all(value.grad is None for value in model.base.parameters())
    assert not any(part.training for part in model.base.modules())
    # What is trained stays in float32 and has moved, the average less.
    checkpoint = read_checkpoint(tmp_path / 'iter_6.pth')
    assert not any(k.startswith('base.') for k in checkpoint['state_dict'])
    key = 'net.controlnet_mid_block.weight'
    moved = [
        (weights - before['start'][key]).abs().max()
        for weights in (
            checkpoint['state_dict'][f'adapter.{key}'],
            checkpoint['ema_state_dict'][f'module.adapter.{key}'],
        )
    ]
    assert 0 < moved[0] < moved[1]
    assert model.adapter.state_dict()[key].dtype == torch.float32
    scaled = 'scale' in checkpoint['optimizer'].get('loss_scaler', {})
    assert scaled == (dtype == 'float16')


def test_evaluated_average_shares_the_base(tmp_path):
    _, runner = train(config('generator', tmp_path))
    [hook] = [h for h in runner.hooks if type(h).__name__ == 'EMAHook']
    assert hook.ema_model.module.base is runner.model.base
    averaged = set(hook.ema_model.avg_parameters)
    assert averaged == {
        name
        for name, value in runner.model.named_parameters()
        if value.requires_grad
    }


class Chance:
    """Noise and time of every image by its number, whatever the batch."""

    def __init__(self, model, monkeypatch):
        self.encode = model.base.encode_images
        monkeypatch.setattr(model.base, 'encode_images', self.latents)
        self.randn = torch.randn
        monkeypatch.setattr(torch, 'randn', self.noise)
        monkeypatch.setattr(torch, 'randint', self.times)

    def latents(self, images):
        rows = []
        for number, image in zip(self.numbers, images):
            torch.manual_seed(number)
            rows.append(self.encode(image[None]))
        return torch.cat(rows)

    def noise(self, *shape, **kwargs):
        if tuple(shape[0])[:1] != (len(self.numbers),):
            # The VAE's, of one image.
            return self.randn(*shape, **kwargs)
        chances = [torch.Generator().manual_seed(n) for n in self.numbers]
        return torch.stack(
            [self.randn(shape[0][1:], generator=one) for one in chances]
        )

    def times(self, high, shape):
        return torch.tensor([97 * n + 5 for n in self.numbers])


def test_two_halves_have_the_gradient_of_the_whole(tmp_path, monkeypatch):
    """By the config's accumulative_counts, through the Runner."""
    grads = []
    for counts in (1, 2):
        cfg = config('generator', tmp_path / str(counts))
        cfg.model.update(prompt_dropout=0.0)
        cfg.model.knowledge_base.drop_prob = 0.0
        cfg.optim_wrapper.accumulative_counts = counts
        cfg.train_cfg.max_iters = counts
        cfg.train_dataloader.dataset.size = 4
        cfg.train_dataloader.batch_size = 4 // counts
        with monkeypatch.context() as patch:
            watch = Watch(patch, grads)
            train(cfg, prepare=watch.prepare)
    whole, halves = grads
    assert whole.keys() == halves.keys()
    largest = max(value.abs().max() for value in whole.values())
    for name, value in whole.items():
        torch.testing.assert_close(
            halves[name],
            value,
            rtol=1e-5,
            atol=1e-5 * largest,
            msg=lambda text, name=name: f'{name}: {text}',
        )


class Watch(Hook):
    """Tells the chance which images come, keeps what a step is made of."""

    def __init__(self, patch, grads):
        self.patch, self.grads = patch, grads

    def prepare(self, runner):
        runner.register_hook(self)
        torch.manual_seed(0)
        wake(runner.model.adapter)
        self.chance = None

    def before_train_iter(self, runner, batch_idx, data_batch):
        # Not before: data sets draw, too.
        self.chance = self.chance or Chance(runner.model, self.patch)
        self.chance.numbers = data_batch['img_id']
        self.patch.setattr(
            runner.optim_wrapper, 'step', lambda: self.keep(runner.model)
        )

    def keep(self, model):
        values = model.named_parameters()
        trained = {k: v for k, v in values if v.requires_grad}
        self.grads.append({k: v.grad.clone() for k, v in trained.items()})


def test_autocast_settings():
    net = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="dtype='float64'"):
        AutocastOptimWrapper(optimizer=optimizer, dtype='float64')
    wrapper = AutocastOptimWrapper(
        optimizer=optimizer, dtype='float16', loss_scale=dict(init_scale=8.0)
    )
    with wrapper.optim_context(net):
        out = net(torch.ones(1, 2))
    assert out.dtype == torch.float16
    wrapper.update_params(out.float().sum())
    state = wrapper.state_dict()
    assert state['loss_scaler']['scale'] == 8
    wrapper.load_state_dict(state)
