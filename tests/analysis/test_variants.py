import pytest
import torch
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from tiny_hosts import HOSTS, tiny

import mmkbdm
from mmkbdm.analysis import variants
from mmkbdm.analysis.cost import count_macs, count_params
from mmkbdm.analysis.network import random_images
from mmkbdm.analysis.variants import build_variants, load_presets
from mmkbdm.apis.errors import PreflightError

TOY = 'simplebaseline_toy_rmpg_toyhuman'
COCO = parse_pose_metainfo(dict(from_file='configs/_base_/datasets/coco.py'))
JOINTS = [list(COCO['keypoint_name2id'])]
NAMES = ['base', 'lite', 'default', 'paper-size']


def test_presets_are_those_of_the_configs():
    presets = load_presets()
    assert list(presets) == NAMES[1:]
    assert presets['lite'] == dict(combine='add', out_proj=True)
    presets['default'].pop('type', None)
    assert presets['default'] == {}
    assert presets['paper-size'] == dict(
        kernel_size=3, position='none', combine='add'
    )


def test_presets_of_an_installed_package(monkeypatch, tmp_path):
    package = tmp_path / 'mmkbdm'
    monkeypatch.setattr(mmkbdm, '__file__', str(package / '__init__.py'))
    with pytest.raises(PreflightError, match='pip install -e .'):
        load_presets()
    base = package / '.mim' / 'configs' / 'rmpg' / '_base_'
    base.mkdir(parents=True)
    (base / 'rmpg.py').write_text(
        'rmpg = dict()\nrmpg_lite = dict(groups=(2,))\nrmpg_paper = dict()\n'
    )
    assert load_presets()['lite'] == dict(groups=(2,))


@pytest.mark.parametrize('name', HOSTS)
def test_variants_share_the_host_and_differ_in_the_neck(name):
    cfg = tiny(name)
    cfg.model.neck.groups = (2, 2)
    networks = build_variants(cfg, name, load_presets())
    assert list(networks) == NAMES
    base = networks['base'].estimator
    assert not base.with_neck
    image = random_images(cfg, name)
    macs = {n: count_macs(net, image) for n, net in networks.items()}
    for variant in NAMES[1:]:
        twin = networks[variant].estimator
        assert twin.backbone is base.backbone and twin.head is base.head
        graph = twin.neck.graphs[0]
        graph = getattr(graph, 'body', graph)
        # The placement is the host's, the rest the preset's.
        assert len(graph.levels) == 2
        relation = graph.levels[0].relation
        assert relation.kv_pool == cfg.model.neck.get('kv_pool', 1)
        assert relation.projection.kernel_size == (
            (3, 3) if variant == 'paper-size' else (1, 1)
        )
        assert count_params(networks[variant]) == count_params(
            networks['base']
        ) + count_params(twin.neck)
        assert macs[variant] > macs['base']


def test_variants_start_as_the_base():
    """The gates of the config are no placement: presets start closed."""
    networks = build_variants(tiny(TOY), TOY, load_presets())
    image = torch.randn(1, 3, 96, 64)
    outs = [network(image) for network in networks.values()]
    assert all(torch.equal(out, outs[0]) for out in outs)


@pytest.mark.parametrize(
    'neck, words',
    [
        (None, 'of type None'),
        (dict(type='FeatureMapProcessor'), 'of type FeatureMapProcessor'),
    ],
    ids=str,
)
def test_another_neck(neck, words):
    cfg = tiny(TOY)
    cfg.model.neck = neck
    with pytest.raises(PreflightError, match=words):
        build_variants(cfg, TOY, {})
    cfg.model = None
    with pytest.raises(PreflightError, match='neck of type None'):
        build_variants(cfg, TOY, {})


def test_preset_that_does_not_fit():
    presets = dict(odd=dict(position='learned'))
    with pytest.raises(PreflightError, match="preset odd: .*'learned'"):
        build_variants(tiny(TOY), TOY, presets)
    assert variants.BASE == 'base'


def test_hierarchy_is_measured_beside_the_presets():
    """Its own neck comes last, and predictors of training do not count."""
    cfg = tiny(TOY)
    cfg.merge_from_dict(
        dict(
            model=dict(
                type='mmkbdm.SupervisedTopdownPoseEstimator',
                metainfo=dict(from_file='configs/_base_/datasets/coco.py'),
                neck=dict(type='mmkbdm.HierarchicalRMPG'),
                auxiliary=[dict(parts=JOINTS)],
            )
        )
    )
    networks = build_variants(cfg, TOY, load_presets())
    assert list(networks) == [*NAMES, 'own']
    params = {n: count_params(net) for n, net in networks.items()}
    plain = build_variants(tiny(TOY), TOY, load_presets())
    for name in NAMES:
        assert params[name] == count_params(plain[name])
    stages = networks['own'].estimator.neck.graphs[0].stages
    assert len(stages) == 3
    assert params['own'] - params['base'] == count_params(stages)


def test_bare_name_of_the_neck():
    cfg = tiny(TOY)
    cfg.model.neck.type = 'RMPG'
    assert list(build_variants(cfg, TOY, load_presets())) == NAMES
