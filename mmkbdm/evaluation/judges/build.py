"""A judge by the name of its config."""

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.errors import PreflightError
from mmkbdm.registry import JUDGES

from .base import Judge


def build_judge(config: str, **overrides) -> Judge:
    """Build the judge that a config file describes as ``judge``.

    Args:
        config (str): A file such as those in ``configs/judges``.
        **overrides: Arguments of the judge that replace the file's, such as
            ``weights``.

    Raises:
        PreflightError: The file is not there or describes no judge, or the
            judge lacks one of its files.

    Example:
        >>> judge = build_judge('configs/judges/toy_judge.py')
        >>> people = judge.judge([image])[0]
    """
    cfg = read_config(config)
    if 'judge' not in cfg:
        raise PreflightError(
            f'{config} describes no judge: it needs judge = dict(type=...), '
            'as in configs/judges/toy_judge.py'
        )
    return JUDGES.build(dict(cfg.judge, **overrides))
