"""Noise, hatching and brick patterns, and displacement by noise.

Source: ours. Patterns are made once per size from fixed seeds; an image takes
a random window of them.
"""

import functools

import cv2
import numpy as np


@functools.lru_cache(maxsize=64)
def _tile(size, cell, seed, contrast):
    side = 2 * size
    count = -(-side // cell)
    rng = np.random.default_rng([7919, seed, cell])
    noise = rng.integers(0, 256, (count, count), dtype=np.uint8)
    if cell > 1:
        noise = cv2.resize(
            noise, (side, side), interpolation=cv2.INTER_LINEAR_EXACT
        )
    level = 127 + (noise.astype(np.int32) - 127) * contrast // 100
    return np.clip(level, 0, 255).astype(np.uint8)


def _window(rng, tile, size):
    x, y = int(rng.random() * size), int(rng.random() * size)
    return tile[y : y + size, x : x + size]


def grain(rng, size, cell, contrast, seed=0):
    """Return a window of noise around 127, (S, S) uint8.

    Args:
        rng (np.random.Generator): Chooses the window.
        size (int): Width and height.
        cell (int): Distance between independent values in pixels.
        contrast (int): Percent of the full range.
        seed (int): Which noise.
    """
    return _window(rng, _tile(size, max(cell, 1), seed, contrast), size)


@functools.lru_cache(maxsize=32)
def _stroke_tile(size, length, contrast):
    noise = _tile(size, 1, 3, 100)
    flat = cv2.GaussianBlur(noise, (length, 3), 0).astype(np.int32)
    level = 127 + (flat - 127) * contrast // 100
    return np.clip(level, 0, 255).astype(np.uint8)


def strokes(rng, size, length, contrast, upright=False):
    """Return brush streaks around 127, (S, S) uint8; ``length`` is odd."""
    window = _window(rng, _stroke_tile(size, length, contrast), size)
    return np.ascontiguousarray(window.T) if upright else window


@functools.lru_cache(maxsize=32)
def hatching(side, period, width, slope):
    """Return parallel lines, (side, side) uint8, 255 on a line.

    Args:
        side (int): Width and height.
        period (int): Distance between lines in pixels.
        width (int): Thickness of a line in pixels.
        slope (int): 1 for rising, -1 for falling lines.
    """
    y, x = np.mgrid[:side, :side]
    wobble = (_tile(side, 16, 5, 100)[:side, :side].astype(np.int32)) // 40
    lines = (x + slope * y + wobble) % period < width
    return np.where(lines, 255, 0).astype(np.uint8)


@functools.lru_cache(maxsize=16)
def bricks(size):
    """Return a wall texture around 127 with dark joints, (2S, 2S) uint8."""
    side = 2 * size
    wall = _tile(size, 2, 11, 18).copy()
    high, wide = max(4, size // 12), max(8, size // 6)
    rng = np.random.default_rng([7919, 12])
    for row in range(-(-side // high)):
        shift = (row % 2) * wide // 2
        for column in range(-1, -(-side // wide) + 1):
            tone = int(rng.integers(-14, 15))
            y, x = row * high, column * wide + shift
            block = wall[y : y + high, max(x, 0) : max(x + wide, 0)]
            block[:] = np.clip(block.astype(np.int32) + tone, 0, 255)
            block[:1] = 88
            if x >= 0:
                block[:, :1] = 88
    return wall


def brick_wall(rng, size):
    """Return a window of :func:`bricks`, (S, S) uint8."""
    return _window(rng, bricks(size), size)


@functools.lru_cache(maxsize=16)
def _shift_tile(size, cell, reach):
    y, x = (
        (_tile(size, cell, seed, 100).astype(np.int32) * (2 * reach + 1))
        // 256
        - reach
        for seed in (21, 22)
    )
    return y, x


def displaced(rng, image, cell, reach):
    """Return an image whose pixels were moved by smooth noise.

    Args:
        rng (np.random.Generator): Chooses the window of the noise.
        image (np.ndarray): (S, S, 3) uint8.
        cell (int): Distance in pixels over which the shift changes.
        reach (int): Largest shift in whole pixels.
    """
    size = image.shape[0]
    if reach < 1:
        return image
    dy, dx = _shift_tile(size, cell, reach)
    x, y = int(rng.random() * size), int(rng.random() * size)
    window = slice(y, y + size), slice(x, x + size)
    grid = np.arange(size)
    rows = np.clip(grid[:, None] + dy[window], 0, size - 1)
    columns = np.clip(grid[None] + dx[window], 0, size - 1)
    flat = image.reshape(size * size, -1)
    return flat.take(rows * size + columns, axis=0)


@functools.lru_cache(maxsize=16)
def glow(size):
    """Return light that falls off from the middle, (2S, 2S) uint8."""
    side = 2 * size
    axis = 2 * np.arange(side) - side + 1
    distance = axis[:, None] ** 2 + axis[None] ** 2
    level = 255 - distance * 255 // (2 * side * side)
    return np.clip(level, 0, 255).astype(np.uint8)
