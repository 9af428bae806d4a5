"""The enhancement steps by name: pure functions from an image and a strength to a new image.

The first five are the classic chain (grey, CLAHE, Gaussian, closing, rescale). A new step is one function here,
one entry in STEPS, its name in config.StepName and, where it has one, its strength in plan.STRENGTHS.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from ingestd.reading.enhance.image import Grey, Image, Step, Stepped, grey, levels, reduced, still
from ingestd.reading.enhance.scan_border import border
from ingestd.reading.enhance.sheet_boundary import sheet_boundary

PAPER_PX = 256
"""Longest side of the copy on which the background is estimated."""
PAPER_FLOOR = 0.25
"""Ground darker than this share of the paper is not paper in the shade but dark print, and stays dark."""
STRETCH_INK = 0.005
"""Share of the darkest pixels that may become black."""
STRETCH_PAPER = 0.95
"""Quantile that becomes white."""
RING = np.array([(1, 1, 1), (1, 0, 1), (1, 1, 1)], np.uint8)
"""The eight neighbours of a pixel."""
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
MAX_PIXELS = 50_000_000
"""An enlarged image does not grow beyond this."""


def clahe(image: Grey, strength: float = 2.0) -> Stepped:
    """Equalise the histogram on 8x8 tiles with limited contrast; strength is the clip limit."""
    return still(cv2.createCLAHE(clipLimit=strength, tileGridSize=(8, 8)).apply(image))


def gaussian(image: Grey, _strength: float = 1.0) -> Stepped:
    """Blur with a Gaussian, 3x3."""
    return still(cv2.GaussianBlur(image, (3, 3), 0))


def closing(image: Grey, _strength: float = 1.0) -> Stepped:
    """Close morphologically, 2x2: fills dark specks and thins dark strokes.

    OpenCV's own closing uses the same anchor twice, which shifts the image by a pixel if the kernel is even.
    """
    kernel = np.ones((2, 2), np.uint8)
    return still(cv2.erode(cv2.dilate(image, kernel, anchor=(1, 1)), kernel, anchor=(0, 0)))


def rescale(image: Image, strength: float) -> Stepped:
    """Scale by the factor ``strength``; an enlargement stops at MAX_PIXELS, no side shrinks below 1 px."""
    height, width = image.shape[:2]
    factor = min(strength, max(1.0, math.sqrt(MAX_PIXELS / (height * width))))
    target = (max(1, round(width * factor)), max(1, round(height * factor)))
    if target == (width, height):
        return Stepped(image)
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    sx, sy = target[0] / width, target[1] / height
    # resize aligns pixel edges, coordinates name pixel centres: hence the half-pixel shift
    matrix = np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2], [0, 0, 1]])
    return Stepped(np.asarray(cv2.resize(image, target, interpolation=method), np.uint8), matrix)


def invert(image: Image, _strength: float = 1.0) -> Stepped:
    """Turn light print on dark ground into dark print on light ground."""
    return still(cv2.bitwise_not(image))


def paper(image: Grey) -> Grey:
    """Estimate the paper behind the print, on a copy of at most PAPER_PX: dilated and median filtered."""
    dilated = cv2.dilate(reduced(image, PAPER_PX), np.ones((5, 5), np.uint8))
    return np.asarray(cv2.medianBlur(dilated, 5), np.uint8)


def flatten(image: Image, strength: float = 1.0) -> Stepped:
    """Divide by the background, so that the paper is white and evenly lit; strength blends, 0 none to 1 all.

    Colours stay: print under a red seal is easier to tell from it in colour than in grey.
    """
    ground = paper(grey(image).image)
    ground = np.maximum(ground, np.uint8(max(1.0, PAPER_FLOOR * levels(ground, 0.95))))
    background = cv2.resize(ground, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    flat = cv2.divide(image, background if image.ndim == 2 else cv2.merge([background] * 3), scale=255)
    return still(flat if strength >= 1 else cv2.addWeighted(flat, strength, image, 1 - strength, 0))


def stretch(image: Image, strength: float = 8.0) -> Stepped:
    """Spread levels so that paper is white and ink black; strength is the most that contrast may grow."""
    brightness = grey(image).image
    ink, white = levels(brightness, STRETCH_INK), levels(brightness, STRETCH_PAPER)
    gain = min(strength, 255 / max(1, white - ink))
    table = np.clip(255 - (white - np.arange(256)) * gain, 0, 255).astype(np.uint8)
    return still(cv2.LUT(image, table))


def denoise(image: Image, strength: float) -> Stepped:
    """Blur with a Gaussian of 0.6 to 1 px that grows with the noise; strength is the noise's sigma in grey levels.

    A median filter smooths the paper better, but eats thin strokes, which a reader minds more than grain.
    """
    return still(cv2.GaussianBlur(image, (0, 0), min(1.0, 0.6 + strength / 80)))


def despeckle(image: Image, _strength: float = 1.0) -> Stepped:
    """Clip each pixel to the range of its eight neighbours (conservative smoothing).

    Takes single specks away and leaves every stroke as it is, even one of one pixel.
    """
    darkest, lightest = cv2.erode(image, RING), cv2.dilate(image, RING)
    return still(np.clip(image, darkest, lightest))


def bleed_through(image: Image, strength: float = 0.3) -> Stepped:
    """Fade print that is fainter than the share ``strength`` (0 to 1) of the ink's depth into the paper.

    The rest keeps its place up to the darkest. The paper is made white first.
    """
    flat = flatten(image).image
    depth = 255 - levels(grey(flat).image, STRETCH_INK)
    faded = strength * depth
    table = np.clip(255 - (255 - np.arange(256) - faded) * (depth / max(depth - faded, 1.0)), 0, 255)
    return still(cv2.LUT(flat, table.astype(np.uint8)))


def sharpen(image: Image, strength: float) -> Stepped:
    """Apply an unsharp mask; strength is the share of the fine detail that is added, 0 none, 1 doubles it."""
    blurred = cv2.GaussianBlur(image, (0, 0), SHARPEN_SIGMA)
    return still(cv2.addWeighted(image, 1 + strength, blurred, -strength, 0))


def deskew(image: Image, strength: float) -> Stepped:
    """Turn counter-clockwise by ``strength`` degrees on a canvas that holds all that is not background.

    A detector sees the page at a fixed size, so empty corners around a turned page would shrink its print.
    Background is what looks like the median of the page's border; it fills the new corners.
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
    """Move points (N, 2) by a 2x3 matrix."""
    return np.asarray(points @ turn[:, :2].T + turn[:, 2], np.float64)


def _content(image: Image) -> NDArray[np.float64]:
    """Return points (N, 2), px, that surround all that differs from the background; the corners if nothing does."""
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
    "rescale": rescale,
    "sheet_boundary": sheet_boundary,
    "border": border,
    "deskew": deskew,
    "invert": invert,
    "despeckle": despeckle,
    "denoise": denoise,
    "bleed_through": bleed_through,
    "flatten": flatten,
    "stretch": stretch,
    "sharpen": sharpen,
}

ON_GREY = frozenset({"clahe", "gaussian", "closing"})
"""Steps that work on a grey image; before any of them, the image is made grey."""
