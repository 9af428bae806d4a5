"""Light and lenses: linear light, blur of a lens, shake along a curve, a sensor and what a phone makes of its data."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Pixels

Floats = NDArray[np.float32]
Generator = np.random.Generator

_OVERSAMPLING = 8
_BAYER = np.array([[2, 1], [1, 0]])
"""Channel (B 0, G 1, R 2) of the four cells of a sensor."""
_BITS = 16383.0
"""Range of a sensor's numbers."""


def linear(pixels: Pixels) -> Floats:
    """Return sRGB (uint8, HxWx3) as light, float32, 0 to 1."""
    table = np.arange(256, dtype=np.float32) / 255
    table = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.asarray(table[pixels], np.float32)


def encoded(light: Floats) -> Pixels:
    """Return light as sRGB, uint8."""
    bounded = np.clip(light, 0, 1)
    curve = np.where(bounded <= 0.0031308, bounded * 12.92, 1.055 * np.power(bounded, 1 / 2.4) - 0.055)
    return np.asarray(np.rint(curve * 255), np.uint8)


def smooth(shape: tuple[int, int], cells: float, rng: Generator) -> Floats:
    """Return a smooth random field (H, W), about -1 to 1.

    Args:
        shape: height and width.
        cells: hills along its longer side.
        rng: random numbers.
    """
    height, width = shape
    step = max(height, width) / cells
    grid = rng.uniform(-1, 1, (math.ceil(height / step) + 3, math.ceil(width / step) + 3)).astype(np.float32)
    field = cv2.resize(grid, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
    top, left = (int(value) for value in rng.integers(0, math.ceil(step), 2))
    return np.asarray(cv2.resize(field[top : top + height, left : left + width], (width, height)), np.float32)


def disc(radius: float) -> Floats:
    """Return the kernel of a lens out of focus, a little brighter at its rim; its sum is 1."""
    reach = max(1, math.ceil(radius))
    places = (np.arange((2 * reach + 1) * _OVERSAMPLING) + 0.5) / _OVERSAMPLING - reach - 0.5
    distance = np.hypot(*np.meshgrid(places, places))
    fine = np.where(distance <= max(radius, 0.3), 1 + 0.4 * (distance / max(radius, 0.3)) ** 4, 0)
    size = 2 * reach + 1
    kernel = fine.reshape(size, _OVERSAMPLING, size, _OVERSAMPLING).mean(axis=(1, 3))
    return np.asarray(kernel / kernel.sum(), np.float32)


def unfocused(light: Floats, middle: float, rim: float, centre: tuple[float, float]) -> Floats:
    """Blur by a lens whose field is curved: the radius grows with the square of the distance from a point.

    Args:
        light: the picture.
        middle: radius at the point in px.
        rim: radius half a diagonal away, in px.
        centre: the point, as shares of width and height.
    """
    height, width = light.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((x - centre[0] * width) ** 2 + (y - centre[1] * height) ** 2) / (0.25 * (height**2 + width**2))
    radius = middle + (rim - middle) * np.clip(far, 0, 1)
    radii = np.linspace(min(middle, rim), max(middle, rim), 4)
    result = np.zeros_like(light)
    step = max(float(radii[1] - radii[0]), 1e-6)
    for one in radii:
        share = np.clip(1 - np.abs(radius - one) / step, 0, 1) if step > 1e-6 else np.full_like(radius, 0.25)
        result += cv2.filter2D(light, -1, disc(float(one)), borderType=cv2.BORDER_REFLECT) * share[..., None]
    return result


def shaken(light: Floats, length: float, rng: Generator) -> Floats:
    """Blur by a hand that moved along a curve while the shutter was open.

    Args:
        light: the picture.
        length: of the way from its begin to its end in px.
        rng: random numbers.
    """
    time = np.linspace(0, 1, 200)
    way = rng.uniform(0, 2 * math.pi)
    bend = rng.uniform(-0.5, 0.5) * length
    tremor = 0.06 * length * np.sin(2 * math.pi * (rng.uniform(1.5, 3) * time + rng.uniform()))
    along = length * (time + 0.15 * np.sin(2 * math.pi * time))
    across = 4 * bend * time * (1 - time) + tremor
    x = along * math.cos(way) - across * math.sin(way)
    y = along * math.sin(way) + across * math.cos(way)
    x, y = x - x.mean(), y - y.mean()
    reach = math.ceil(max(np.abs(x).max(), np.abs(y).max())) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - right - (x - left)) * np.abs(1 - down - (y - top))
        np.add.at(kernel, (top + down + reach, left + right + reach), weight)
    result = cv2.filter2D(light, -1, (kernel / kernel.sum()).astype(np.float32), borderType=cv2.BORDER_REFLECT)
    return np.asarray(result, np.float32)


def sensed(light: Floats, electrons: float, read: float, rng: Generator) -> Pixels:
    """Take the picture with a sensor: one colour per cell, shot noise, noise of its rows, and colours guessed again.

    Args:
        light: what falls on it, 0 to 1.
        electrons: that a cell collects in full light; 300 is a dark room, 4,000 daylight.
        read: noise of the amplifier in electrons.
        rng: random numbers.
    """
    height, width = (side // 2 * 2 for side in light.shape[:2])
    gains = np.array([rng.uniform(1.6, 2.0), 1.0, rng.uniform(1.7, 2.1)], np.float32)
    cells = np.empty((height, width), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            channel = int(_BAYER[down, right])
            cells[down::2, right::2] = light[down:height:2, right:width:2, channel] / gains[channel]
    signal = np.clip(cells, 0, 1) * electrons
    noise = rng.standard_normal(cells.shape, np.float32) * np.sqrt(signal + read**2)
    rows = rng.standard_normal((height, 1), np.float32) * (0.25 * read)
    for down in (0, 1):
        for right in (0, 1):
            signal[down::2, right::2] *= gains[_BAYER[down, right]]
            noise[down::2, right::2] *= gains[_BAYER[down, right]]
    numbers = np.clip((signal + noise + rows) / electrons, 0, 1) * _BITS
    colours = cv2.demosaicing(numbers.astype(np.uint16), cv2.COLOR_BayerBG2BGR_EA)
    return encoded(np.asarray(colours, np.float32) / np.float32(_BITS))


def developed(pixels: Pixels, smoothing: float, sharpening: float) -> Pixels:
    """Do what phones do with a picture: take noise away, colours most, and sharpen what is left.

    Args:
        pixels: the picture.
        smoothing: grey levels of noise that are smoothed.
        sharpening: share of the difference to a blurred copy that is added.
    """
    parts = cv2.cvtColor(pixels, cv2.COLOR_BGR2YCrCb)
    luma = cv2.bilateralFilter(parts[..., 0], 5, 2.2 * smoothing, 2.0)
    colour = cv2.medianBlur(np.ascontiguousarray(parts[..., 1:]), 5)
    grey = luma.astype(np.float32)
    grey += sharpening * (grey - cv2.boxFilter(cv2.boxFilter(grey, -1, (3, 3)), -1, (3, 3)))
    merged = np.dstack([np.clip(np.rint(grey), 0, 255).astype(np.uint8), colour])
    return np.asarray(cv2.cvtColor(merged, cv2.COLOR_YCrCb2BGR), np.uint8)


def stored(pixels: Pixels, quality: int) -> Pixels:
    """Return the picture as it comes out of a JPEG of this quality."""
    written, content = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, quality))
    assert written
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8)
