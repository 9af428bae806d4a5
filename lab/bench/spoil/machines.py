"""Machines that pass a page on: fax, photocopier, a scanner that feeds badly, a screen in front of a camera."""

from __future__ import annotations

import math

import cv2
import numpy as np

from ingestd.document import Pixels
from lab.bench.spoil.light import Floats, Generator, disc, encoded, linear, smooth

_COLUMNS_PER_ROW = 204 / 98
"""Dots of a fax at standard resolution are so much narrower than high."""


def faxed(pixels: Pixels, size: float, rows: float, rng: Generator) -> Pixels:
    """Send a page by fax (ITU-T T.4, one dimension): black and white, coarse rows, lines damaged on the way.

    Args:
        pixels: the page.
        size: height of its letters in px.
        rows: of the fax in the height of a letter.
        rng: random numbers.

    Returns:
        The page as it is printed: every row repeated so that dots are square again.
    """
    scale = rows / size
    height, width = round(pixels.shape[0] * scale), round(pixels.shape[1] * scale * _COLUMNS_PER_ROW)
    grey = cv2.resize(encoded(linear(pixels)), (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    grey = grey.mean(axis=2)
    around = cv2.blur(grey, (31, 15))
    sharper = grey + 0.7 * (grey - cv2.blur(grey, (5, 3)))
    level = np.minimum(around - 18, 0.25 * 255 + 0.55 * around)
    streaks = 4 * rng.standard_normal((1, width), np.float32)
    page = np.where(sharper + streaks + 5 * rng.standard_normal(grey.shape, np.float32) > level, 255, 0).astype(
        np.uint8
    )
    for row in np.flatnonzero(rng.random(height) < 0.006).tolist():
        if rng.random() < 0.5:
            page[row] = page[max(row - 1, 0)]  # a receiver repeats the row before a damaged one
        else:
            from_here = int(rng.integers(0, width))
            page[row, from_here:] = np.roll(page[row, from_here:], int(rng.integers(-9, 10)))
    if rng.random() < 0.5:  # dirt on the glass
        page[:, int(rng.integers(0, width))] = 0
    wide = cv2.resize(page, (width, round(height * _COLUMNS_PER_ROW)), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(wide, cv2.COLOR_GRAY2BGR), np.uint8)


def photocopied(pixels: Pixels, size: float, generations: int, rng: Generator) -> Pixels:
    """Copy a page, and the copy, and so on: each time it is moved, spread by stray light, and hardened in tone.

    Args:
        pixels: the page.
        size: height of its letters in px.
        generations: how many times.
        rng: random numbers.
    """
    grey = linear(pixels).mean(axis=2)
    height, width = grey.shape
    for _ in range(generations):
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 0.35), rng.uniform(0.985, 1.0))
        turn[:, 2] = turn[:, 2] + rng.normal(0, 0.15 * size, 2)
        glass = float(rng.uniform(0.55, 0.95))
        moved = cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=(glass,))
        spread = 0.85 * cv2.filter2D(moved, -1, disc(0.06 * size)) + 0.15 * cv2.GaussianBlur(moved, (0, 0), 0.25 * size)
        drum = 0.04 * smooth((1, width), 25, rng) + 0.05 * smooth((height, width), 4, rng)
        light = np.sqrt(np.clip(spread, 0, 1)) + drum + 0.02 * rng.standard_normal(spread.shape, np.float32)
        level = float(np.median(light)) * rng.uniform(0.74, 0.86)
        toner = 1 / (1 + np.exp((light - level) * rng.uniform(9, 14)))
        blank = rng.random(toner.shape, np.float32) < 0.012
        toner = np.where(blank, toner * 0.3, toner)
        specks = (rng.random((height // 2 + 1, width // 2 + 1), np.float32) < 0.0006).astype(np.float32)
        toner = np.maximum(toner, 0.8 * cv2.resize(specks, (width, height), interpolation=cv2.INTER_LINEAR))
        grey = np.asarray((1 - np.clip(toner, 0, 1)) * 0.93 + 0.015, np.float32) ** 2
    return encoded(np.asarray(np.repeat(grey[..., None], 3, axis=2), np.float32))


def fed(pixels: Pixels, size: float, strength: float, rng: Generator) -> Pixels:
    """Scan with a feeder that slips: rows at uneven steps, colours of different rows, streaks, a lifted edge.

    Args:
        pixels: the page.
        size: height of its letters in px.
        strength: 0 to 1.
        rng: random numbers.
    """
    height, width = pixels.shape[:2]
    light = linear(pixels)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 1.5), 0.97)
    light = np.asarray(cv2.warpAffine(light, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=(0.8,) * 3))
    slip = np.cumsum(np.clip(1 + 0.35 * strength * smooth((height, 1), height / (0.8 * size), rng)[:, 0], 0.3, 2))
    slip = slip * height / slip[-1]
    x = np.tile(np.arange(width, dtype=np.float32), (height, 1))
    channels = []
    for place in range(3):
        late = (place - 1) * rng.uniform(0.02, 0.06) * size * strength
        y = np.repeat((slip + late).astype(np.float32)[:, None], width, axis=1)
        one = np.ascontiguousarray(light[..., place])
        channels.append(cv2.remap(one, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    scan = np.dstack(channels)
    edge = np.linspace(0, 1, width, dtype=np.float32)[:: int(rng.choice([-1, 1]))]
    lifted = np.clip((edge - 0.78) / 0.22, 0, 1)
    soft = cv2.filter2D(scan, -1, disc(0.09 * size))
    scan = scan + (soft - scan) * lifted[None, :, None]
    scan = scan * (1 - 0.55 * strength * lifted[None, :, None] ** 2)
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(0, width))
        scan[:, place] = scan[:, place] * 0.35 + rng.uniform(0, 0.3)
    return encoded(np.asarray(scan + 0.008 * rng.standard_normal(scan.shape, np.float32), np.float32))


def on_screen(pixels: Pixels, size: float, rng: Generator) -> tuple[Floats, float]:
    """Show the page on a screen and see its dots through a camera: three colours side by side, dark seams between.

    Args:
        pixels: the page.
        size: height of its letters in px.
        rng: random numbers.

    Returns:
        Light of the screen at a camera's resolution, not level, and the height of its letters there (px).
    """
    on_panel, in_camera = 13.0, rng.uniform(16, 21)
    shown = cv2.resize(pixels, None, fx=on_panel / size, fy=on_panel / size, interpolation=cv2.INTER_AREA)
    light = linear(np.asarray(shown, np.uint8))
    dots = np.zeros((light.shape[0] * 4, light.shape[1] * 6, 3), np.float32)
    for channel, left in ((2, 0), (1, 2), (0, 4)):
        for down in range(3):
            dots[down::4, left::6, channel] = light[..., channel]
            dots[down::4, left + 1 :: 6, channel] = light[..., channel]
    dots *= 3 * 4 / 3
    height, width = light.shape[:2]
    scale = in_camera / on_panel
    out = round(width * scale), round(height * scale)
    turn = math.radians(rng.uniform(0.5, 3.5) * rng.choice([-1, 1]))
    middle = np.array([out[0] / 2, out[1] / 2])
    corners = np.array([(0, 0), (out[0], 0), (out[0], out[1]), (0, out[1])]) - middle
    corners = corners @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]) * 0.96 + middle
    corners = corners + rng.uniform(-0.012, 0.012, (4, 2)) * max(out)
    panel = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (width * 6, height * 4)
    fine = 2
    matrix = cv2.getPerspectiveTransform(panel.astype(np.float32), (corners * fine).astype(np.float32))
    seen = cv2.warpPerspective(
        dots, matrix, (out[0] * fine, out[1] * fine), flags=cv2.INTER_AREA, borderValue=(0.02,) * 3
    )
    seen = cv2.filter2D(seen, -1, disc(rng.uniform(1.2, 1.9)))
    picture = np.asarray(cv2.resize(seen, out, interpolation=cv2.INTER_NEAREST), np.float32)
    lit = 1 - 0.25 * np.clip(smooth((out[1], out[0]), 2, rng), 0, 1)[..., None]
    y, x = np.mgrid[0 : out[1], 0 : out[0]].astype(np.float32) / max(out)
    window = np.exp(-((((x - rng.uniform(0, 1)) / 0.15) ** 2 + ((y - rng.uniform(0, 1)) / 0.2) ** 2) ** 2))
    return np.asarray(picture * lit * 0.85 + 0.12 * window[..., None] + 0.01, np.float32), in_camera
