"""Shared by the steps: kinds of images, the result of a step, quantiles of grey levels, reduced copies."""

from __future__ import annotations

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


LOOK_PX = 480
"""Longest side of the copy on which the surroundings of a page are looked for."""


class Stepped(NamedTuple):
    """Result of a step."""

    image: Image
    matrix: Matrix | None = None
    """Maps the pixels before the step to those after it; None where nothing moves."""


Step = Callable[[Image, float], Stepped]


def still(image: MatLike) -> Stepped:
    """Wrap the result of a step that moves nothing."""
    return Stepped(np.asarray(image, np.uint8))


def grey(image: Image, _strength: float = 1.0) -> Stepped:
    """Keep brightness only (ITU-R BT.601 weights)."""
    return still(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))


def levels(image: Grey, share: float, mask: Grey | None = None) -> float:
    """Return the grey level at or below which this share of the pixels (of the mask) lies, in linear time."""
    below = np.cumsum(cv2.calcHist([image], [0], mask, [256], [0, 256]), dtype=np.float64)
    return float(np.searchsorted(below, share * below[-1]))


def reduced_by(image: Image, factor: int) -> Image:
    """Copy an image smaller by a whole factor, faster than by any other; may drop an odd border."""
    if factor < 2:
        return image
    height, width = (side // factor for side in image.shape[:2])
    whole = image[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def reduced(image: Image, longest: int) -> Image:
    """Copy an image so that its longer side is at most so many px, each pixel the mean of what it stands for."""
    smaller = reduced_by(image, min(max(image.shape[:2]) // longest, *image.shape[:2]))
    scale = longest / max(smaller.shape[:2])
    if scale >= 1:
        return smaller
    height, width = (max(1, round(side * scale)) for side in smaller.shape[:2])
    return np.asarray(cv2.resize(smaller, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
