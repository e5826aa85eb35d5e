"""What a shim reports about itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shim:
    """The state of one shim after :func:`mmkbdm.compat.activate`.

    Args:
        name (str): Name of what is patched.
        active (bool): Whether the shim changed anything.
        reason (str): Why, in one line.
    """

    name: str
    active: bool
    reason: str
