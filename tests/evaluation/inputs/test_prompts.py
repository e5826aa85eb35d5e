import pytest

from mmkbdm.apis.errors import PreflightError
from mmkbdm.evaluation.inputs.prompts import prompts_of, read_prompts


@pytest.mark.parametrize(
    'text',
    [
        '{"a.png": "ä man", "b.png": "two"}',
        '{"file_name": "a.png", "prompt": "ä man"}\n\n'
        '{"file_name": "b.png", "prompt": "two", "seed": 3}\n',
    ],
)
def test_both_forms(tmp_path, text):
    path = tmp_path / 'p.json'
    path.write_text(text, encoding='utf-8')
    prompts = read_prompts(str(path))
    assert prompts == {'a.png': 'ä man', 'b.png': 'two'}
    assert prompts_of(['x/a.jpg', 'c.jpg'], prompts) == {'x/a.jpg': 'ä man'}


def test_one_line(tmp_path):
    path = tmp_path / 'p.jsonl'
    path.write_text('{"file_name": "a.png", "prompt": "one"}\n')
    assert read_prompts(str(path)) == {'a.png': 'one'}


@pytest.mark.parametrize(
    'text', ['a man', '[1]', '{"a.png": 3}', '{"name": "a"}\n{"name": "b"}']
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / 'p.json'
    path.write_text(text)
    with pytest.raises(PreflightError, match='must be JSON'):
        read_prompts(str(path))
    with pytest.raises(PreflightError, match='cannot be read'):
        read_prompts(str(tmp_path / 'missing.json'))
