import importlib.util
import json
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

from mmkbdm.apis.errors import TOY_CONFIG
from mmkbdm.datasets.toy_human import write_dataset

ROOT = Path(__file__).parents[2]
PLAIN_CONFIG = 'configs/rmpg/simplebaseline_toy_toyhuman.py'
PARTITION = 'configs/rmpg/_base_/partition_coco.py'

# The toy network with supervised nodes, and its gates half open.
SUPERVISED = f"""
_base_ = [
    '{ROOT}/{PLAIN_CONFIG}',
    '{ROOT}/configs/rmpg/_base_/partition_coco.py',
]
model = dict(
    type='mmkbdm.SupervisedTopdownPoseEstimator',
    metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
    neck=dict(
        type='mmkbdm.RMPG', in_channels=64, groups=(2, 2), gate_init=0.5
    ),
    auxiliary=[dict(level=1, parts=_base_.partition['halves'])],
)
"""


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
    """A dataset, the supervised config, and its checkpoints."""
    root = tmp_path_factory.mktemp('toy')
    write_dataset(root, num_train=1, num_val=2, size=64, max_people=1)
    config = root / 'supervised.py'
    config.write_text(SUPERVISED)
    init_default_scope('mmpose')
    torch.manual_seed(0)
    model = build_pose_estimator(Config.fromfile(config).model)
    state = model.state_dict()
    torch.save(dict(state_dict=state), root / 'epoch_1.pth')
    used = {k: v for k, v in state.items() if 'auxiliary' not in k}
    torch.save(dict(state_dict=used), root / 'best.pth')
    return root


@pytest.fixture
def show(monkeypatch, capsys, toy, tmp_path):
    """Call the tool's main in this process; returns status, output, error."""
    spec = importlib.util.spec_from_file_location(
        'visualize', ROOT / 'tools/analysis/visualize_parse_graph.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def call(
        *args,
        config='supervised.py',
        checkpoint='epoch_1.pth',
        image='val/000000.png',
    ):
        argv = [toy / config, toy / checkpoint, toy / image, *args]
        monkeypatch.setattr(sys, 'argv', ['visualize', *map(str, argv)])
        monkeypatch.chdir(tmp_path)
        status = 0
        try:
            module.main()
        except SystemExit as error:
            status = error.code
        return status, *capsys.readouterr()

    return call


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_pages_of_the_whole_image(show, tmp_path):
    status, out, err = show('--joints', 'nose')
    assert status == 0, err
    folder = Path('work_dirs/parse_graph/supervised/000000')
    pages = [
        '00_overview.png',
        '01_strength.png',
        '02_gates.png',
        '03_parts_0.1.png',
        '04_context_0.0.png',
        '05_context_1.0.png',
        '06_context_1.1.png',
        'contact_sheet.png',
    ]
    assert names(tmp_path / folder) == pages
    lines = [line for line in out.splitlines() if str(folder) in line]
    assert lines == [str(folder / page) for page in pages]
    for page in pages:
        picture = cv2.imread(str(tmp_path / folder / page))
        assert 0.02 < (picture < 250).mean() < 0.9, page


def test_chosen_nodes_of_every_annotated_person(show, toy, tmp_path):
    """Two people of one image; those of another are left out."""
    images = [dict(id=i, file_name=f'00000{i}.png') for i in (0, 1)]
    people = [
        dict(image_id=image_id, bbox=box)
        for image_id, box in [
            (0, [0, 0, 9, 9]),
            (1, [5, 5, 30, 50]),
            (1, [20, 0, 60, 60]),
        ]
    ]
    ann = tmp_path / 'ann.json'
    ann.write_text(json.dumps(dict(images=images, annotations=people)))
    status, out, err = show(
        *('--ann', ann, '--nodes', '1.1', '--out', tmp_path / 'out'),
        checkpoint='best.pth',
        image='val/000001.png',
    )
    assert status == 0, err
    assert names(tmp_path / 'out') == ['person0', 'person1']
    assert names(tmp_path / 'out/person1') == [
        '00_overview.png',
        '01_strength.png',
        '02_gates.png',
        '03_context_1.1.png',
        'contact_sheet.png',
    ]
    assert 'note: the checkpoint has no predictors' in out


def test_without_context(show, toy, tmp_path):
    config = Config.fromfile(toy / 'supervised.py')
    config.model.neck.update(context='none')
    init_default_scope('mmpose')
    model = build_pose_estimator(config.model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'none.pth')
    status, out, err = show(
        *('--out', tmp_path / 'out'),
        *('--cfg-options', 'model.neck.context=none'),
        checkpoint=tmp_path / 'none.pth',
    )
    assert status == 0, err
    assert "note: this network has context='none'" in out
    assert not list((tmp_path / 'out').glob('*context_*'))


def test_the_crop_is_what_the_network_sees(toy):
    """Joints are drawn where the network put them in its own input."""
    from mmkbdm.visualization.parse_graph_person import load_network, look_at

    cfg = Config.fromfile(toy / 'supervised.py')
    model, supervised = load_network(cfg, str(toy / 'epoch_1.pth'))
    assert supervised
    box = [10, 5, 30, 50]
    heatmaps = torch.full((1, 17, 48, 32), 1e-3)
    heatmaps[0, 9, 30, 20] = 1  # left wrist
    model.head.forward = lambda feats: heatmaps
    model.test_cfg = dict(flip_test=False)
    person = look_at(model, str(toy / 'val/000000.png'), box)
    assert person.crop.shape == (96, 64, 3)
    # A UDP heatmap of 32 x 48 spans 63 x 95 pixel distances of the input.
    expected = [20 / 31 * 63, 30 / 47 * 95]
    np.testing.assert_allclose(person.joints['left_wrist'], expected, atol=1.1)
    image = cv2.imread(str(toy / 'val/000000.png'))[..., ::-1]
    centre = image[28:32, 23:27].mean((0, 1))
    np.testing.assert_allclose(
        person.crop[45:51, 29:35].mean((0, 1)), centre, atol=40
    )


def test_weights_of_a_wrapped_model(toy, tmp_path):
    """As torch saves what several GPUs trained."""
    from mmkbdm.visualization.parse_graph_person import load_network

    content = torch.load(toy / 'epoch_1.pth')['state_dict']
    saved = tmp_path / 'wrapped.pth'
    torch.save({f'module.{k}': v for k, v in content.items()}, saved)
    cfg = Config.fromfile(toy / 'supervised.py')
    model, supervised = load_network(cfg, str(saved))
    assert supervised
    found = model.state_dict()
    assert all(torch.equal(found[k], v) for k, v in content.items())


WRONG = [
    (['--joints', 'left_wirst'], {}, 'did you mean left_wrist?'),
    (['--levels', 2], {}, '--levels 2 does not exist: the parse graph has 2'),
    (['--nodes', '1.2'], {}, 'the nodes are 0.0, 1.0, 1.1'),
    (['--stage', 1], {}, '--stage 1 does not exist: the neck has 1'),
    (['--map', -2], {}, '--map -2 does not exist: the neck has 1'),
    (['--bbox', 64, 0, 9, 9], {}, 'is not in'),
    (['--bbox', 5, 5, 0, 9], {}, 'give another --bbox'),
    (['--ann', 'nothing.json'], {}, 'nothing.json does not exist (--ann)'),
    (['--ann', __file__], {}, 'is no COCO file'),
    (['--device', 'tpu!'], {}, '--device tpu!'),
    (['--out', '/proc/no'], {}, '/proc/no cannot be written to'),
    ([], dict(config=ROOT / PARTITION), 'partition_coco.py has no model'),
    ([], dict(image='val'), 'does not exist: give an image file'),
    ([], dict(image='supervised.py'), 'supervised.py cannot be decoded'),
    ([], dict(checkpoint='supervised.py'), 'not a checkpoint file'),
    ([], dict(checkpoint='nothing.pth'), 'nothing.pth: no such file'),
    ([], dict(config='nothing.py'), 'give the path of a config file'),
    ([], dict(config=ROOT / PLAIN_CONFIG), 'has no RMPG neck'),
    ([], dict(config=ROOT / TOY_CONFIG), 'checkpoint is of another model'),
    (
        ['--cfg-options', 'test_dataloader=None'],
        {},
        'has no test_dataloader.dataset.pipeline',
    ),
    (
        ['--cfg-options', 'model.neck.groups=(3,)'],
        {},
        'model.neck: 64 channels cannot be split',
    ),
]


@pytest.mark.parametrize('args, files, reason', WRONG)
def test_wrong_input_is_one_line(show, tmp_path, args, files, reason):
    status, _, err = show(*args, **files)
    assert status == 2
    (line,) = re.findall(r'^error: .*$', err, re.M)
    assert reason in line
    assert err.endswith(f'{line}\n')
    assert not (tmp_path / 'work_dirs').exists()


def test_an_annotation_file_of_other_images(show, toy, tmp_path):
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(dict(images=[], annotations=[])))
    status, _, err = show('--ann', other)
    assert status == 2
    assert 'has no person in an image named 000000.png' in err
