"""Effects on the picture of a line: float32 BGR, 0 to 1. Amounts are explained in degrade.py."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.corpus import effects
from lab.train.effects_ink import smooth_noise

Array = NDArray[np.float32]


def brightness(image: Array) -> Array:
    """Mean of the three channels of each pixel (height, width)."""
    return np.asarray(cv2.transform(image, np.full((1, 3), 1 / 3, np.float32)), np.float32)


def _grid(image: Array) -> tuple[Array, Array]:
    """Row and column of each pixel as float32."""
    rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    return rows, columns


def texture(image: Array, amount: float, rng: Generator) -> Array:
    """Rough or stained paper."""
    height, width = image.shape[:2]
    stain = smooth_noise(height, width, rng.uniform(1, height), rng)
    return np.asarray(image * (1 - amount * stain)[:, :, None], np.float32)


def guilloche(image: Array, amount: float, rng: Generator) -> Array:
    """The fine coloured waves under security forms."""
    rows, columns = _grid(image)
    waves = np.sin(columns * rng.uniform(0.1, 0.8) + 3 * np.sin(rows * rng.uniform(0.1, 0.5)))
    tint = rng.random(3).astype(np.float32)
    return np.asarray(image - amount * np.maximum(waves, 0)[:, :, None] * tint, np.float32)


def show_through(image: Array, amount: float, rng: Generator) -> Array:
    """Print on the back: the line itself mirrored, shifted and blurred stands for it."""
    sigma, shift = rng.uniform(1, 2.5), (int(rng.integers(-12, 13)), int(rng.integers(-60, 61)))
    back = effects.other_side(brightness(image), sigma, shift)
    return np.asarray(image - amount * (back.max() - back)[:, :, None], np.float32)


def seal(image: Array, amount: float, rng: Generator) -> Array:
    """An arc of a red stamp over the text, patchy in half of cases."""
    height, width = image.shape[:2]
    stamp = np.zeros((height, width), np.float32)
    centre = (int(rng.integers(0, width)), int(rng.integers(-height, 2 * height)))
    thickness = max(1, height // int(rng.integers(6, 12)))
    cv2.circle(stamp, centre, int(rng.integers(height // 2, 3 * height)), 1.0, thickness)
    if rng.random() < 0.5:
        stamp *= smooth_noise(height, width, 2, rng) > 0.3
    weight = stamp[:, :, None] * np.float32(amount)
    red = np.array([0.25, 0.2, 0.85], np.float32)
    return np.asarray(image * (1 - weight) + red * weight * image.max(), np.float32)


def uneven_light(image: Array, amount: float, rng: Generator) -> Array:
    """Brighter at one end than at the other."""
    angle = rng.uniform(0, 2 * np.pi)
    height, width = image.shape[:2]
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
    ramp = (columns / width - 0.5) * np.cos(angle) + (rows / height - 0.5) * np.sin(angle) * 0.5
    return np.asarray(image * (1 + amount * ramp)[:, :, None], np.float32)


def shadow(image: Array, amount: float, rng: Generator) -> Array:
    """A soft dark patch, as of a hand."""
    _, columns = _grid(image)
    width = image.shape[1]
    distance = (columns - rng.uniform(0, width)) / (rng.uniform(0.1, 0.5) * width + 2)
    return np.asarray(image * (1 - amount * np.exp(-(distance**2)))[:, :, None], np.float32)


def dim(image: Array, amount: float, rng: Generator) -> Array:
    """Under-exposed."""
    return image * np.float32(amount)


def resolution(image: Array, amount: float, rng: Generator) -> Array:
    """The scanner saw the line ``amount`` px high."""
    height, width = image.shape[:2]
    size = (max(8, round(width * amount / height)), max(8, round(amount)))
    how = cv2.INTER_LINEAR if rng.random() < 0.33 else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, size, interpolation=how))


def defocus(image: Array, amount: float, rng: Generator) -> Array:
    """Gaussian blur of that sigma."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), amount))


def motion(image: Array, amount: float, rng: Generator) -> Array:
    """The camera moved ``amount`` px during the exposure, mostly along or across the line."""
    angle = rng.choice([0.0, 0.0, np.pi / 2, rng.uniform(0, np.pi)])
    return np.asarray(effects.moved(image, amount, angle))


def noise(image: Array, amount: float, rng: Generator) -> Array:
    """Sensor noise, coloured in half of cases; never more than 0.3 of the contrast, so that people can read it."""
    contrast = float(np.percentile(image, 95) - np.percentile(image, 5))
    depth = image.shape[2] if rng.random() < 0.5 else 1
    return effects.with_noise(image, min(amount, 0.3 * contrast), rng, depth)


def specks(image: Array, amount: float, rng: Generator) -> Array:
    """Dark and white single pixels."""
    image = image.copy()
    chance = rng.random(image.shape[:2])
    image[chance < amount / 2] = np.float32(rng.uniform(0, 0.3))
    image[chance > 1 - amount / 2] = 1
    return image


def jpeg(image: Array, amount: float, rng: Generator) -> Array:
    """Compressed at that quality."""
    pixels = np.rint(image.clip(0, 1) * 255).astype(np.uint8)
    return effects.compressed(pixels, int(amount)).astype(np.float32) / np.float32(255)


def fax(image: Array, amount: float, rng: Generator) -> Array:
    """One bit a pixel: ``amount`` of the way from the darkest to the brightest decides."""
    flat = brightness(image)
    dark, bright = np.percentile(flat, 2), np.percentile(flat, 90)
    bits = (flat > dark + amount * (bright - dark)).astype(np.float32)
    return np.repeat(bits[:, :, None], 3, 2)


def grey(image: Array, amount: float, rng: Generator) -> Array:
    """Scanned without colour."""
    return np.asarray(cv2.cvtColor(brightness(image), cv2.COLOR_GRAY2BGR))


def invert(image: Array, amount: float, rng: Generator) -> Array:
    """White on dark, as in table headings."""
    return np.float32(1) - image


def halftone(image: Array, amount: float, rng: Generator) -> Array:
    """A printed raster of that period under grey parts, as in a photocopy of a photograph."""
    rows, columns = _grid(image)
    angle = np.pi / 4
    u, v = columns * np.cos(angle) + rows * np.sin(angle), rows * np.cos(angle) - columns * np.sin(angle)
    screen = np.cos(2 * np.pi * u / amount) + np.cos(2 * np.pi * v / amount)
    return np.asarray(image + 0.12 * screen[:, :, None] * (image * (1 - image) * 4), np.float32)


def fold(image: Array, amount: float, rng: Generator) -> Array:
    """A crease across the line: one side darker, with a bright edge."""
    _, columns = _grid(image)
    place = rng.uniform(0.1, 0.9) * image.shape[1]
    side = (1 + np.tanh((columns - place) / 4)) / 2
    edge = np.exp(-(((columns - place) / 2) ** 2))
    return np.asarray(image * (1 - amount * (side - 0.6 * edge))[:, :, None], np.float32)
