"""KB-DMGen on the kept toy base learns one batch by heart."""

import statistics

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import MODELS

from mmkbdm.datasets.toy_human import write_dataset
from mmkbdm.registry import DATASETS

IMAGES = 3
# Times and noises an image.
REPEATS = 2


@pytest.fixture
def batch(tmp_path):
    write_dataset(tmp_path, num_train=IMAGES, num_val=1, size=64, max_people=1)
    cfg = Config.fromfile('configs/evaluation/toyhuman_generation_val.py')
    cfg.dataset.update(
        data_root=str(tmp_path),
        ann_file='annotations/train.json',
        data_prefix=dict(img='train/'),
    )
    dataset = DATASETS.build(cfg.dataset)
    return pseudo_collate([dataset[i] for i in range(IMAGES)])


def train(model, optimizer, batch, steps, seed=None):
    """Returns the losses; with a seed, of the same times and noises."""
    model.train()
    losses = []
    for _ in range(steps):
        if seed is not None:
            torch.manual_seed(seed)
        loss = model(**batch)['loss']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_one_batch_is_learned(batch):
    cfg = Config.fromfile('configs/kb_dmgen/kbdmgen-raw_toy.py').model
    cfg.update(prompt_dropout=0.0)
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    trained = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=2e-3)
    names = ('image', 'condition', 'prompt')
    repeated = {name: batch[name] * REPEATS for name in names}

    train(model, optimizer, repeated, 120)
    losses = train(model, optimizer, repeated, 120, seed=1)
    assert statistics.mean(losses[-5:]) < losses[0] / 10

    model.eval()
    generators = [torch.Generator().manual_seed(i) for i in range(IMAGES)]
    made = model.generate(batch, generators, guidance_scale=1.0)
    real = torch.stack(batch['image'])
    distance = (made[:, None].float() - real.float()).square().mean((2, 3, 4))
    # Each is nearest to its own, by far.
    others = distance + torch.eye(IMAGES) * 1e6
    assert (2 * distance.diag() < others.min(1).values).all()
