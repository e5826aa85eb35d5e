from pathlib import Path

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.model import ExponentialMovingAverage
from toy_parts import ToyGenerator

from mmkbdm.apis.errors import PreflightError
from mmkbdm.engine.checkpoint_match import CheckpointMismatchError
from mmkbdm.generation.build import build_generator, build_wanted


def test_a_part_of_the_data_at_another_size(configs):
    wanted = build_wanted(str(configs['data']), max_images=3, size=32)
    assert len(wanted.samples) == len(wanted.names) == 3
    assert wanted.names == ['000000.png', '000002.png', '000004.png']
    for sample, name in zip(wanted.samples, wanted.names):
        assert sample['file_name'] == name
        assert sample['condition'].shape == (3, 32, 32)


def test_bad_data(configs, tmp_path):
    text = configs['data'].read_text()
    for old, new, words in (
        ('dataset =', 'data =', 'describes no dataset'),
        ('ResizeCenterCrop', 'RandomPoseCrop', 'must not depend on chance'),
        ('DrawPose', 'DrawPoses', 'DrawPoses is not registered'),
        ("'size'", "'sise'", "takes no argument 'sise': it takes size"),
        ("'pipeline'", "'steps'", 'has no dataset with a pipeline'),
        ("'ann_file': 'annotations/val.json',", '', 'lacks an argument'),
        ('ToyHumanPoseText', 'Toy', 'Toy is not registered as dataset'),
        ("'data_root'", "'caption': 'random', 'a'", "caption='random'"),
        ('{', '{(', 'no config file that can be read .SyntaxError'),
    ):
        path = tmp_path / 'changed.py'
        path.write_text(text.replace(old, new))
        with pytest.raises(PreflightError, match=words):
            build_wanted(str(path))
    with pytest.raises(PreflightError, match='gone.py does not exist'):
        build_wanted('gone.py')


def test_missing_data_say_where_they_are_from():
    with pytest.raises(PreflightError, match='does not exist.*Human-Art from'):
        build_wanted('configs/evaluation/humanart_val.py')


def test_model_of_a_config_with_its_checkpoint(configs, tmp_path):
    torch.manual_seed(1)
    trained = ToyGenerator()
    path = str(tmp_path / 'iter_1.pth')
    torch.save(dict(state_dict=trained.state_dict()), path)
    model = build_generator(str(configs['model']), path)
    assert torch.equal(model.mix.weight, trained.mix.weight)
    assert not model.training
    torch.save(dict(state_dict=torch.nn.Linear(2, 2).state_dict()), path)
    with pytest.raises(CheckpointMismatchError, match='another model'):
        build_generator(str(configs['model']), path)


def test_average_and_last_weights(configs, tmp_path):
    """MMEngine's hook exchanges the two when it saves."""
    torch.manual_seed(1)
    model = ToyGenerator()
    hook = EMAHook()
    hook.ema_model = ExponentialMovingAverage(model, momentum=0.5)
    before = model.mix.weight.detach().clone()
    model.mix.weight.data.add_(1)
    # The first update is a copy, the second goes half the way.
    hook.ema_model.steps.fill_(1)
    hook.ema_model.update_parameters(model)
    content = dict(state_dict=model.state_dict())
    hook.before_save_checkpoint(None, content)
    path = str(tmp_path / 'iter_1.pth')
    torch.save(content, path)
    averaged = build_generator(str(configs['model']), path)
    torch.testing.assert_close(averaged.mix.weight.data, before + 0.5)
    last = build_generator(str(configs['model']), path, averaged=False)
    torch.testing.assert_close(last.mix.weight.data, before + 1)


def test_bad_models(configs, tmp_path):
    with pytest.raises(PreflightError, match='no settings of sampling'):
        build_generator(
            str(configs['model']), call=dict(num_inference_steps=2)
        )
    with pytest.raises(PreflightError, match='describes no generator'):
        build_generator(str(configs['judge']))
    path = tmp_path / 'misspelt.py'
    path.write_text("model = dict(type='mmkbdm.ToyGenerators')\n")
    with pytest.raises(PreflightError, match='ToyGenerators is not registere'):
        build_generator(str(path))
    path = tmp_path / 'neck.py'
    path.write_text("model = dict(type='mmkbdm.RMPG', in_channels=64)\n")
    with pytest.raises(PreflightError, match='has no generate'):
        build_generator(str(path))
    with pytest.raises(PreflightError, match='has its own weights'):
        build_generator('folder', 'iter_1.pth')


def test_a_generator_whose_frozen_parts_are_not_saved(tmp_path, monkeypatch):
    tests = Path(__file__).parents[1]
    monkeypatch.syspath_prepend(tests / 'models' / 'generators')
    import tiny_generator

    torch.manual_seed(0)
    model = tiny_generator.build(tiny_generator.full())
    tiny_generator.wake(model)
    checkpoint, config = tmp_path / 'trained.pth', tmp_path / 'model.py'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    config.write_text(f'model = {tiny_generator.full()!r}\n')
    built = build_generator(str(config), str(checkpoint))
    weights = built.state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(weights[name], value)
    config.write_text(f'model = {tiny_generator.config()!r}\n')
    with pytest.raises(CheckpointMismatchError, match='KB-DMGen'):
        build_generator(str(config), str(checkpoint))
