"""A judge by the name of its config."""

from collections.abc import Mapping

from mmkbdm.apis.arguments import read_config
from mmkbdm.apis.build_from import build_from
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
            judge lacks one of its files or takes no such argument.

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
    if not isinstance(cfg.judge, Mapping):
        raise PreflightError(f'{config}: judge = {cfg.judge!r} is no dict')
    return build_judge_from(dict(cfg.judge, **overrides), config)


def build_judge_from(cfg: Mapping, file: str) -> Judge:
    """Build a judge of its config; ``file`` is where that is from."""
    return build_from(JUDGES, cfg, file, dict(detector=JUDGES))
