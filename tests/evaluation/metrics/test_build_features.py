import pytest
import torch
from judges import tiny_models
from mmpose.structures import PoseDataSample

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.metrics.build_features import (
    build_clip,
    build_features,
)


def write(path, **features):
    path.write_text(f'features = {features!r}')
    return str(path)


def test_backbone_of_a_pose_estimator(tmp_path):
    files = tiny_models.write_model(tmp_path, tiny_models.top_down())
    config = write(
        tmp_path / 'features.py',
        type='mmkbdm.PoseBackboneFeatures',
        size=(32, 48),
        **files,
    )
    network, name = build_features(config)
    assert name.startswith('PoseBackboneFeatures (')
    assert files['weights'] in name and ', parameters ' in name
    images = torch.randint(0, 256, (2, 3, 48, 32), dtype=torch.uint8)
    found = network(images)
    # What the estimator itself sees, from its own preprocessor on BGR.
    data = network.preprocessor(
        dict(
            inputs=list(images.flip(1)),
            data_samples=[PoseDataSample() for _ in images],
        )
    )
    expected = network.backbone(data['inputs'])[-1].mean((2, 3))
    torch.testing.assert_close(found, expected)
    assert found.shape == (2, 16) and not found.requires_grad
    assert network(images[..., :40, :]).shape == (2, 16)


@pytest.mark.parametrize(
    'text, message',
    [
        ('judge = dict()', 'describes no features'),
        ("features = dict(type='mmkbdm.Missing')", 'is not registered'),
        (
            "features = dict(type='mmkbdm.CLIPFeatures', "
            "name_or_path='no/such/folder/clip')",
            'cannot be loaded',
        ),
        (
            "features = dict(type='mmkbdm.InceptionFeatures', "
            "weights='missing.pth')",
            'missing.pth does not exist',
        ),
        ('features = 3', 'is no config of a model'),
        (
            "features = dict(type='mmkbdm.CLIPFeatures', path='a')",
            "takes no argument 'path': it takes name_or_path",
        ),
    ],
)
def test_one_line_for_what_is_missing(tmp_path, text, message):
    (tmp_path / 'features.py').write_text(text)
    with pytest.raises(PreflightError, match=message):
        build_features(str(tmp_path / 'features.py'))


def test_clip_that_is_not_there(tmp_path):
    with pytest.raises(PreflightError, match='cannot be loaded'):
        build_clip(str(tmp_path))


@pytest.mark.parametrize('content', ['network', 'text'])
def test_weights_of_another_network(tmp_path, content):
    path = tmp_path / 'weights.pth'
    if content == 'network':
        torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    else:
        path.write_text('no weights')
    config = write(
        tmp_path / 'features.py',
        type='mmkbdm.InceptionFeatures',
        weights=str(path),
    )
    with pytest.raises(PreflightError, match='cannot be loaded') as caught:
        build_features(config)
    message = str(caught.value)
    assert len(message) < 600 and '\n' not in message
