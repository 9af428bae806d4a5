"""Cut lines out of a page. Pure; points are float32 in page pixels, corners of pixels, not their centres."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Page, Pixels
from ingestd.layout.geometry import Quads

MeanCharConfidence = Callable[[Page, Quads], NDArray[np.float32]]
"""Mean confidence (N,), 0 to 1, of the characters in each quad (N, 4, 2) of a page, read along its direction."""


def crop(pixels: Pixels, quad: Quads, width: int, height: int) -> Pixels:
    """Straighten one quad (4, 2) of the page into a picture of this size; outside, the page's edge goes on."""
    # Shrinking must see every pixel: cut at a whole multiple of the size, then average.
    down = (math.dist(quad[0], quad[3]) + math.dist(quad[1], quad[2])) / 2
    factor = max(1, round(down / height))
    size = (width * factor, height * factor)
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    matrix = cv2.getPerspectiveTransform(quad - np.float32(0.5), target - np.float32(0.5))
    cut = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    exact = cut if factor == 1 else cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
    return exact.astype(np.uint8, copy=False)
