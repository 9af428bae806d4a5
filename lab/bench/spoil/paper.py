"""Paper in front of a camera: curl, folds, a desk around it, lamps and the shadow of a hand; and the size of its print.

Pictures are light (float32, HxWx3, 0 to 1); lengths are px or shares of a side.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Pixels
from lab.bench.spoil.light import Floats, Generator, smooth

_STEPS = 12
"""Iterations that find the place of the sheet seen at a place of the picture; the field is smooth, it converges."""


def print_size(pixels: Pixels) -> float:
    """Return the median height of what looks like letters, in px; a 90th of the longer side where nothing does."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15)
    _, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = (found[1:, column].astype(np.float64) for column in (2, 3, 4))
    letters = (
        (height >= 5) & (width >= 2) & (width < 3 * height) & (height < 6 * width) & (area > 0.12 * width * height)
    )
    if letters.sum() < 10:
        return float(max(pixels.shape[:2]) / 90)
    return float(np.median(height[letters]))


def at_print_size(pixels: Pixels, wanted: float) -> Pixels:
    """Scale a page so that its letters are so high (px), by 1.6 times at most."""
    scale = min(wanted / print_size(pixels), 1.6)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how), np.uint8)


def desk(shape: tuple[int, int], rng: Generator) -> Floats:
    """Return the top of a desk (H, W, 3): wood or cloth, light or dark."""
    height, width = shape
    base = rng.uniform(0.03, 0.25)
    tint = np.array([rng.uniform(0.45, 1), rng.uniform(0.7, 1), 1], np.float32)
    if rng.random() < 0.5:
        grain = smooth((height, max(2, width // 24)), 40, rng)
        grain = np.asarray(cv2.resize(grain, (width, height)), np.float32) * 0.35
    else:
        grain = rng.standard_normal((height, width), np.float32) * 0.15
    return np.asarray(base * tint * (1 + grain + 0.2 * smooth(shape, 3, rng))[..., None], np.float32)


def curled(shape: tuple[int, int], height: float, rng: Generator) -> Floats:
    """Return how high a curled sheet lies above the desk at each place (H, W), as shares of its longer side.

    It is bent about one direction, as paper is that was rolled or folded, and one of its corners stands up.

    Args:
        shape: of the sheet in px.
        height: at its highest.
        rng: random numbers.
    """
    rows, columns = shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / max(shape)
    way = rng.choice([0, math.pi / 2]) + rng.uniform(-0.35, 0.35)
    along = x * math.cos(way) + y * math.sin(way)
    along = (along - along.min()) / np.ptp(along)
    wave = np.sin(math.pi * (rng.uniform(0.8, 1.6) * along + rng.uniform(0, 0.5)))
    corner = rng.integers(0, 2, 2)
    lifted = np.clip(1 - np.hypot(x - corner[0] * x.max(), y - corner[1] * y.max()) / 0.35, 0, 1) ** 2
    return np.asarray(height * (wave - wave.min() + 0.8 * lifted), np.float32)


def folded(shape: tuple[int, int], height: float, rng: Generator) -> tuple[Floats, Floats]:
    """Return height (H, W) of a sheet that was folded to fit an envelope, and where its folds are, 0 to 1."""
    rows, columns = shape
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    lift, folds = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    places = [(rng.uniform(0.28, 0.4), False), (rng.uniform(0.6, 0.72), False), (rng.uniform(0.42, 0.58), True)]
    for share, upright in places[: 2 + int(rng.integers(0, 2))]:
        lean = rng.uniform(-0.02, 0.02)
        distance = (x - share * columns - lean * y) / columns if upright else (y - share * rows - lean * x) / rows
        lift += rng.choice([-1.0, 1.0]) * np.abs(distance) * height
        wear = np.clip(1 + 0.7 * smooth(shape, 60, rng), 0, 2)
        folds += np.exp(-((distance * (columns if upright else rows) / 1.6) ** 2)) * wear
    return lift - lift.min(), np.clip(folds, 0, 1)


def crumpled(shape: tuple[int, int], facets: int, rng: Generator) -> Floats:
    """Return the slope (H, W) of a sheet that was crumpled and smoothed, -1 to 1: flat facets, each its own."""
    points = rng.uniform(0, 1, (facets, 2)) * shape
    slopes = rng.uniform(-1, 1, facets)
    scale = max(shape) / 400
    y, x = np.mgrid[0 : math.ceil(shape[0] / scale), 0 : math.ceil(shape[1] / scale)] * scale
    nearest = np.argmin([(y - py) ** 2 + (x - px) ** 2 for py, px in points], axis=0)
    facet = cv2.GaussianBlur(slopes[nearest].astype(np.float32), (0, 0), 2.0)
    return np.asarray(cv2.resize(facet, shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def seen(sheet: Floats, lift: Floats, tilt: float, margin: float, rng: Generator) -> tuple[Floats, Floats]:
    """Look at a sheet on a desk through a camera that is not held level.

    Args:
        sheet: the page.
        lift: its height above the desk at each place (H, W), as shares of its longer side.
        tilt: how far corners move, as a share of a side.
        margin: of desk around it, as a share of a side.
        rng: random numbers.

    Returns:
        The picture, and how much of each place is sheet (H, W), 0 to 1.
    """
    rows, columns = sheet.shape[:2]
    longer = max(rows, columns)
    out = round(rows * (1 + 2 * margin)), round(columns * (1 + 2 * margin))
    flat = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
    turn = math.radians(rng.normal(0, 1.2))
    spun = (flat - flat.mean(axis=0)) @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    corners = spun + np.array([out[1], out[0]]) / 2 + rng.uniform(-tilt, tilt, (4, 2)) * longer
    back = np.linalg.inv(cv2.getPerspectiveTransform(flat, corners.astype(np.float32)))
    y, x = np.mgrid[0 : out[0], 0 : out[1]].astype(np.float32)
    weight = back[2, 0] * x + back[2, 1] * y + back[2, 2]
    wanted_x = ((back[0, 0] * x + back[0, 1] * y + back[0, 2]) / weight).astype(np.float32)
    wanted_y = ((back[1, 0] * x + back[1, 1] * y + back[1, 2]) / weight).astype(np.float32)
    lean = rng.uniform(-0.35, 0.35, 2)
    lift = lift - lift.mean()
    shift_x = (lift * ((np.arange(columns, dtype=np.float32) - columns / 2) / 1.6 + lean[0] * longer)).astype(
        np.float32
    )
    shift_y = lift * ((np.arange(rows, dtype=np.float32)[:, None] - rows / 2) / 1.6 + lean[1] * longer)
    shift_y = shift_y.astype(np.float32)
    at_x, at_y = wanted_x, wanted_y
    for _ in range(_STEPS):
        at_x, at_y = (
            wanted - cv2.remap(shift, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for wanted, shift in ((wanted_x, shift_x), (wanted_y, shift_y))
        )
    page = cv2.remap(sheet, at_x, at_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = np.minimum(np.minimum(at_x, columns - 1 - at_x), np.minimum(at_y, rows - 1 - at_y))
    cover = np.clip(inside + 0.5, 0, 1)[..., None]
    under = desk(out, rng)
    shade = cv2.GaussianBlur(cover[..., 0], (0, 0), 0.008 * longer)[..., None]
    return np.clip(page, 0, 1) * cover + under * (1 - 0.6 * shade) * (1 - cover), cover[..., 0]


def slope_light(lift: Floats, strength: float, rng: Generator) -> Floats:
    """Return how bright a bent sheet is at each place (H, W, 1), about 1, by its slope against a lamp from the side."""
    way = rng.uniform(0, 2 * math.pi)
    across, down = cv2.Sobel(lift, cv2.CV_32F, 1, 0, ksize=3) / 8, cv2.Sobel(lift, cv2.CV_32F, 0, 1, ksize=3) / 8
    slope = (across * math.cos(way) + down * math.sin(way)) * max(lift.shape)
    return np.asarray(np.clip(1 + strength * slope, 0.4, 1.4), np.float32)[..., None]


def lamp(shape: tuple[int, int], near: float, rng: Generator) -> Floats:
    """Return the light of a lamp beside the page (H, W, 3), brightest 1: inverse square, slanting, warm or cold.

    Args:
        shape: of the picture.
        near: 0 the sky, 1 a desk lamp close by.
        rng: random numbers.
    """
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(shape)
    way, high = rng.uniform(0, 2 * math.pi), 1.8 - 1.2 * near
    off = 0.25 + 0.45 * near
    middle = width / max(shape) / 2 + off * math.cos(way), height / max(shape) / 2 + off * math.sin(way)
    distance = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + high**2
    falling = distance**-1.5
    warm = rng.uniform(-1, 1)
    tint = np.array([1 - 0.18 * max(warm, 0), 1 - 0.04 * abs(warm), 1 - 0.18 * max(-warm, 0)], np.float32)
    return np.asarray((falling / falling.max())[..., None] * tint, np.float32)


def hand_shadow(shape: tuple[int, int], dark: float, rng: Generator) -> Floats:
    """Return the light that a hand with a phone leaves (H, W, 1), 1 where there is no shadow.

    Args:
        shape: of the picture.
        dark: light that is left in the middle of the shadow.
        rng: random numbers.
    """
    height, width = shape
    mask = np.zeros((256, 256), np.uint8)
    arm = rng.uniform(90, 150)
    x, y = rng.uniform(70, 190), rng.uniform(60, 180)
    foot = x + rng.uniform(-90, 90)
    outline: NDArray[np.float64] = np.array(
        [(x - arm / 3, y), (x + arm / 3, y), (foot + arm / 2, 300), (foot - arm / 2, 300)]
    )
    cv2.fillPoly(mask, [outline.astype(np.int32)], (255,))
    for finger in range(4):
        tip = x - arm / 3 + arm / 4.5 * (finger + 0.3), y - rng.uniform(20, 55)
        base = x - arm / 3 + arm / 4.5 * (finger + 0.6), y + 20.0
        ends = (round(tip[0]), round(tip[1])), (round(base[0]), round(base[1]))
        cv2.line(mask, *ends, (255,), round(arm / 6))
    mask = np.rot90(mask, int(rng.integers(0, 4)))
    soft = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), rng.uniform(4, 14))
    large = cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 - (1 - dark) * np.clip(large, 0, 1), np.float32)[..., None]


def corners_dark(shape: tuple[int, int], strength: float) -> Floats:
    """Return the light that a lens lets through (H, W, 1): the fourth power of the cosine of the angle."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (0.25 * (height**2 + width**2))
    return np.asarray((1 + strength * far) ** -2, np.float32)[..., None]
