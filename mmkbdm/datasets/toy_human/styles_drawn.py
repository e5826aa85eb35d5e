"""Styles made of lines and flat tones: how each looks is in its docstring.

Source: ours. A style takes ``(rng, layers)`` and returns a BGR image,
(S, S, 3) uint8. Shirts keep their hue in every style, because captions name
it.
"""

import cv2
import numpy as np

from .backgrounds import any_place, circle, gradient, polygon
from .canvas import FACE, HAIR, OBJECT, PANTS, SHIRT, SKIN
from .layers import (
    darken,
    grey3,
    ink,
    luma,
    modulate,
    over,
    saturate,
    scaled,
    toward,
)
from .sampling import chance, jitter, pick, uniform
from .textures import displaced, glow, grain, hatching

_BRIGHT = (
    ((250, 205, 120), (90, 230, 255), (140, 215, 130), (90, 190, 90),
     (150, 150, 230)),
    ((200, 225, 250), (90, 130, 200), (120, 170, 220), (250, 225, 170),
     (170, 205, 240)),
    ((235, 190, 235), (120, 220, 255), (220, 160, 190), (170, 200, 120),
     (240, 210, 160)),
    ((220, 240, 190), (240, 250, 255), (190, 220, 150), (200, 190, 130),
     (160, 200, 235)),
)  # fmt: skip


def cartoon(rng, layers):
    """Bright flat colours, two tones, black outlines."""
    size = layers.size
    image = any_place(rng, size, pick(rng, _BRIGHT))
    image = darken(image, layers.shadow, 28)
    table = saturate(layers.lut(80), 118)
    image = over(image, layers.paint(table), layers.alpha())
    return ink(image, layers.outline(3), (25, 20, 25))


def sketch(rng, layers):
    """Pencil lines and hatching on paper, shirts in coloured pencil."""
    size, side = layers.size, 2 * layers.size
    image = np.full((size, size, 3), (232, 240, 243), np.uint8)
    place = any_place(rng, size, pick(rng, _BRIGHT))
    lines = cv2.morphologyEx(
        cv2.extractChannel(place, 1),
        cv2.MORPH_GRADIENT,
        np.ones((2, 2), np.uint8),
    )
    lines = cv2.LUT(lines, _steep(8, 110))
    image = ink(image, lines, (105, 105, 110))
    rising = cv2.resize(
        hatching(side, 7, 3, 1), (size, size), interpolation=cv2.INTER_AREA
    )
    image = ink(image, _least(layers.shadow, rising, 70), (90, 90, 95))
    paper = layers.alpha()
    image = ink(image, paper, (236, 243, 246))
    tone = layers.lut(100)
    grey = np.repeat(170 + luma(tone)[:, None] // 3, 3, 1)
    tint = np.where(
        (layers.roles == SHIRT)[:, None],
        toward(saturate(tone, 115), (236, 243, 246), 48),
        grey,
    )
    tint[layers.roles == FACE] = 55
    image = over(image, layers.paint(tint), paper)
    shade = layers.mask(layers.shaded)
    image = ink(image, _least(shade, rising, 85), (75, 75, 80))
    dark = layers.mask(np.isin(layers.roles, (HAIR, PANTS, OBJECT)))
    falling = cv2.resize(
        hatching(side, 6, 3, -1), (size, size), interpolation=cv2.INTER_AREA
    )
    image = ink(image, _least(dark, falling, 50), (85, 85, 90))
    cloth = layers.mask(layers.roles == SHIRT)
    strong = saturate(layers.lut(90), 125)
    strong[layers.roles != SHIRT] = 0
    gaps = cv2.min(cloth, falling)
    image = over(
        image,
        cv2.multiply(
            layers.paint(strong), grey3(scaled(gaps, 80)), scale=1 / 255
        ),
        cv2.min(cloth, scaled(gaps, 80)),
    )
    line = cv2.min(layers.outline(3), grain(rng, size, 3, 90, 4) + 90)
    image = ink(image, line, (48, 48, 52))
    return modulate(image, grain(rng, size, 1, 6))


def kids_drawing(rng, layers):
    """Wax crayon on white paper: wobbly lines, scribbled fills, a sun."""
    size, side = layers.size, 2 * layers.size
    image = np.full((size, size, 3), (246, 250, 251), np.uint8)
    _crayon_place(rng, image, size)
    scribble = cv2.resize(
        hatching(side, 9, 7, pick(rng, (1, -1))),
        (size, size),
        interpolation=cv2.INTER_AREA,
    )
    white = (246, 250, 251)
    image = ink(image, scaled(255 - scribble, 85), white)
    table = saturate(layers.lut(100), 135)
    rows = layers.roles == SKIN
    table[rows] = toward(table[rows], (175, 205, 250), 45)
    alpha = layers.alpha()
    pale = layers.paint(toward(table, white, 38))
    image = over(image, pale, alpha)
    wax = cv2.min(alpha, scribble)
    strong = cv2.multiply(layers.paint(table), grey3(scribble), scale=1 / 255)
    image = over(image, strong, wax)
    image = ink(image, scaled(layers.outline(5), 88), (62, 50, 70))
    image = displaced(rng, image, max(4, size // 16), max(1, size // 96))
    return modulate(image, grain(rng, size, 2, 6))


def ink_painting(rng, layers):
    """Brush and diluted ink on rice paper, misty peaks, a red seal."""
    size = layers.size
    image = gradient(size, (205, 224, 233), (188, 211, 224))
    base = uniform(rng, 0.45, 0.62) * size
    for i in range(3):
        x = uniform(rng, 0, 1) * size
        w, h = uniform(rng, 0.18, 0.4) * size, uniform(rng, 0.25, 0.5) * size
        tone = 190 - 22 * i
        peak = [(x - w, base), (x - 0.1 * w, base - h), (x + w, base)]
        polygon(image, peak, (tone, tone + 6, tone + 8))
    image[int(base) :] = gradient(size, (205, 224, 233), (182, 206, 220))[
        int(base) :
    ]
    image = cv2.GaussianBlur(image, _odd(size // 18), 0)
    shadow = cv2.GaussianBlur(layers.shadow, _odd(size // 32), 0)
    image = ink(image, scaled(shadow, 40), (95, 100, 105))
    alpha = layers.alpha()
    table = layers.lut(68)
    wash = np.repeat(52 + luma(table)[:, None] * 7 // 10, 3, 1)
    rows = layers.roles == SHIRT
    wash[rows] = toward(saturate(table, 95)[rows], (150, 165, 172), 26)
    rows = layers.roles == SKIN
    wash[rows] = toward(table[rows], (190, 212, 224), 62)
    wash[layers.roles == HAIR] = 48
    paint = cv2.GaussianBlur(layers.paint(wash), (3, 3), 0)
    image = over(image, paint, cv2.GaussianBlur(alpha, (3, 3), 0))
    image = modulate(image, grain(rng, size, max(3, size // 10), 22, 6))
    line = cv2.GaussianBlur(layers.outline(5), (3, 3), 0)
    line = cv2.LUT(
        cv2.multiply(line, grain(rng, size, 5, 100, 8), scale=1 / 127),
        _steep(2, 10),
    )
    image = ink(image, scaled(line, 86), (35, 35, 38))
    if chance(rng, 0.8):
        s, x = 0.075 * size, pick(rng, (0.04, 0.885)) * size
        y = uniform(rng, 0.04, 0.2) * size
        polygon(
            image,
            [(x, y), (x + s, y), (x + s, y + s), (x, y + s)],
            (45, 45, 175),
        )
    return modulate(image, grain(rng, size, 2, 8))


def shadow_play(rng, layers):
    """Dark puppets with coloured translucent clothes before a lit screen."""
    size = layers.size
    warm = pick(rng, ((120, 215, 255), (95, 190, 250), (150, 225, 255)))
    image = np.full((size, size, 3), warm, np.uint8)
    place = cv2.extractChannel(any_place(rng, size, pick(rng, _BRIGHT)), 1)
    place = cv2.GaussianBlur(place, (5, 5), 0)
    image = ink(image, cv2.LUT(place, _falling(235, 1)), (40, 95, 160))
    x, y = (int((0.5 + jitter(rng, 0.25)) * size) for _ in range(2))
    lamp = glow(size)[y : y + size, x : x + size]
    image = cv2.multiply(image, grey3(lamp), scale=1 / 255)
    image = darken(image, layers.shadow, 45)
    table = toward(saturate(layers.lut(70), 120), (18, 24, 34), 78)
    rows = layers.roles == SHIRT
    table[rows] = saturate(layers.lut(78), 135)[rows] * 88 // 100
    table[layers.roles == SKIN] = (24, 32, 46)
    table[layers.roles == HAIR] = (14, 16, 22)
    table[layers.roles == FACE] = (80, 170, 225)
    image = over(image, layers.paint(table), layers.alpha())
    image = ink(image, scaled(layers.outline(3), 62), (20, 28, 44))
    slits = cv2.subtract(layers.outline(3), layers.outline(5, True))
    image = ink(image, scaled(slits, 60), (70, 150, 215))
    return modulate(image, grain(rng, size, 2, 10))


def _crayon_place(rng, image, size):
    sky = pick(rng, ((250, 215, 150), (245, 225, 175)))
    top = uniform(rng, 0.08, 0.2) * size
    polygon(image, [(0, 0), (size, 0), (size, top), (0, top)], sky)
    y = uniform(rng, 0.76, 0.86) * size
    grass = pick(rng, ((90, 200, 110), (80, 190, 140), (120, 200, 200)))
    polygon(image, [(0, y), (size, y), (size, size), (0, size)], grass)
    x = pick(rng, (0.1, 0.9)) * size
    circle(image, x, 0.12 * size, 0.1 * size, (60, 215, 255))
    if chance(rng, 0.6):
        left, w = uniform(rng, 0.0, 0.6) * size, uniform(rng, 0.2, 0.3) * size
        h = 0.9 * w
        wall = pick(rng, ((150, 150, 235), (225, 190, 140), (150, 215, 235)))
        polygon(
            image,
            [(left, y - h), (left + w, y - h), (left + w, y), (left, y)],
            wall,
        )
        polygon(
            image,
            [
                (left - 0.1 * w, y - h),
                (left + 0.5 * w, y - 1.6 * h),
                (left + 1.1 * w, y - h),
            ],
            (70, 80, 190),
        )


def _least(a, b, percent):
    return scaled(cv2.min(a, b), percent)


def _odd(n):
    return (max(n, 1) | 1,) * 2


def _steep(gain, offset):
    """Return a table that is 0 up to ``offset`` / gain and then rises."""
    level = np.arange(256) * gain - offset
    return np.clip(level, 0, 255).astype(np.uint8)


def _falling(top, step):
    level = (top - step * np.arange(256)) * 3 // 4
    return np.clip(level, 0, 255).astype(np.uint8)
