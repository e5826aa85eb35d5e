import pytest
from mmengine.registry import Registry

from mmkbdm.apis.build_from import build_from
from mmkbdm.apis.errors import PreflightError

THINGS = Registry('thing', scope='tests')


class Base:
    def __init__(self, size, colour='red'):
        self.size, self.colour = size, colour


@THINGS.register_module()
class Thing(Base):
    def __init__(self, part=None, **kwargs):
        super().__init__(**kwargs)
        self.part = part


@THINGS.register_module()
class Failing:
    def __init__(self, error):
        raise error


def build(**cfg):
    return build_from(THINGS, cfg, 'a.py', dict(part=THINGS))


def test_arguments_go_to_the_class_above():
    thing = build(type='Thing', size=3, colour='blue')
    assert (thing.size, thing.colour) == (3, 'blue')


@pytest.mark.parametrize(
    'cfg, words',
    [
        (dict(size=3), r"a.py: {'size': 3} is no config of a thing"),
        (
            dict(type='Thang'),
            'a.py: Thang is not registered as thing: there are Failing, Thing',
        ),
        (dict(type='foo.Thing'), 'foo.Thing is not registered'),
        (
            dict(type='Thing', weight=3),
            "Thing takes no argument 'weight': it takes part, size, colour",
        ),
        (
            dict(type='Thing', size=3, part=dict(type='Thang')),
            'Thang is not registered',
        ),
        (
            dict(type='Thing', size=3, part=[dict(type='Failing', a=1)]),
            "Failing takes no argument 'a'",
        ),
        (
            dict(type='Thing'),
            "Thing lacks an argument .*missing 1 required .*'size'",
        ),
    ],
)
def test_what_a_config_has_wrong(cfg, words):
    with pytest.raises(PreflightError, match=words):
        build(**cfg)


def test_long_reasons_are_one_short_line():
    error = RuntimeError('Missing keys:\n\t' + 'layer.weight, ' * 2000)
    with pytest.raises(PreflightError, match='Missing keys: layer') as caught:
        build(type='Failing', error=error)
    assert len(str(caught.value)) < 400 and '\n' not in str(caught.value)


def test_our_own_errors_and_defects_stay():
    with pytest.raises(PreflightError, match='^ours$'):
        build(type='Failing', error=PreflightError('ours'))
    for error in (ZeroDivisionError, TypeError):
        with pytest.raises(error):
            build(type='Failing', error=error())
