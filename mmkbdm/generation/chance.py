"""Datasets to compare by, which must not depend on chance (ours)."""

from collections.abc import Mapping

from mmkbdm.apis.errors import PreflightError


def refuse_chance(dataset: Mapping, where: str) -> None:
    """Refuse a dataset whose samples are not the same every time.

    Args:
        dataset (Mapping): Its config.
        where (str): File or part that it is from, for the message.

    Raises:
        PreflightError: It has no pipeline, a step named ``Random...``, or
            draws captions.
    """
    if not isinstance(dataset, Mapping) or not dataset.get('pipeline'):
        raise PreflightError(
            f'{where} has no dataset with a pipeline: take that of '
            'configs/evaluation/toyhuman_val.py'
        )
    for step in dataset['pipeline']:
        name = type_name(step)
        if name.startswith('Random'):
            raise PreflightError(
                f'{where} has {name} in its pipeline: conditions to compare '
                'by must not depend on chance'
            )
    if dataset.get('caption') == 'random':
        raise PreflightError(
            f"{where} has caption='random': prompts to compare by must not "
            "depend on chance; set caption='first'"
        )


def type_name(step: Mapping) -> str:
    """Return the class that a config names, without its scope."""
    kind = step.get('type', '') if isinstance(step, Mapping) else ''
    name = kind if isinstance(kind, str) else getattr(kind, '__name__', '')
    return name.rpartition('.')[2]
