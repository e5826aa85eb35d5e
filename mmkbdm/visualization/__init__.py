"""Pictures for people."""

from .contact_sheet import contact_sheet
from .panels import captioned, enlarge, fit_pen, labelled, zoom_points

__all__ = [
    'captioned',
    'contact_sheet',
    'enlarge',
    'fit_pen',
    'labelled',
    'zoom_points',
]
