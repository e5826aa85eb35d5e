"""The error of this package."""


class ToyHumanError(ValueError):
    """An argument or folder that cannot be used; one line that says why."""
