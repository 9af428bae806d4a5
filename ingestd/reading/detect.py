"""Find the text lines of a page with a differentiable-binarisation network (DBNet, Liao et al. 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.config import DetectConfig
from ingestd.document import Page, Pixels
from ingestd.layout.geometry import Quads, sizes
from ingestd.reading.models import DetectorEntry, Model


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of the network's input and of its boxes."""

    min_side: float = 3.0
    """Shorter side of a region in the network's output that can be text (px)."""
    min_input_side: int = 320
    """The input's shorter side is at least this (px): a long receipt keeps its print legible."""
    max_enlargement: float = 2.0
    """A page is never enlarged more than this; there is nothing more to see."""
    max_input: int = 2_500_000
    """Pixels of an input; bounds memory and time."""
    short: float = 2.0
    """A box whose sides differ by less than this many times has no direction of its own."""
    fine: float = 12.0
    """Thickness of boxes in the input (px, median) below which lines were missed or merged: look closer."""
    comfortable: float = 14.0
    """Thickness of boxes (px) that the closer look aims at."""
    few: int = 2
    """A page with so many boxes or fewer may hold writing that is too large for the network: look from farther away."""
    farther: float = 0.5
    """Share of the scale for that look."""
    more: float = 2.0
    """It counts where its boxes cover this many times the area."""


LIMITS = Thresholds()


class Detector:
    """Detector of text lines.

    Args:
        model: an open detector.
        options: input size and thresholds.

    Raises:
        ConfigError: the model is of another kind.
    """

    def __init__(self, model: Model, options: DetectConfig) -> None:
        self._model = model
        self._entry = model.entry_as(DetectorEntry)
        self._options = options

    @property
    def name(self) -> str:
        """Entry of the manifest that it runs."""
        return self._entry.name

    def detect(self, page: Page) -> Quads:
        """Find the lines of a page; float32 (N, 4, 2) in page pixels, clockwise from the top left, in no order.

        A page whose print turns out to be fine is searched once more at a larger scale, one with hardly any boxes at a
        smaller one.
        """
        height, width = page.pixels.shape[:2]
        wanted = max(self._options.longest_side / max(width, height), LIMITS.min_input_side / min(width, height))
        scale = _bounded(wanted, width, height)
        quads = self._search(page.pixels, scale)
        if len(quads) <= LIMITS.few:
            large = self._search(page.pixels, scale * LIMITS.farther)
            if _area(large) > LIMITS.more * _area(quads):
                return large
        if not len(quads):
            return quads
        thickness = float(np.median(sizes(quads).min(axis=1))) * scale
        closer = _bounded(scale * LIMITS.comfortable / thickness, width, height)
        return self._search(page.pixels, closer) if thickness < LIMITS.fine and closer > 1.1 * scale else quads

    def _search(self, pixels: Pixels, scale: float) -> Quads:
        """Find lines on the page scaled by about this factor; quads in page pixels."""
        height, width = pixels.shape[:2]
        step = self._entry.multiple
        size = max(1, round(width * scale / step)) * step, max(1, round(height * scale / step)) * step
        quads = find_quads(
            self._probability(pixels, size), self._options.threshold, self._options.box_threshold, self._entry.unclip
        )
        return quads * np.array([width / size[0], height / size[1]], np.float32)

    def _probability(self, pixels: Pixels, size: tuple[int, int]) -> NDArray[np.float32]:
        """Return the text probability of every input pixel, (H, W)."""
        shrinking = size[0] < pixels.shape[1]
        scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
        result: NDArray[np.float32] = self._model.run(self._entry.normalise(scaled[None].astype(np.uint8, copy=False)))[
            0, 0
        ]
        return result


def _area(quads: Quads) -> float:
    """Return the area of boxes (px²); they hardly overlap."""
    return float(sizes(quads).prod(axis=1).sum()) if len(quads) else 0.0


def _bounded(scale: float, width: int, height: int) -> float:
    """Limit the scale where the input would be too large, or enlarged in vain."""
    return min(scale, LIMITS.max_enlargement, math.sqrt(LIMITS.max_input / (width * height)))


def find_quads(probability: NDArray[np.float32], threshold: float, box_threshold: float, unclip: float) -> Quads:
    """Turn a map of text probability (H, W) into boxes around its regions.

    Args:
        probability: 0 to 1 for every pixel; regions are text shrunk towards its middle.
        threshold: a pixel above it is part of a region.
        box_threshold: minimum mean probability of a box.
        unclip: a box grows on every side by area * unclip / perimeter, which undoes the shrinking.
    """
    mask = (probability > threshold).astype(np.uint8)
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outlines = [
        np.asarray(contour, np.int32)
        for contour, (_, _, _, parent) in zip(contours, hierarchy[0] if len(contours) else (), strict=True)
        if parent < 0  # not a hole
    ]
    least = [(*centre, *size, angle) for centre, size, angle in map(cv2.minAreaRect, outlines)]
    rectangles = np.array(least, np.float32).reshape(-1, 5)
    text = rectangles[:, 2:4].min(axis=1) >= LIMITS.min_side
    inside = [_mean_inside(probability, corners) for corners in _corners(rectangles[text])]
    text[text] = np.array(inside) >= box_threshold
    rectangles = _levelled(rectangles[text], list(compress(outlines, text)))
    width, height = rectangles[:, 2:4].T
    rectangles[:, 2:4] += (width * height * unclip / (width + height))[:, np.newaxis]
    return _corners(rectangles)


def _levelled(rectangles: NDArray[np.float32], outlines: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
    """Give short rectangles the slope of the long ones: that of a single character is arbitrary.

    Args:
        rectangles: float32 (N, 5): x and y of the centre, width, height, degrees clockwise.
        outlines: what they surround.
    """
    short = rectangles[:, 2:4].max(axis=1) < LIMITS.short * rectangles[:, 2:4].min(axis=1)
    slopes = (rectangles[~short, 4] + 45) % 90 - 45
    slope = float(np.median(slopes)) if len(slopes) else 0.0
    turn = np.asarray(cv2.getRotationMatrix2D((0, 0), slope, 1)[:, :2], np.float32)
    levelled = rectangles.copy()
    for index in np.flatnonzero(short).tolist():
        points = outlines[index][:, 0] @ turn.T
        low, high = points.min(axis=0), points.max(axis=0)
        levelled[index] = (*((low + high) / 2 @ turn), *(high - low), slope)
    return levelled


def _mean_inside(probability: NDArray[np.float32], corners: Quads) -> float:
    """Return the mean probability inside a box."""
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    window = probability[top:bottom, left:right]
    inside = np.zeros(window.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners - (left, top)).astype(np.int32), 1)
    return float(cv2.mean(window, inside)[0])


def _corners(rectangles: NDArray[np.float32]) -> Quads:
    """Return corners (N, 4, 2) of rectangles, clockwise (y down) from the top left.

    Args:
        rectangles: float32 (N, 5): x and y of the centre, width, height, degrees clockwise.
    """
    centre, (width, height, angle) = rectangles[:, np.newaxis, :2], np.split(rectangles[:, 2:], 3, axis=1)
    turn = np.radians(angle)
    along = np.stack([np.cos(turn), np.sin(turn)], axis=2) * width[..., np.newaxis] / 2
    across = np.stack([-np.sin(turn), np.cos(turn)], axis=2) * height[..., np.newaxis] / 2
    corners = np.concatenate(
        [centre - along - across, centre + along - across, centre + along + across, centre - along + across], axis=1
    )
    first = corners.sum(axis=2).argmin(axis=1)
    order = (first[:, np.newaxis] + np.arange(4)) % 4
    return np.asarray(np.take_along_axis(corners, order[..., np.newaxis], axis=1))
