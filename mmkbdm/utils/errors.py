"""Errors that a tool names in one line, free of any import."""


class UnreadableImageError(ValueError):
    """An image file is missing, cannot be read or does not decode."""


class NotFiniteError(ArithmeticError):
    """A loss or a gradient is NaN or infinite: training cannot go on."""
