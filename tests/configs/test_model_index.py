"""Reading model-index.yml as mim and MMPose's users' tools do."""

import functools
import json
from pathlib import Path

import pytest
import yaml
from matrix import CONFIGS, ROOT, count, load
from mmengine.config import Config
from modelindex.load_model_index import load as load_index

IMPORTS = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']
METAFILES = [yaml.safe_load((ROOT / path).read_text()) for path in IMPORTS]
COLLECTIONS = {
    collection['Name']
    for file in METAFILES
    for collection in file.get('Collections', [])
}
MODELS = [model for file in METAFILES for model in file['Models']]
SCOPES = dict(
    coco='COCO', crowdpose='CrowdPose', mpii='MPII', toyhuman='ToyHuman'
)


def test_every_config_is_listed_once():
    names = [model['Name'] for model in MODELS]
    assert len(names) == len(set(names))
    listed = {Path(model['Config']) for model in MODELS}
    on_disk = {path.relative_to(ROOT) for path in CONFIGS.glob('*.py')}
    assert listed == on_disk


@pytest.mark.parametrize('path', IMPORTS)
def test_metafiles_are_of_a_readable_size(path):
    assert len((ROOT / path).read_text().splitlines()) <= 500


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_entry(model):
    collections = {
        c['Name'] for f in METAFILES for c in f.get('Collections', [])
    }
    assert model['In Collection'] in collections
    assert model['Name'] == Path(model['Config']).stem
    data = model['Metadata']['Training Data']
    assert data in {SCOPES.get(part) for part in model['Name'].split('_')}
    (result,) = model['Results']
    assert result['Task'] == 'Body 2D Keypoint'
    assert result['Dataset'] == data
    # Nothing was measured on these data.
    assert result['Metrics'] == {}


@functools.cache
def count_cached(text):
    return count(Config(json.loads(text)))


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_parameters(model):
    """Of the metafile, of the config's first line, and counted."""
    net = load(model['Name']).model
    # Supervised nodes are counted with the neck that they belong to.
    neck = None if 'auxiliary' in net else net.pop('neck', None)
    total = sum(
        count_cached(json.dumps(part, default=list))
        for part in (net, neck)
        if part
    )
    assert model['Metadata']['Parameters'] == total
    text = (ROOT / model['Config']).read_text()
    comment = text.partition('_base_')[0].replace('\n#', '')
    if 'toy' not in model['Name']:
        assert f' {total / 1e6:.1f} M parameters.' in comment


def test_the_reader_of_mim_understands_it(monkeypatch):
    monkeypatch.chdir(ROOT)
    index = load_index('model-index.yml')
    index.build_models_with_collections()
    assert len(index.models) == len(MODELS)
    for model in index.models:
        assert (ROOT / model.config).is_file()
        assert model.full_model.metadata.data['Architecture'] == ['RMPG']


def test_tables_of_the_readme():
    """Parameters of every network on COCO, and of every hierarchy."""
    listed = {m['Name']: m['Metadata']['Parameters'] for m in MODELS}
    text = (ROOT / 'configs' / 'rmpg' / 'README.md').read_text()
    rows = [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in text.splitlines()
        if line.startswith('| ') and ',' in line
    ]
    matrix = [row for row in rows if row[1].startswith('`')]
    assert len(matrix) == 12
    for row in matrix:
        host = row[1].strip('`')
        for preset, cell in zip(('rmpg-lite', 'rmpg', 'rmpg-paper'), row[4:]):
            assert listed[f'{host}_{preset}_coco'] == number(cell)
    hierarchies = [row for row in rows if row not in matrix]
    totals = [number(row[3]) + number(row[4]) for row in hierarchies]
    assert sorted(totals) == sorted(
        count for name, count in listed.items() if 'hier' in name
    )


def number(cell):
    return int(cell.strip('+ ').replace(',', ''))
