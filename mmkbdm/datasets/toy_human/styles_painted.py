"""Styles made of paint, glass, plaster or light.

Source: ours. See :mod:`.styles_drawn` for the contract.
"""

import cv2
import numpy as np

from .backgrounds import any_place, circle, gradient, panes, plain, polygon
from .canvas import FACE, HAIR, SHIRT, SKIN
from .layers import (
    darken,
    grey3,
    ink,
    modulate,
    over,
    saturate,
    scaled,
    toward,
)
from .sampling import chance, pick, uniform
from .textures import brick_wall, displaced, grain, strokes

_OILS = (
    ((120, 115, 95), (120, 190, 225), (80, 105, 95), (50, 85, 80),
     (60, 90, 130)),
    ((70, 85, 110), (60, 120, 170), (50, 70, 100), (130, 150, 150),
     (85, 110, 140)),
    ((150, 140, 110), (170, 215, 235), (110, 120, 80), (60, 110, 120),
     (80, 95, 125)),
)  # fmt: skip
_WASHES = (
    ((250, 235, 210), (190, 235, 250), (225, 240, 205), (205, 232, 200),
     (225, 225, 245)),
    ((235, 235, 250), (210, 225, 245), (230, 215, 235), (245, 230, 215),
     (215, 235, 245)),
    ((225, 240, 235), (200, 230, 250), (235, 225, 205), (210, 225, 225),
     (240, 230, 220)),
)  # fmt: skip
_GLASS = (
    (190, 120, 50), (200, 160, 80), (150, 90, 60), (90, 150, 80),
    (120, 175, 140), (80, 170, 215), (170, 190, 205), (150, 110, 160),
)  # fmt: skip
_PLASTERS = (
    ((150, 185, 205), (120, 165, 205), (125, 160, 175), (110, 145, 160),
     (135, 155, 185)),
    ((180, 185, 175), (150, 190, 205), (160, 165, 140), (130, 150, 150),
     (150, 165, 190)),
    ((165, 170, 190), (150, 180, 215), (130, 150, 180), (120, 150, 150),
     (150, 160, 175)),
)  # fmt: skip
_NEONS = (
    ((90, 30, 60), (160, 60, 150)),
    ((70, 40, 20), (180, 120, 40)),
    ((60, 20, 40), (120, 90, 230)),
    ((60, 50, 15), (120, 170, 60)),
)  # fmt: skip


def oil_painting(rng, layers):
    """Dark warm colours in thick dabs and visible brush streaks."""
    size = layers.size
    image = any_place(rng, size, pick(rng, _OILS))
    mottled = grain(rng, size, max(3, size // 20), 34, 31)
    image = darken(modulate(image, mottled), layers.shadow, 45)
    table = toward(saturate(layers.lut(62), 108), (50, 80, 115), 13)
    image = over(image, layers.paint(table), layers.alpha())
    image = ink(image, scaled(layers.outline(3), 35), (30, 40, 60))
    image = displaced(rng, image, 2, max(1, size // 90))
    image = cv2.medianBlur(image, 3)
    upright = chance(rng, 0.5)
    image = modulate(image, strokes(rng, size, 11, 110, upright))
    image = modulate(image, strokes(rng, size, 7, 40, not upright))
    return modulate(image, grain(rng, size, 1, 6))


def watercolor(rng, layers):
    """Light washes that bleed, dark rims where the paint dried, paper."""
    size = layers.size
    image = any_place(rng, size, pick(rng, _WASHES))
    image = cv2.GaussianBlur(image, (5, 5), 0)
    blots = grain(rng, size, max(4, size // 9), 100, 41)
    bare = cv2.LUT(blots, _THRESHOLD)
    image = ink(image, bare, (250, 251, 250))
    image = darken(image, cv2.GaussianBlur(layers.shadow, (3, 3), 0), 16)
    alpha = layers.alpha()
    halo = cv2.dilate(alpha, np.ones((3, 3), np.uint8))
    image = ink(image, scaled(halo, 70), (250, 252, 252))
    table = toward(saturate(layers.lut(84), 112), (250, 250, 250), 25)
    table[layers.roles == FACE] = (90, 80, 105)
    paint = layers.paint(table)
    image = over(
        image,
        cv2.GaussianBlur(paint, (3, 3), 0),
        cv2.GaussianBlur(alpha, (3, 3), 0),
    )
    pigment = grain(rng, size, max(3, size // 18), 34, 42)
    inside = scaled(alpha, 100)
    wet = modulate(image, pigment)
    image = cv2.add(
        cv2.multiply(wet, grey3(inside), scale=1 / 255),
        cv2.multiply(image, grey3(255 - inside), scale=1 / 255),
    )
    rim = scaled(layers.outline(3), 38)
    image = ink(image, rim, (105, 85, 95))
    image = displaced(rng, image, max(3, size // 24), max(1, size // 110))
    return modulate(image, grain(rng, size, 2, 7))


def stained_glass(rng, layers):
    """Panes of luminous glass between thick lead."""
    size = layers.size
    colours = tuple(pick(rng, _GLASS) for _ in range(5))
    count = 14 + int(rng.random() * 12)
    image, lead = panes(rng, size, colours, count)
    image = ink(image, lead, (28, 26, 26))
    table = saturate(layers.lut(84), 135)
    table[layers.roles == HAIR] += 14
    image = over(image, layers.paint(table), layers.alpha())
    image = modulate(image, grain(rng, size, max(4, size // 12), 44, 51))
    shine = scaled(grain(rng, size, max(6, size // 8), 100, 52), 26)
    image = ink(image, shine, (235, 250, 255))
    return ink(image, layers.outline(5), (26, 24, 24))


def mural(rng, layers):
    """Matt earthy paint on bricks, brown contours, worn places."""
    size = layers.size
    image = any_place(rng, size, pick(rng, _PLASTERS))
    image = darken(image, layers.shadow, 30)
    table = toward(saturate(layers.lut(82), 92), (150, 175, 195), 22)
    image = over(image, layers.paint(table), layers.alpha())
    image = ink(image, scaled(layers.outline(3), 85), (45, 60, 90))
    wear = cv2.min(
        cv2.LUT(grain(rng, size, max(5, size // 10), 100, 61), _WORN),
        grain(rng, size, 2, 100, 62),
    )
    image = ink(image, wear, (165, 180, 190))
    return modulate(image, brick_wall(rng, size))


def digital_art(rng, layers):
    """Neon gradient and lights, soft shading, a glowing rim."""
    size = layers.size
    top, bottom = pick(rng, _NEONS)
    image = gradient(size, top, bottom)
    if chance(rng, 0.5):
        _city(rng, image, size, top)
    else:
        image = cv2.add(image, scaled3(plain(rng, size, (bottom, top, top))))
    for _ in range(9):
        x, y = uniform(rng, 0, size), uniform(rng, 0, 0.8 * size)
        colour = pick(rng, ((250, 160, 240), (250, 230, 130), (140, 220, 255)))
        circle(image, x, y, uniform(rng, 0.008, 0.028) * size, colour)
    alpha = layers.alpha()
    halo = cv2.GaussianBlur(alpha, (15, 15), 0)
    image = ink(image, scaled(halo, 55), (240, 190, 235))
    image = darken(image, layers.shadow, 50)
    paint = layers.paint(saturate(layers.lut(100), 112))
    shade = cv2.GaussianBlur(layers.mask(layers.shaded), (7, 7), 0)
    paint = cv2.multiply(
        paint, grey3(cv2.bitwise_not(scaled(shade, 52))), scale=1 / 255
    )
    image = over(image, paint, alpha)
    body = layers.mask(np.isin(layers.roles, (SKIN, SHIRT)))
    step = max(1, size // 64) * (1 if layers.light[0] > 0 else -1)
    moved = np.roll(alpha, (step, -step), (0, 1))
    rim = cv2.min(cv2.subtract(alpha, moved), body)
    image = ink(image, scaled(rim, 60), (255, 240, 225))
    return ink(image, scaled(layers.outline(3), 22), (60, 20, 45))


def scaled3(image):
    """Return a quarter of an image's brightness."""
    return cv2.LUT(image, (np.arange(256) // 4).astype(np.uint8))


def _city(rng, image, size, dark):
    x = 0.0
    while x < size:
        w, top = uniform(rng, 0.07, 0.16) * size, uniform(rng, 0.3, 0.62)
        box = [(x, top * size), (x + w, top * size), (x + w, size), (x, size)]
        polygon(image, box, tuple(c * 2 // 3 for c in dark))
        x += w
    floor = [(0, 0.84 * size), (size, 0.84 * size), (size, size), (0, size)]
    polygon(image, floor, tuple(c // 2 for c in dark))


_THRESHOLD = np.clip((np.arange(256) - 150) * 5, 0, 215).astype(np.uint8)
_WORN = np.clip((np.arange(256) - 176) * 6, 0, 130).astype(np.uint8)
