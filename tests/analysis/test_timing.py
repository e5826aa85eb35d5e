import pytest

from mmkbdm.analysis import timing
from mmkbdm.analysis.timing import Spread, pairwise_ratio, take_turns


class Machine:
    """A clock that only the timed calls move, and what they did."""

    def __init__(self):
        self.now = 0.0
        self.log = []

    def call(self, name, seconds):
        def run():
            self.log.append(name)
            self.now += seconds

        return run


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: machine.now)
    return machine


def test_turns(machine):
    calls = {name: machine.call(name, s) for name, s in zip('abc', (1, 2, 4))}
    rounds = []
    seconds = take_turns(calls, repeats=4, progress=rounds.append)
    assert seconds == {'a': [1] * 4, 'b': [2] * 4, 'c': [4] * 4}
    warm_up, counted = machine.log[:6], machine.log[6:]
    assert ''.join(warm_up) == 'abc' * 2
    assert ''.join(counted) == 'abc' + 'bca' + 'cab' + 'abc'
    assert sum(rounds) == 4 + timing.WARM_UP


def test_a_slower_machine_meets_all(machine):
    """Twice as slow from the third round on: the ratio does not notice."""
    calls = {}
    for name, seconds in dict(base=1.0, other=1.5).items():

        def run(name=name, seconds=seconds):
            machine.log.append(name)
            machine.now += seconds * (1 + (len(machine.log) > 8))

        calls[name] = run
    seconds = take_turns(calls, repeats=5)
    assert seconds['base'] == [1, 1, 2, 2, 2]
    ratio = pairwise_ratio(seconds['other'], seconds['base'])
    assert ratio == Spread(1.5, 1.5, 1.5)


@pytest.mark.parametrize(
    'max_seconds, warm_up, counted', [(100, 2, 20), (18, 2, 16), (3, 1, 3)]
)
def test_time_limit(machine, max_seconds, warm_up, counted):
    rounds = []
    seconds = take_turns(
        dict(a=machine.call('a', 1)),
        repeats=20,
        max_seconds=max_seconds,
        progress=rounds.append,
    )
    assert len(seconds['a']) == counted + (max_seconds == 18)
    assert len(machine.log) - len(seconds['a']) == warm_up
    assert sum(rounds) == 22


def test_waits_for_the_device(machine):
    def synchronize():
        machine.log.append('wait')
        machine.now += 1

    take_turns(dict(a=machine.call('a', 1)), 1, synchronize=synchronize)
    assert machine.log[2:] == ['wait', 'a', 'wait']


def test_spread():
    assert Spread.of([5]) == Spread(5, 5, 5)
    assert Spread.of([5, 1, 2, 4, 3]) == Spread(3, 2, 4)
    assert pairwise_ratio([2, 9], [1, 3]) == Spread(2.5, 2.25, 2.75)
