"""Effects on ink: float32 masks, height x width, 1 where a stroke is. Amounts are explained in degrade.py."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.corpus import effects

Array = NDArray[np.float32]


def smooth_noise(height: int, width: int, cell: float, rng: Generator) -> Array:
    """Random values, about 0 to 1, that change over ``cell`` px."""
    return effects.smooth_noise((int(height / cell) + 2, int(width / cell) + 2), (height, width), rng)


def margins(mask: Array, rng: Generator) -> Array:
    """Pad as detectors do: tight in a quarter of cases, up to a third of the height otherwise."""
    height = mask.shape[0]
    tight = rng.random() < 0.25
    top, bottom = (int(height * rng.uniform(0, 0.08 if tight else 0.33)) for _ in range(2))
    left, right = (int(height * rng.uniform(0.02, 0.15 if tight else 0.6)) for _ in range(2))
    return np.pad(mask, ((top, bottom), (left, right)))


def stretch(mask: Array, amount: float, rng: Generator) -> Array:
    """Change the width: condensed and wide print."""
    height, width = mask.shape
    return np.asarray(cv2.resize(mask, (max(8, int(width * amount)), height), interpolation=cv2.INTER_AREA))


_DOT = np.array([[0, 0.7, 0.7, 0], [0.7, 1, 1, 0.7], [0.7, 1, 1, 0.7], [0, 0.7, 0.7, 0]], np.float32)


def dot_matrix(mask: Array, amount: float, rng: Generator) -> Array:
    """Print with needles: strokes become rows of round dots, ``amount`` of them over the height."""
    height, width = mask.shape
    dots = (max(4, int(width * amount / height)), int(amount))
    grid = cv2.resize(mask, dots, interpolation=cv2.INTER_AREA) > 0.35
    printed = np.kron(grid.astype(np.float32), _DOT)
    return np.asarray(cv2.resize(printed, (width, height), interpolation=cv2.INTER_AREA))


def _kernel(amount: float, rng: Generator) -> NDArray[np.uint8]:
    size = int(amount) + 1
    return np.ones((size, size) if rng.random() < 0.5 else (size, 1), np.uint8)


def thin(mask: Array, amount: float, rng: Generator) -> Array:
    """Too little ink: strokes lose ``amount`` px."""
    return np.asarray(cv2.erode(mask, _kernel(amount, rng)))


def bleed(mask: Array, amount: float, rng: Generator) -> Array:
    """Too much ink, or a bad copy: strokes gain ``amount`` px."""
    return np.asarray(cv2.dilate(mask, _kernel(amount, rng)))


def break_strokes(mask: Array, amount: float, rng: Generator) -> Array:
    """Worn print: small patches of ink are gone or faint."""
    height, width = mask.shape
    gone = smooth_noise(height, width, rng.uniform(1.5, 5), rng) < amount
    return mask * (1 - np.float32(rng.uniform(0.4, 0.95)) * gone)


def head_gaps(mask: Array, amount: float, rng: Generator) -> Array:
    """Dead elements of a thermal head leave faint rows."""
    mask = mask.copy()
    for _ in range(max(1, round(amount))):
        row = rng.integers(0, mask.shape[0])
        mask[row : row + rng.integers(1, 3)] *= np.float32(rng.uniform(0.1, 0.6))
    return mask


def uneven_ink(mask: Array, amount: float, rng: Generator) -> Array:
    """Ribbon or toner fades by up to ``amount`` over distances like the line's height."""
    height, width = mask.shape
    level = 1 - amount * smooth_noise(height, width, height * rng.uniform(0.6, 3), rng)
    return mask * level.clip(0, 1).astype(np.float32)


def rules(mask: Array, amount: float, rng: Generator) -> Array:
    """A form's line along an edge, or a column's line at an end."""
    mask = mask.copy()
    height, width = mask.shape
    thick, dark = max(1, int(height * amount)), np.float32(rng.uniform(0.3, 1))
    if rng.random() < 0.75:
        offset = rng.integers(0, max(1, height // 8))
        row = offset if rng.random() < 0.4 else max(0, height - thick - offset)
        mask[row : row + thick] = np.maximum(mask[row : row + thick], dark)
    else:
        column = 0 if rng.random() < 0.5 else max(0, width - thick)
        mask[:, column : column + thick] = np.maximum(mask[:, column : column + thick], dark)
    return mask


def neighbour(mask: Array, amount: float, rng: Generator) -> Array:
    """The feet or heads of the next line reach into the crop."""
    mask = mask.copy()
    height = mask.shape[0]
    rows = max(1, int(height * amount))
    middle = height // 2
    strip = np.roll(mask[middle : middle + rows], int(rng.integers(5, 200)), axis=1)
    edge = slice(0, rows) if rng.random() < 0.5 else slice(height - rows, height)
    mask[edge] = np.maximum(mask[edge], strip)
    return mask


def _warp(mask: Array, matrix: NDArray[np.float64], grow: int) -> Array:
    """Apply an affine map about the centre after growing the height by ``grow`` px."""
    mask = np.pad(mask, ((grow // 2, grow - grow // 2), (0, 0)))
    height, width = mask.shape
    centre = np.array([width / 2, height / 2])
    shift = centre - matrix @ centre
    return np.asarray(cv2.warpAffine(mask, np.hstack([matrix, shift[:, None]]), (width, height)))


def skew(mask: Array, amount: float, rng: Generator) -> Array:
    """The line climbs or falls; long lines by at most half their height, as detectors cut them apart."""
    height, width = mask.shape
    slope = float(np.clip(np.tan(np.radians(amount)), -0.5 * height / width, 0.5 * height / width))
    return _warp(mask, np.array([[1, 0], [slope, 1]]), int(abs(slope) * width))


def shear(mask: Array, amount: float, rng: Generator) -> Array:
    """Letters lean."""
    side = int(abs(amount) * mask.shape[0] / 2) + 1
    return _warp(np.pad(mask, ((0, 0), (side, side))), np.array([[1, amount], [0, 1]]), 0)


def perspective(mask: Array, amount: float, rng: Generator) -> Array:
    """One end is further away: its height shrinks by ``amount``."""
    height, width = mask.shape
    near = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    cut = height * amount / 2
    far = near.copy()
    ends = (1, 2) if rng.random() < 0.5 else (0, 3)
    far[ends[0], 1] += cut
    far[ends[1], 1] -= cut
    return np.asarray(cv2.warpPerspective(mask, cv2.getPerspectiveTransform(near, far), (width, height)))


def wave(mask: Array, amount: float, rng: Generator) -> Array:
    """Paper is not flat: the line bends along a sine of that amplitude."""
    height, width = mask.shape
    columns = np.arange(width, dtype=np.float32)
    length, phase = rng.uniform(0.6, 2.5) * width, rng.uniform(0, 2 * np.pi)
    bend = amount * height * np.sin(2 * np.pi * columns / length + phase)
    x, y = np.meshgrid(columns, np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(mask, x, (y + bend).astype(np.float32), cv2.INTER_LINEAR))
