import json
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from mmkbdm.apis.errors import PreflightError
from mmkbdm.models.knowledge_base import (
    FeatureCache,
    encoder_key,
    feature_cache,
    image_features,
    text_features,
)

ITEMS = [f'item {i}' for i in range(10)]


class Counter:
    """Computes features and keeps which."""

    def __init__(self, stop_at=None):
        self.rows = []
        self.stop_at = stop_at

    def __call__(self, rows):
        if self.stop_at in rows:
            raise KeyboardInterrupt
        self.rows += rows
        return np.stack([np.full(3, row) for row in rows])


def get(folder, items=ITEMS, key='encoder', **kwargs):
    counter = Counter(**kwargs)
    features = FeatureCache(folder, key, shard_size=4).get(items, counter)
    return features, counter.rows


def test_computed_once(tmp_path):
    features, computed = get(tmp_path)
    assert computed == list(range(10))
    assert features.dtype == np.float32
    assert (features == np.arange(10)[:, None]).all()
    again, computed = get(tmp_path)
    assert computed == []
    assert (again == features).all()
    assert len(list(tmp_path.iterdir())) == 4  # three shards, one manifest


def test_goes_on_after_being_killed(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        get(tmp_path, stop_at=5)
    features, computed = get(tmp_path)
    assert computed == list(range(4, 10))
    assert (features == np.arange(10)[:, None]).all()


def test_rows_stay_when_another_run_takes_the_folder(tmp_path):
    cache = FeatureCache(tmp_path, 'encoder', shard_size=4)
    rows = cache.rows(ITEMS, Counter())
    FeatureCache(tmp_path, 'another', shard_size=4).get(
        ITEMS, lambda rows: np.full((len(rows), 3), -1)
    )
    assert (rows.take(range(10))[:, 0] == np.arange(10)).all()
    assert all(rows[i][0] == i for i in range(10))


def test_another_encoder_or_another_item(tmp_path):
    get(tmp_path)
    assert get(tmp_path, key='other')[1] == list(range(10))
    changed = [*ITEMS[:5], 'changed', *ITEMS[6:]]
    assert get(tmp_path, changed, key='other')[1] == [4, 5, 6, 7]
    assert get(tmp_path, [*changed, 'new'], key='other')[1] == [8, 9, 10]


def test_rows_stay_on_the_disk_and_travel_as_paths(tmp_path):
    images = np.arange(10 * 2 * 3, dtype=np.uint8).reshape(10, 2, 3)

    def rows():
        cache = FeatureCache(tmp_path, 'pixels', 4, dtype=np.uint8)
        return cache.rows(ITEMS, lambda rows: images[rows.start : rows.stop])

    kept = rows()
    assert len(kept) == 10 and kept[9].dtype == np.uint8
    assert (kept.take([7, 0, 7, 3]) == images[[7, 0, 7, 3]]).all()
    assert (np.stack(list(kept)) == images).all()
    sent = pickle.dumps(kept)
    assert len(sent) < 500
    assert (pickle.loads(sent)[5] == images[5]).all()
    # What is changed afterwards is not in the files.
    kept[0][:] = 9
    assert (rows()[0] == images[0]).all()
    assert get(tmp_path, key='pixels')[1] == list(range(10)), 'other dtype'


@pytest.mark.parametrize('damage', ['flip', 'cut', 'gone'])
def test_damaged_files_are_computed_again(tmp_path, damage, monkeypatch):
    expected, _ = get(tmp_path)
    path = tmp_path / 'features_00001.npy'
    data = bytearray(path.read_bytes())
    if damage == 'flip':
        data[-1] ^= 1
        path.write_bytes(data)
    elif damage == 'cut':
        path.write_bytes(data[:50])
    else:
        path.unlink()
    logged = []
    monkeypatch.setattr(
        feature_cache, 'print_log', lambda text, **_: logged.append(text)
    )
    features, computed = get(tmp_path)
    assert computed == [4, 5, 6, 7]
    assert (features == expected).all()
    assert str(path) in logged[0] and 'again' in logged[0]
    assert get(tmp_path)[1] == []


@pytest.mark.parametrize(
    'text', ['', '[]', '{"shards": 3}', '{"shards": {"a": 1}}', '\0']
)
def test_damaged_manifest(tmp_path, text):
    expected, _ = get(tmp_path)
    (tmp_path / 'manifest.json').write_text(text)
    features, computed = get(tmp_path)
    assert len(computed) == 10
    assert (features == expected).all()
    assert json.loads((tmp_path / 'manifest.json').read_text())['shards']


def test_what_is_refused(tmp_path):
    cache = FeatureCache(tmp_path, 'encoder')
    with pytest.raises(ValueError, match='shape'):
        cache.get(ITEMS, lambda rows: np.zeros((3, 2)))
    broken = np.zeros((10, 2))
    broken[7, 1] = np.nan
    with pytest.raises(ValueError, match='item 7 are not finite'):
        cache.get(ITEMS, lambda rows: broken)
    with pytest.raises(ValueError, match='at least one item'):
        cache.get([], Counter())
    with pytest.raises(ValueError, match='shard_size=0'):
        FeatureCache(tmp_path, '', shard_size=0)
    (tmp_path / 'file').write_text('')
    with pytest.raises(PreflightError, match='cannot be written'):
        get(tmp_path / 'file')


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.linear = nn.Linear(3, 2)
        self.calls = []

    def forward(self, images):
        assert images.dtype == torch.uint8
        self.calls.append(len(images))
        return self.linear(images.float().mean((-2, -1)))

    def encode_text(self, texts):
        self.calls.append(len(texts))
        sums = [sum(map(ord, text)) for text in texts]
        return self.linear(torch.tensor(sums)[:, None].expand(-1, 3).float())


def test_images_and_texts(tmp_path):
    encoder = Encoder()
    images = torch.arange(5 * 3 * 4, dtype=torch.uint8).view(5, 3, 2, 2)
    paths = [tmp_path / f'{i}.png' for i in range(5)]
    for path in paths:
        path.write_text('pixels')

    def encode(preprocessing='none'):
        encoder.calls = []
        return image_features(
            encoder,
            list(map(str, paths)),
            images.__getitem__,
            tmp_path / 'images',
            preprocessing,
            batch_size=2,
        )

    features = encode()
    assert encoder.calls == [2, 2, 1]
    expected = encoder(images).detach().numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-6)
    assert (encode() == features).all() and not encoder.calls
    paths[0].write_text('other pixels')
    encode()
    assert encoder.calls
    encode('crop')
    assert encoder.calls

    texts = ['a', 'b', 'a \ud800']
    rows = text_features(encoder, texts, tmp_path / 'texts')
    encoder.calls = []
    assert (text_features(encoder, texts, tmp_path / 'texts') == rows).all()
    assert not encoder.calls and rows.shape == (3, 2)


def test_key_follows_parameters_and_preprocessing():
    encoder = Encoder()
    key = encoder_key(encoder, 'crop')
    assert key == encoder_key(Encoder(), 'crop')
    assert key != encoder_key(encoder, 'resize')
    with torch.no_grad():
        encoder.linear.bias[0] += 1e-6
    assert key != encoder_key(encoder, 'crop')


def test_key_of_an_encoder_changes_with_what_has_no_parameters():
    encoder = Encoder()
    key = encoder_key(encoder)
    encoder.activation = nn.GELU()
    other = encoder_key(encoder)
    encoder.activation = nn.ReLU()
    assert len({key, other, encoder_key(encoder)}) == 3


def test_key_of_an_encoder_changes_with_its_words():
    class Words:
        def __init__(self, *words):
            self.words = words

        def get_vocab(self):
            return {word: i for i, word in enumerate(self.words)}

    encoder = Encoder()
    keys = [encoder_key(encoder)]
    for words in (Words('a', 'b'), Words('b', 'a')):
        encoder.tokenizer = words
        keys.append(encoder_key(encoder))
    assert len(set(keys)) == 3
