"""The enhancement steps by name: pure functions from an image and a strength to a new image.

The first five are the classic chain (grey, CLAHE, Gaussian, closing, size). A new step is one function here,
one entry in STEPS, its name in config.StepName and, where it has one, its strength in plan.STRENGTHS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from ingestd.document import Matrix

Image = NDArray[np.uint8]
"""uint8, HxW grey or HxWx3 BGR."""

Grey = NDArray[np.uint8]
"""uint8, HxW."""

PAPER_PX = 256
"""Longest side of the copy on which the background is estimated."""
PAPER_FLOOR = 0.25
"""Ground darker than this share of the paper is not paper in the shade but dark print, and stays dark."""
STRETCH_INK = 0.005
"""Share of the darkest pixels that may become black."""
STRETCH_PAPER = 0.95
"""Quantile that becomes white."""
SHARPEN_SIGMA = 1.0
"""Radius of the unsharp mask in px: that of a stroke's edge, not of the stroke."""
CANVAS_MARGIN = 0.03
"""Background kept around the content of a turned page, as a share of its longer side."""
CONTENT_PX = 400
"""Longest side of the copy on which content is told from background."""
CONTENT_LEVELS = 24
"""A pixel differs from the background by more than so many grey levels."""
CONTENT_SHARE = 0.1
"""Part of a pixel of the copy that has to differ: a speck does not, a digit does."""
MOST_PIXELS = 50_000_000
"""An enlarged image does not grow beyond this."""


class Stepped(NamedTuple):
    """What a step returns."""

    image: Image
    matrix: Matrix | None = None
    """Maps the pixels before the step to those after it; None where nothing moves."""


Step = Callable[[Image, float], Stepped]


def _still(image: MatLike) -> Stepped:
    """The result of a step that moves nothing."""
    return Stepped(np.asarray(image, np.uint8))


def levels(image: Grey, share: float, mask: Grey | None = None) -> float:
    """The grey level at or below which this share of the pixels (of the mask) lies; a quantile in linear time."""
    below = np.cumsum(cv2.calcHist([image], [0], mask, [256], [0, 256]), dtype=np.float64)
    return float(np.searchsorted(below, share * below[-1]))


def grey(image: Image, _strength: float = 1.0) -> Stepped:
    """Brightness only (ITU-R BT.601 weights)."""
    return _still(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def clahe(image: Grey, strength: float = 2.0) -> Stepped:
    """Contrast limited adaptive histogram equalisation on 8x8 tiles; strength is the clip limit."""
    return _still(cv2.createCLAHE(clipLimit=strength, tileGridSize=(8, 8)).apply(image))


def gaussian(image: Grey, _strength: float = 1.0) -> Stepped:
    """Gaussian blur, 3x3."""
    return _still(cv2.GaussianBlur(image, (3, 3), 0))


def closing(image: Grey, _strength: float = 1.0) -> Stepped:
    """Morphological closing, 2x2: fills dark specks and thins dark strokes.

    OpenCV's own closing uses the same anchor twice, which shifts the image by a pixel if the kernel is even.
    """
    kernel = np.ones((2, 2), np.uint8)
    return _still(cv2.erode(cv2.dilate(image, kernel, anchor=(1, 1)), kernel, anchor=(0, 0)))


def size(image: Image, strength: float) -> Stepped:
    """Scale by the factor ``strength``; an enlargement stops at MOST_PIXELS, no side shrinks below 1 px."""
    height, width = image.shape[:2]
    factor = min(strength, max(1.0, math.sqrt(MOST_PIXELS / (height * width))))
    target = (max(1, round(width * factor)), max(1, round(height * factor)))
    if target == (width, height):
        return Stepped(image)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    sx, sy = target[0] / width, target[1] / height
    # resize aligns pixel edges, coordinates name pixel centres: hence the half-pixel shift
    matrix = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2], [0, 0, 1]])
    return Stepped(np.asarray(cv2.resize(image, target, interpolation=method), np.uint8), matrix)


def invert(image: Image, _strength: float = 1.0) -> Stepped:
    """Light print on dark ground becomes dark print on light ground."""
    return _still(cv2.bitwise_not(image))


def paper(image: Grey) -> Grey:
    """The paper behind the print, on a copy of at most PAPER_PX: dilated and median filtered."""
    scale = min(1.0, PAPER_PX / max(image.shape))
    height, width = (max(1, round(side * scale)) for side in image.shape)
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 5), np.uint8)


def flatten(image: Grey, strength: float = 1.0) -> Stepped:
    """Divide by the background, so that the paper is white and evenly lit; strength blends, 0 none to 1 all."""
    sheet = paper(image)
    sheet = np.maximum(sheet, np.uint8(max(1.0, PAPER_FLOOR * levels(sheet, 0.95))))
    background = cv2.resize(sheet, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    flat = cv2.divide(image, background, scale=255)
    return _still(flat if strength >= 1 else cv2.addWeighted(flat, strength, image, 1 - strength, 0))


def stretch(image: Grey, strength: float = 8.0) -> Stepped:
    """Spread grey levels so that paper is white and ink black; strength is the most that contrast may grow."""
    ink, white = levels(image, STRETCH_INK), levels(image, STRETCH_PAPER)
    gain = min(strength, 255 / max(1, white - ink))
    table = np.clip(255 - (white - np.arange(256)) * gain, 0, 255).astype(np.uint8)
    return _still(cv2.LUT(image, table))


def denoise(image: Grey, strength: float) -> Stepped:
    """Gaussian blur of 0.6 to 1 px that grows with the noise; strength is the noise's sigma in grey levels.

    A median filter smooths the paper better, but eats thin strokes, which a reader minds more than grain
    (word F1 at sigma 40: 0.76 with the noise, 0.77 blurred, 0.70 with a 3x3 median).
    """
    return _still(cv2.GaussianBlur(image, (0, 0), min(1.0, 0.6 + strength / 80)))


def sharpen(image: Grey, strength: float) -> Stepped:
    """Unsharp mask; strength is the share of the fine detail that is added, 0 none, 1 doubles it."""
    blurred = cv2.GaussianBlur(image, (0, 0), SHARPEN_SIGMA)
    return _still(cv2.addWeighted(image, 1 + strength, blurred, -strength, 0))


def deskew(image: Image, strength: float) -> Stepped:
    """Turn counter-clockwise by ``strength`` degrees on a canvas that holds all that is not background.

    A detector sees the page at a fixed size, so empty corners around a turned page would shrink its print
    (word F1 of an invoice at 10 degrees: 0.93 as it lies, 0.77 with the corners, 0.99 without). Background is
    what looks like the median of the page's border; with it new corners are filled.
    """
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), strength, 1.0)
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    fill = np.median(edge, axis=0)
    corners = np.array([(0.0, 0.0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)])
    page = _turned(corners, turn)
    content = _turned(_content(image), turn)
    margin = CANVAS_MARGIN * max(height, width)
    start = np.maximum(page.min(axis=0), content.min(axis=0) - margin)
    end = np.minimum(page.max(axis=0), content.max(axis=0) + margin)
    turn[:, 2] -= start
    across, down = (math.ceil(side) + 1 for side in end - start)
    colour = np.atleast_1d(fill).tolist()
    turned = cv2.warpAffine(image, turn, (across, down), flags=cv2.INTER_CUBIC, borderValue=colour)
    return Stepped(np.asarray(turned, np.uint8), np.vstack([turn, (0, 0, 1)]))


def _turned(points: NDArray[np.float64], turn: MatLike) -> NDArray[np.float64]:
    """Points (N, 2) under a 2x3 matrix."""
    return np.asarray(points @ turn[:, :2].T + turn[:, 2], np.float64)


def _content(image: Image) -> NDArray[np.float64]:
    """Points (N, 2), px, between which lies all that differs from the background; the corners if nothing does."""
    brightness = grey(image).image
    height, width = brightness.shape
    rim = np.concatenate([brightness[0], brightness[-1], brightness[:, 0], brightness[:, -1]])
    _, differs = cv2.threshold(cv2.absdiff(brightness, np.median(rim)), CONTENT_LEVELS, 255, cv2.THRESH_BINARY)
    scale = min(1.0, CONTENT_PX / max(height, width))
    columns, rows = max(1, round(width * scale)), max(1, round(height * scale))
    share = cv2.resize(differs, (columns, rows), interpolation=cv2.INTER_AREA)
    y, x = np.nonzero(share > CONTENT_SHARE * 255)
    if not len(y):
        y, x = np.array([0, rows - 1]), np.array([0, columns - 1])
    return np.stack([(x + 0.5) * (width / columns), (y + 0.5) * (height / rows)], axis=1) - 0.5


STEPS: dict[str, Step] = {
    "grey": grey,
    "clahe": clahe,
    "gaussian": gaussian,
    "closing": closing,
    "size": size,
    "invert": invert,
    "flatten": flatten,
    "denoise": denoise,
    "stretch": stretch,
    "sharpen": sharpen,
    "deskew": deskew,
}

ON_COLOUR = frozenset({"grey", "size", "invert", "deskew"})
"""Steps that need no grey image; before any other, the image is made grey."""
