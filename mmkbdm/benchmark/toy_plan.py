"""The runs of the ToyHuman experiment, and the rates that they take (ours).

The learning rate of every arm is chosen alike, on other people than the arms
are compared on: it is multiplied by each factor with the gates at the same
rate, and by one with gates that learn faster; the best of these is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mmkbdm.apis.errors import PreflightError

from .report import arm_of
from .runs import Run
from .toy_arms import ARMS, HOSTS, ITERS

TUNING_SEED = 100
RATES = (0.5, 1.0, 2.0)
FAST_GATE = 10.0
# Arms without gates.
NO_GATES = ('none',)
# What results from before there was a choice are of.
DEFAULTS = dict(gate=1.0, device='cpu')


@dataclass(frozen=True)
class ToyRun(Run):
    """One training of an arm.

    Args:
        gate (float): Factor on the learning rate of the gates, beside ``lr``.
        device (str): ``cpu`` or ``cuda``; their results are not compared.
    """

    gate: float = 1.0
    device: str = 'cpu'

    @property
    def name(self) -> str:
        """Folder of the run, unique for it."""
        first, _, last = super().name.rpartition('_')
        return f'{first}_gate{self.gate:g}_{self.device}_{last}'

    @property
    def data(self) -> str:
        """People that it trains and is judged on: ``tune`` or ``compare``."""
        return 'tune' if self.study == 'tune' else 'compare'


def chosen_arms(studies: Sequence[str], arms: Sequence[str] | None) -> set:
    """Arms that a user asks for.

    Raises:
        PreflightError: On an arm that no chosen study has.
    """
    known = {arm for study in studies for arm in ARMS[study]}
    for arm in arms or ():
        if arm not in known:
            raise PreflightError(
                f'--arms {arm}: the studies {" ".join(studies)} have '
                f'{", ".join(sorted(known))}'
            )
    return set(arms or known)


def tuning_runs(
    arms: Iterable[str], device: str, rates: Sequence[float] = RATES
) -> list[ToyRun]:
    """List the runs that choose the rates of arms."""
    runs = []
    for arm in ARMS['tune']:
        if arm not in arms:
            continue
        one = ToyRun(
            'tune',
            f'{HOSTS["tune"]}_{arm}',
            TUNING_SEED,
            iters=ITERS['tune'],
            device=device,
        )
        runs += [replace(one, lr=rate) for rate in rates]
        if arm not in NO_GATES:
            runs.append(replace(one, gate=FAST_GATE))
    return runs


def compared_runs(
    studies: Iterable[str],
    arms: Iterable[str],
    seeds: Iterable[int],
    device: str,
    results: Sequence[dict],
) -> list[ToyRun]:
    """List the runs that compare arms, study by study and seed by seed.

    A cut leaves whole seeds of the first studies.

    Args:
        studies (Iterable[str]): Of ``ARMS``, without ``tune``.
        arms (Iterable[str]): Arms.
        seeds (Iterable[int]): Seeds.
        device (str): ``cpu`` or ``cuda``.
        results (Sequence[dict]): Finished runs, the choice of rates among
            them.
    """
    rates = chosen_rates(results, device)
    runs = []
    for study in studies:
        for seed in seeds:
            for arm in ARMS[study]:
                if arm in arms:
                    lr, gate = rates.get(arm, (1.0, 1.0))
                    config = f'{HOSTS[study]}_{arm}'
                    iters = ITERS[study]
                    runs.append(
                        ToyRun(study, config, seed, lr, iters, gate, device)
                    )
    return runs


def chosen_rates(
    results: Sequence[dict], device: str
) -> dict[str, tuple[float, float]]:
    """Factors on the rate and on that of the gates, best AP, by arm."""
    best: dict[str, tuple] = {}
    for result in results:
        result = {**DEFAULTS, **result}
        if result['study'] == 'tune' and result['device'] == device:
            arm = arm_of(result)
            # Of ones that are the same to a thousandth, the slower.
            ap = round(result['coco/AP'], 3)
            score = (ap, -result['lr'], -result['gate'])
            best[arm] = max(score, best.get(arm, score))
    return {arm: (-lr, -gate) for arm, (_, lr, gate) in best.items()}


def config_path(run: Run) -> Path:
    """Config of a run, from the root of the repository."""
    return Path('configs/rmpg/toyhuman', f'{run.config}.py')
