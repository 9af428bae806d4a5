"""Effects of forms, carbon copies, phones and screens: float32 BGR, 0 to 1. Amounts are explained in degrade.py.

Only training draws them: evaluation sets of drawn lines stay as they were.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.train.effects_ink import smooth_noise
from lab.train.effects_picture import brightness

Array = NDArray[np.float32]


def _ramp(height: int, width: int, rng: Generator) -> Array:
    """Distance of each pixel, px, from a straight edge across the line at a random angle."""
    angle = rng.normal(0, 0.6)
    columns = np.arange(width, dtype=np.float32) - np.float32(rng.uniform(0.1, 0.9) * width)
    rows = np.arange(height, dtype=np.float32) - np.float32(height / 2)
    distance: Array = columns[None, :] * np.float32(np.cos(angle)) + rows[:, None] * np.float32(np.sin(angle))
    return distance


def carbon(mask: Array, amount: float, rng: Generator) -> Array:
    """Ink through carbon paper: strokes spread by that sigma, px, and break into grains."""
    height, width = mask.shape
    spread = np.asarray(cv2.GaussianBlur(mask, (0, 0), amount))
    grain = smooth_noise(height, width, rng.uniform(1.2, 2.5), rng)
    return np.clip(spread * np.float32(1.7) - np.float32(rng.uniform(0.1, 0.55)) * grain, 0, 1).astype(np.float32)


def form(image: Array, amount: float, rng: Generator) -> Array:
    """A pale coloured form under the print: rules, boxes, a tint; the print is not in register with them."""
    height, width = image.shape[:2]
    printed = np.zeros((height, width), np.float32)
    thick = max(1, height // int(rng.integers(14, 40)))
    for _ in range(int(rng.integers(1, 3))):
        left = int(rng.integers(height))
        right = left if rng.random() < 0.85 else int(rng.integers(height))
        cv2.line(printed, (0, left), (width, right), 1.0, thick)
    for _ in range(int(rng.integers(0, 4))):
        column = int(rng.integers(width))
        cv2.line(printed, (column, 0), (column, height), 1.0, thick)
    colour = rng.uniform(0, 1, 3)
    colour[rng.integers(3)] = 1.0
    absorbed = (amount * (1 - colour)).astype(np.float32)
    tint = absorbed * np.float32(rng.uniform(0, 0.5) * (rng.random() < 0.5))
    return np.asarray(image * (1 - printed[:, :, None] * absorbed) * (1 - tint), np.float32)


def channels_apart(image: Array, amount: float, rng: Generator) -> Array:
    """Colours are not in register: two channels are shifted by up to ``amount`` px."""
    height, width = image.shape[:2]
    found = image.copy()
    for channel in (0, 2):
        shift = np.array([[1, 0, rng.uniform(-amount, amount)], [0, 1, rng.uniform(-amount, amount)]])
        found[:, :, channel] = cv2.warpAffine(
            image[:, :, channel], shift, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    return found


def fade(image: Array, amount: float, rng: Generator) -> Array:
    """Thermal paper fades towards its own colour by up to ``amount``, in bands along or across the line."""
    height, width = image.shape[:2]
    paper = np.percentile(image[::2, ::4], 90, axis=(0, 1)).astype(np.float32)
    if rng.random() < 0.5:
        band = smooth_noise(2, width, max(4.0, width * rng.uniform(0.05, 0.5)), rng)[:1]
    else:
        band = smooth_noise(height, 2, max(2.0, height * rng.uniform(0.2, 1)), rng)[:, :1]
    weight = (np.float32(amount) * band.clip(0, 1))[:, :, None]
    return np.asarray(image + (paper - image) * weight, np.float32)


def crease(image: Array, amount: float, rng: Generator) -> Array:
    """Crumpled paper: along a few cracks ink is lost and light breaks, by ``amount``."""
    height, width = image.shape[:2]
    cracks = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        points = np.stack([rng.uniform(0, width) + np.cumsum(rng.normal(0, height / 3, 6)), np.linspace(0, height, 6)])
        cv2.polylines(cracks, [points.T.astype(np.int32).reshape(-1, 1, 2)], False, 1.0, int(rng.integers(1, 3)))
    side = np.asarray(cv2.GaussianBlur(cracks, (0, 0), 3)) * np.float32(rng.uniform(-1.5, 1.5))
    weight = (np.float32(amount) * cracks)[:, :, None]
    bright = np.float32(rng.uniform(0.8, 1.0)) * image.max()
    return np.asarray((image * (1 - weight) + bright * weight) * (1 + 0.5 * amount * side[:, :, None]), np.float32)


def chop(image: Array, amount: float, rng: Generator) -> Array:
    """Characters of a seal over the text: the line itself, turned and enlarged, stands for them."""
    height, width = image.shape[:2]
    ink = brightness(image)
    ink = (ink.max() - ink) / max(0.05, float(ink.max() - ink.min()))
    centre = (width / 2, height / 2)
    matrix = cv2.getRotationMatrix2D(centre, float(rng.uniform(-50, 50)), float(rng.uniform(1.1, 2.2)))
    matrix[:, 2] += rng.uniform(-1, 1, 2) * (width / 3, height / 3)
    stamp = np.asarray(cv2.warpAffine(ink, matrix, (width, height)))
    reach = max(8, int(height * rng.uniform(1, 3)))
    left = int(rng.integers(-reach // 2, max(1, width - reach // 2)))
    stamp[:, : max(0, left)] = 0
    stamp[:, max(0, left + reach) :] = 0
    if rng.random() < 0.5:
        stamp = stamp * (smooth_noise(height, width, 2.5, rng) > 0.35)
    colour = np.array([0.25, 0.2, 0.85] if rng.random() < 0.8 else [0.75, 0.3, 0.25], np.float32)
    weight = (np.float32(amount) * stamp.clip(0, 1))[:, :, None]
    return np.asarray(image * (1 - weight * (1 - colour)), np.float32)


def hand_shadow(image: Array, amount: float, rng: Generator) -> Array:
    """The shadow of a hand or a phone: one side of a soft edge is darker and bluer by ``amount``."""
    height, width = image.shape[:2]
    edge = _ramp(height, width, rng) / np.float32(rng.uniform(1, height))
    dark = np.float32(amount) / (1 + np.exp(-edge.clip(-20, 20)))
    tint = np.array([0.85, 0.95, 1.0], np.float32)
    return np.asarray(image * (1 - dark[:, :, None] * tint), np.float32)


def glare(image: Array, amount: float, rng: Generator) -> Array:
    """A lamp shines back: a patch is brighter by ``amount`` and may saturate."""
    height, width = image.shape[:2]
    columns = (np.arange(width, dtype=np.float32) - rng.uniform(0, width)) / (rng.uniform(0.6, 3) * height)
    rows = (np.arange(height, dtype=np.float32) - rng.uniform(0, height)) / (rng.uniform(0.4, 1.5) * height)
    patch = np.exp(-(columns[None, :] ** 2 + rows[:, None] ** 2)).astype(np.float32)
    return np.asarray(image + np.float32(amount) * patch[:, :, None], np.float32).clip(0, 1)


def moire(image: Array, amount: float, rng: Generator) -> Array:
    """A photographed screen: coloured waves and a pixel grid."""
    height, width = image.shape[:2]
    columns = np.arange(width, dtype=np.float32)[None, :]
    rows = np.arange(height, dtype=np.float32)[:, None]
    found = image.copy()
    along, across = rng.normal(0, 0.5, 2)
    for channel in range(3):
        phase = along * columns + across * rows + rng.uniform(0.8, 1.2) * channel
        found[:, :, channel] *= (1 + np.float32(amount) * np.sin(phase)).astype(np.float32)
    if rng.random() < 0.5:
        found[:: int(rng.integers(2, 4))] *= np.float32(1 - amount)
    return found


def gamma(image: Array, amount: float, rng: Generator) -> Array:
    """Exposed or printed too dark or too light: values to the power ``amount``."""
    return np.asarray(np.power(image.clip(0, 1), np.float32(amount)), np.float32)


def colour_noise(image: Array, amount: float, rng: Generator) -> Array:
    """Coloured blotches of a small sensor in the dark."""
    height, width = image.shape[:2]
    size = (max(2, width // int(rng.integers(2, 5))), max(2, height // int(rng.integers(2, 5))))
    blotches = rng.standard_normal((size[1], size[0], 3), np.float32)
    return image + np.float32(amount) * np.asarray(cv2.resize(blotches, (width, height)), np.float32)


def smoothed(image: Array, amount: float, rng: Generator) -> Array:
    """A phone's noise reduction: flat parts are washed out, edges stay; ``amount`` is the tolerance."""
    if rng.random() < 0.4:
        return np.asarray(cv2.medianBlur(image, 3))
    return np.asarray(cv2.bilateralFilter(image, 5, amount, 3))


def sharpened(image: Array, amount: float, rng: Generator) -> Array:
    """A phone's or scanner's sharpening: ``amount`` times what a blur takes away, halos included."""
    blurred = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.5)))
    return np.asarray(image + np.float32(amount) * (image - blurred), np.float32).clip(0, 1)


def scan_filter(image: Array, amount: float, rng: Generator) -> Array:
    """A scanning app's black and white: each pixel against its surroundings, ``amount`` of their grey."""
    grey = np.rint(brightness(image).clip(0, 1) * 255).astype(np.uint8)
    side = 2 * int(rng.integers(6, 16)) + 1
    bits = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, side, 255 * amount)
    soft = bits if rng.random() < 0.5 else cv2.GaussianBlur(bits, (0, 0), 0.6)
    flat = np.asarray(soft, np.float32) / np.float32(255)
    return np.repeat(flat[:, :, None], 3, 2)


def fax_lines(image: Array, amount: float, rng: Generator) -> Array:
    """Standard resolution of a fax: ``amount`` rows over the line, twice as fine along it, one bit per dot."""
    height, width = image.shape[:2]
    size = (max(8, round(2.08 * amount * width / height)), max(6, round(amount)))
    dots = np.asarray(cv2.resize(brightness(image), size, interpolation=cv2.INTER_AREA))
    dark, bright = np.percentile(dots, 2), np.percentile(dots, 90)
    level = dark + rng.uniform(0.4, 0.65) * (bright - dark)
    grain = rng.uniform(0, 0.12) * (bright - dark) * rng.standard_normal(dots.shape, np.float32)
    how = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_LINEAR
    bits = cv2.resize((dots + grain > level).astype(np.float32), (width, height), interpolation=how)
    return np.repeat(np.asarray(bits)[:, :, None], 3, 2)
