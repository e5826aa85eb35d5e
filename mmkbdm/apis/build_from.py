"""Objects that config files describe, with errors that name the file."""

import inspect
import pickle
from collections.abc import Mapping

from mmengine.registry import Registry

from mmkbdm.apis.errors import PreflightError

LONGEST_REASON = 200


def build_from(
    registry: Registry,
    cfg: Mapping,
    file: str,
    nested: Mapping[str, Registry] | None = None,
):
    """Build an object and tell in one line what its config has wrong.

    Args:
        registry (Registry): Where its type is registered.
        cfg (Mapping): ``type`` and arguments.
        file (str): Where the config is from, for messages.
        nested (Mapping[str, Registry], optional): Registries of arguments
            that are configs, or lists of configs, themselves.

    Raises:
        PreflightError: The type is not registered, an argument is unknown or
            missing, or the object refuses what it is given, such as weights
            of another network.
    """
    check_cfg(registry, cfg, file, nested)
    try:
        return registry.build(cfg)
    except TypeError as error:
        # As Python words what a call lacks; any other is a defect.
        if 'missing' not in str(error) or 'required' not in str(error):
            raise
        raise PreflightError(
            f'{file}: {cfg["type"]} lacks an argument ({shortened(error)})'
        ) from error
    # What packages raise for files that are missing, damaged or of another
    # network, and constructors for values that do not exist.
    except (
        OSError,
        EOFError,
        ImportError,
        RuntimeError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        # Ours are one line already.
        if type(error).__module__.partition('.')[0] == 'mmkbdm':
            raise
        raise PreflightError(
            f'{file}: {cfg["type"]} cannot be loaded '
            f'({shortened(error)}): mend its arguments, give a local folder '
            'or file, or install what is missing'
        ) from error


def check_cfg(
    registry: Registry,
    cfg: Mapping,
    file: str,
    nested: Mapping[str, Registry] | None = None,
) -> None:
    """Check type and names of arguments of a config, without building it.

    Args:
        registry (Registry): See :func:`build_from`.
        cfg (Mapping): See :func:`build_from`.
        file (str): See :func:`build_from`.
        nested (Mapping[str, Registry], optional): See :func:`build_from`.

    Raises:
        PreflightError: Names the file, the type or argument, and what there
            is in its place.
    """
    if not isinstance(cfg, Mapping) or 'type' not in cfg:
        raise PreflightError(
            f'{file}: {cfg!r} is no config of a {registry.name}: it needs '
            'dict(type=...)'
        )
    kind = _registered(registry, cfg['type'])
    if kind is None:
        raise PreflightError(
            f'{file}: {cfg["type"]} is not registered as {registry.name}: '
            f'there are {", ".join(sorted(registry.module_dict))}; others '
            'need custom_imports in the config'
        )
    taken = _arguments(kind)
    for key in cfg:
        if taken is not None and key not in ('type', '_scope_', *taken):
            raise PreflightError(
                f'{file}: {cfg["type"]} takes no argument {key!r}: it takes '
                f'{", ".join(taken)}'
            )
    for key, own in (nested or {}).items():
        value = cfg.get(key)
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, Mapping):
                check_cfg(own, one, file)


def shortened(error: Exception) -> str:
    """Return an error's message in one line of limited length."""
    text = ' '.join(str(error).split()) or type(error).__name__
    if len(text) > LONGEST_REASON:
        text = text[:LONGEST_REASON].rpartition(' ')[0] + ' ...'
    return text


def _registered(registry: Registry, kind):
    if not isinstance(kind, str):
        return kind
    try:
        return registry.get(kind)
    # For a name with a package that has none of it.
    except RuntimeError:
        return None


def _arguments(kind) -> list[str] | None:
    """Return the names of arguments that a class takes, None for any."""
    makers = [kind]
    if inspect.isclass(kind):
        makers = [
            vars(one)['__init__']
            for one in inspect.getmro(kind)
            if '__init__' in vars(one)
        ]
    taken = []
    for maker in makers:
        parameters = list(inspect.signature(maker).parameters.values())
        parameters = parameters[inspect.isclass(kind) :]
        taken += [
            one.name
            for one in parameters
            if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
            and one.name not in taken
        ]
        # The next class gets what this one does not name.
        if not any(one.kind == one.VAR_KEYWORD for one in parameters):
            return taken
    return None
