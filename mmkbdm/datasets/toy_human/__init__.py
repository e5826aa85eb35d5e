"""ToyHuman: rendered articulated people in COCO format. Source: ours."""

from .coco_writer import verify_dataset, write_dataset
from .contact_sheet import contact_sheet
from .errors import ToyHumanError
from .image import ToyImage, render_image

__all__ = [
    'ToyHumanError',
    'ToyImage',
    'contact_sheet',
    'render_image',
    'verify_dataset',
    'write_dataset',
]
