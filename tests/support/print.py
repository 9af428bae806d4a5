"""Pages printed by the tests themselves: lines of text on paper, exact to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from ingestd.document import Page, Pixels, frozen

LETTERS = "ABCDEFGHIKLMNOPRSTUVabcdefghijklmnopqrstuvwxyz0123456789"


def pixels_of(image: MatLike) -> Pixels:
    """What OpenCV returned, as what it is."""
    return np.asarray(image, np.uint8)


def grey(pixels: MatLike) -> Pixels:
    """The grey values of a BGR page."""
    return pixels_of(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY))


def printed(width: int = 600, height: int = 800, *, paper: int = 255, ink: int = 0, line_px: int = 30) -> Pixels:
    """A page of text lines, anti-aliased, level; BGR."""
    rng = np.random.default_rng(7)
    page = np.full((height, width), paper, np.uint8)
    for baseline in range(3 * line_px, height - 2 * line_px, line_px):
        words = ["".join(rng.choice(list(LETTERS), rng.integers(3, 9))) for _ in range(12)]
        letters = width / line_px * rng.uniform(1.2, 2.2)
        text = " ".join(words)[: int(letters)]
        left = line_px + int(rng.integers(0, line_px))
        cv2.putText(page, text, (left, baseline), cv2.FONT_HERSHEY_SIMPLEX, line_px / 45, ink, 1, cv2.LINE_AA)
    return pixels_of(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR))


def sloping(pixels: Pixels, degrees: float) -> Pixels:
    """The page turned clockwise about its centre on a larger white sheet: its lines fall to the right."""
    height, width = pixels.shape[:2]
    side = int(np.hypot(width, height)) + 2
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
    matrix[:, 2] += ((side - width) / 2, (side - height) / 2)
    white = (255, 255, 255)
    return pixels_of(cv2.warpAffine(pixels, matrix, (side, side), flags=cv2.INTER_CUBIC, borderValue=white))


def noisy(pixels: MatLike, sigma: float) -> Pixels:
    """The page with Gaussian noise of ``sigma`` grey levels."""
    noise = np.random.default_rng(3).normal(0, sigma, pixels.shape[:2])[..., np.newaxis]
    return pixels_of(np.clip(pixels + noise + 0.5, 0, 255).astype(np.uint8))


def shaded(pixels: Pixels, darkest: float) -> Pixels:
    """The page lit evenly less from top (all of the light) to bottom (``darkest`` of it)."""
    light = np.linspace(1, darkest, pixels.shape[0])[:, np.newaxis, np.newaxis]
    return (pixels * light).astype(np.uint8)


def as_page(pixels: NDArray[np.uint8], dpi: float = 150.0) -> Page:
    """A freshly decoded page."""
    height, width = pixels.shape[:2]
    return Page(0, frozen(pixels), dpi, (width, height), frozen(np.eye(3)))
