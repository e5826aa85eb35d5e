import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from toy_parts import ToyGenerator

from mmkbdm.apis.errors import PreflightError
from mmkbdm.generation.build import build_wanted
from mmkbdm.generation.image_file import image_names, read_record, write_image
from mmkbdm.generation.run import generate_dataset, write_real_images
from mmkbdm.generation.settings import claim_folder, settings_digest

SETTINGS = dict(generator=dict(name='Toy', steps=3), seed=0)


@pytest.fixture(scope='module')
def wanted(configs):
    return build_wanted(str(configs['data']))


@pytest.fixture
def generator():
    torch.manual_seed(0)
    return ToyGenerator().eval()


@pytest.fixture
def generate(wanted, generator, tmp_path):
    def call(folder=tmp_path, names=None, **kwargs):
        options = dict(settings=SETTINGS, batch_size=2) | kwargs
        return generate_dataset(
            generator, wanted.samples, names or wanted.names, folder, **options
        )

    return call


def pixels(folder):
    return {
        path.name: np.asarray(Image.open(path))
        for path in sorted(Path(folder).rglob('*.png'))
    }


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def test_files_say_what_they_are(generate, wanted, tmp_path):
    assert generate() == 5
    assert sorted(pixels(tmp_path)) == sorted(wanted.names)
    sample = wanted.samples[3]
    record = read_record(tmp_path / wanted.names[3])
    assert record['prompt'] == sample['prompt']
    assert record['img_id'] == str(sample['img_id'])
    assert record['seed'] == '0' and record['generator'] == 'Toy'
    assert not list(tmp_path.glob('*.tmp'))


def test_what_is_there_stays_and_what_is_missing_is_the_same(
    generate, generator, wanted, tmp_path
):
    generate()
    before = pixels(tmp_path)
    times = {p: p.stat().st_mtime_ns for p in tmp_path.glob('*.png')}
    generator.calls.clear()
    assert generate() == 0 and not generator.calls
    gone = tmp_path / wanted.names[2]
    gone.unlink()
    assert generate() == 1
    # Its whole batch was made again, for the sake of the last bits.
    assert len(generator.calls) == 1 and len(generator.calls[0][0]) == 2
    assert_same(pixels(tmp_path), before)
    for path, time in times.items():
        assert (path.stat().st_mtime_ns == time) == (path != gone)


def test_a_damaged_file_is_made_again(generate, wanted, tmp_path):
    generate()
    before = pixels(tmp_path)
    (tmp_path / wanted.names[0]).write_bytes(b'\x89PNG')
    assert generate() == 1
    assert_same(pixels(tmp_path), before)


def test_a_file_damaged_within_has_no_record(tmp_path):
    noise = np.random.default_rng(0).integers(256, size=(300, 300, 3))
    path = tmp_path / 'large.png'
    write_image(path, noise.astype(np.uint8), dict(prompt='a man'))
    assert read_record(path) == dict(prompt='a man')
    head, *parts = path.read_bytes().split(b'IDAT')
    assert len(parts) > 1
    path.write_bytes(head + b'IDAT' + parts[0] + bytes(4) + parts[1])
    assert read_record(path) is None


def test_processes_share(generate, tmp_path):
    generate(tmp_path / 'one')
    written = [
        generate(tmp_path / 'two', rank=rank, world_size=2) for rank in (0, 1)
    ]
    assert written == [3, 2]
    assert_same(pixels(tmp_path / 'one'), pixels(tmp_path / 'two'))


def test_an_error_of_the_generator_ends_the_run(
    generate, generator, wanted, tmp_path
):
    make = generator.generate

    def fail_at_the_third(batch, chance):
        if len(generator.calls) == 2:
            raise RuntimeError('out of memory')
        return make(batch, chance)

    generator.generate = fail_at_the_third
    with pytest.raises(RuntimeError, match='out of memory'):
        generate()
    assert sorted(pixels(tmp_path)) == sorted(wanted.names[:4])
    generator.generate = make
    assert generate() == 1


def test_images_of_something_else_are_not_taken(generate, wanted, tmp_path):
    generate(names=wanted.names[:2])
    before = pixels(tmp_path)
    other = dict(SETTINGS, seed=1)
    with pytest.raises(PreflightError, match='is an image of another seed'):
        generate(settings=other)
    # The same file for another condition and prompt.
    swapped = [wanted.names[1], wanted.names[0]]
    with pytest.raises(PreflightError, match='another prompt: give --over'):
        generate(names=swapped)
    assert_same(pixels(tmp_path), before)
    assert generate(names=wanted.names[:2], settings=other, overwrite=True)
    changed = pixels(tmp_path)
    assert all((changed[k] != before[k]).any() for k in before)


def test_generators_must_make_images(generate, generator):
    generator.generate = lambda batch, chance: torch.zeros(2, 3, 4, 4)
    with pytest.raises(ValueError, match=r'ToyGenerator made an image \(3, 4'):
        generate()
    generator.generate = lambda batch, chance: []
    with pytest.raises(ValueError, match='made 0 images of 2 conditions'):
        generate()


def test_real_images_are_the_crops(wanted, tmp_path):
    seen = []

    def visit(name, sample):
        seen.append(name)

    write_real_images(wanted.samples, wanted.names, tmp_path, visit)
    assert seen == wanted.names
    first = tmp_path / wanted.names[0]
    expected = wanted.samples[0]['image'].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(np.asarray(Image.open(first)), expected)
    time = first.stat().st_mtime_ns
    write_real_images(wanted.samples, wanted.names, tmp_path, visit)
    assert first.stat().st_mtime_ns == time


def test_names():
    assert image_names(['a/b.jpg', 'c.png', 'd.x.jpeg']) == [
        'a/b.png',
        'c.png',
        'd.x.png',
    ]
    for name in ('../a.jpg', '/etc/a.jpg', 'a/../../b.jpg', '..\\a.jpg'):
        with pytest.raises(PreflightError, match='leads out of the folder'):
            image_names(['good.jpg', name])
    with pytest.raises(PreflightError, match='2 images of .* to a/b.png'):
        image_names(['a/b.jpg', 'a/b.png', 'c.png'])


def test_settings_of_a_folder(tmp_path):
    claim_folder(tmp_path, SETTINGS)
    claim_folder(tmp_path, SETTINGS)
    changed = dict(generator=dict(name='Toy', steps=9), seed=0)
    with pytest.raises(PreflightError) as error:
        claim_folder(tmp_path, changed)
    assert 'generator.steps was 3 and is 9; give --over' in str(error.value)
    claim_folder(tmp_path, changed, overwrite=True)
    assert json.loads((tmp_path / 'settings.json').read_text()) == changed
    (tmp_path / 'settings.json').write_text('[')
    with pytest.raises(PreflightError, match='settings.json is damaged'):
        claim_folder(tmp_path, changed)
    assert settings_digest(changed) != settings_digest(SETTINGS)


def test_a_pipeline_may_be_moved(tmp_path):
    here, there = (
        dict(generator=dict(pretrained=name, sha='a'), seed=0)
        for name in ('here', 'there')
    )
    claim_folder(tmp_path, here)
    claim_folder(tmp_path, there)
    assert settings_digest(here) == settings_digest(there)
