"""Colour, coverage and outlines of a scene, read from its map of parts.

Source: ours. All arithmetic is on uint8 or int32. Scaled products use an odd
divisor, so that no result lies on a rounding tie and the bytes do not depend
on the processor.
"""

import functools

import cv2
import numpy as np

from .canvas import FACE, SKIN

_LIMBS = ('arm', 'forearm', 'hand'), ('thigh', 'shin', 'foot')


def _limb(part):
    side, _, rest = part.partition('_')
    if side not in ('left', 'right') or rest == 'ear':
        return 'trunk' if part in ('torso', 'pelvis', 'skirt') else part
    return side + ('_leg' if rest in _LIMBS[1] else '_arm')


def _group(entry):
    """Return what has no outline inside: a limb in one cloth, a face."""
    owner, part, role = entry[:3]
    return owner, _limb(part), SKIN if role == FACE else role


class Layers:
    """What a style needs to know about a painted scene.

    Args:
        scene (Scene): Painted scene.

    Attributes:
        size (int): Width and height of the image.
        index (np.ndarray): Part numbers, (2S, 2S) uint8.
        colours (np.ndarray): BGR by number, (256, 3) int32.
        roles (np.ndarray): Role by number, (256,) int32.
        shaded (np.ndarray): Whether a number lies in shade, (256,) bool.
        shadow (np.ndarray): Contact shadows, (S, S) uint8.
    """

    def __init__(self, scene):
        entries = scene.palette.entries
        self.size, self.index = scene.size, scene.index
        self.shadow, self.light = scene.shadow, scene.light
        used = len(entries)
        self.colours = np.zeros((256, 3), np.int32)
        self.colours[:used] = [entry[4] for entry in entries]
        self.roles = np.zeros(256, np.int32)
        self.roles[:used] = [entry[2] for entry in entries]
        self.shaded = np.zeros(256, bool)
        self.shaded[:used] = [entry[3] for entry in entries]
        groups = {}
        self._groups = np.zeros(256, np.uint8)
        self._groups[:used] = [
            groups.setdefault(_group(e), len(groups)) for e in entries
        ]
        self._owners = np.zeros(256, np.uint8)
        self._owners[:used] = [
            groups.setdefault(e[0], len(groups)) for e in entries
        ]

    def lut(self, shade=78):
        """Return the colours with shade, (256, 3) int32.

        Args:
            shade (int): Brightness of shaded numbers in percent.
        """
        table = self.colours.copy()
        table[self.shaded] = table[self.shaded] * shade // 100
        return table

    def full(self, table):
        """Return the map in the colours of ``table``, (2S, 2S, 3) uint8."""
        table = np.clip(table, 0, 255).astype(np.uint8)
        return cv2.applyColorMap(self.index, table.reshape(256, 1, 3))

    def paint(self, table):
        """Return the people and objects on black, (S, S, 3) uint8."""
        table[0] = 0
        return self.shrink(self.full(table))

    def mask(self, numbers):
        """Return the coverage of some numbers, (S, S) uint8.

        Args:
            numbers (np.ndarray): Which numbers count, (256,) bool.
        """
        table = np.where(numbers, 255, 0).astype(np.uint8)
        return self.shrink(cv2.LUT(self.index, table))

    def alpha(self):
        """Return the coverage of all people and objects, (S, S) uint8."""
        numbers = np.ones(256, bool)
        numbers[0] = False
        return self.mask(numbers)

    def outline(self, width=3, owners_only=False):
        """Return lines between parts, (S, S) uint8, 255 on a line.

        Args:
            width (int): Thickness in map pixels of an image of 128 pixels.
            owners_only (bool): Leave out lines inside a person.
        """
        table = self._owners if owners_only else self._groups
        labels = cv2.LUT(self.index, table)
        kernel = _kernel(max(3, width * self.size // 128 | 1))
        edges = cv2.morphologyEx(labels, cv2.MORPH_GRADIENT, kernel)
        edges = cv2.threshold(edges, 0, 255, cv2.THRESH_BINARY)[1]
        return self.shrink(edges)

    def shrink(self, plane):
        """Average blocks of map pixels to image pixels."""
        return cv2.resize(
            plane, (self.size, self.size), interpolation=cv2.INTER_AREA
        )


@functools.lru_cache(maxsize=8)
def _kernel(width):
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))


def saturate(table, percent):
    """Return BGR rows moved away from their grey, int32."""
    grey = luma(table)[:, None]
    return grey + (table - grey) * percent // 100


def luma(table):
    """Return the brightness of BGR rows, (N,) int32."""
    return (table[:, 0] * 29 + table[:, 1] * 150 + table[:, 2] * 77) >> 8


def toward(table, colour, percent):
    """Return BGR rows moved ``percent`` of the way to one colour."""
    return table + (np.array(colour, np.int32) - table) * percent // 100


def soft_skin(layers, table, percent, colour):
    """Move the skin rows of ``table`` towards a colour, in place."""
    rows = layers.roles == SKIN
    table[rows] = toward(table[rows], colour, percent)


def grey3(plane):
    """Return a plane as three equal channels."""
    return cv2.merge((plane, plane, plane))


def over(background, paint, alpha):
    """Put premultiplied paint over a background, (S, S, 3) uint8."""
    rest = cv2.multiply(background, grey3(255 - alpha), scale=1 / 255)
    return cv2.add(rest, paint)


def ink(image, alpha, colour):
    """Blend one colour over an image where ``alpha`` is high."""
    rest = cv2.multiply(image, grey3(255 - alpha), scale=1 / 255)
    paint = [
        cv2.LUT(alpha, _ramp(channel)) if channel else np.zeros_like(alpha)
        for channel in colour
    ]
    return cv2.add(rest, cv2.merge(paint))


@functools.lru_cache(maxsize=256)
def _ramp(level):
    return ((np.arange(256) * level + 127) // 255).astype(np.uint8)


def scaled(alpha, percent):
    """Return a plane at ``percent`` of its strength."""
    return cv2.LUT(alpha, _ramp(255 * percent // 100))


def modulate(image, texture):
    """Multiply an image by a texture in which 127 changes nothing."""
    return cv2.multiply(image, grey3(texture), scale=1 / 127)


def darken(image, mask, percent):
    """Darken an image by ``percent`` where ``mask`` is 255."""
    return ink(image, scaled(mask, percent), (20, 20, 25))
