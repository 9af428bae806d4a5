"""Cut lines out of a page. Pure; points are float32 in page pixels, corners of pixels, not their centres."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Page, Pixels

Quads = NDArray[np.float32]
"""float32 (N, 4, 2), or (4, 2) for one: clockwise from the reading direction's top left."""

Legibility = Callable[[Page, Quads], NDArray[np.float32]]
"""How well (N,), 0 to 1, each quad (N, 4, 2) of a page can be read along its direction."""


def sizes(quads: Quads) -> NDArray[np.float64]:
    """Width along the reading direction and height across it, (N, 2), in pixels, at least 1 each.

    >>> sizes(np.array([[(0, 0), (30, 0), (30, 10), (0, 10)]], np.float32)).tolist()
    [[30.0, 10.0]]
    """
    edges = np.linalg.norm(np.roll(quads, -1, axis=1).astype(np.float64) - quads, axis=2)
    return np.maximum(np.stack([edges[:, 0] + edges[:, 2], edges[:, 1] + edges[:, 3]], axis=1) / 2, 1.0)


def turned(quads: Quads, quarters: int) -> Quads:
    """The same quads (N, 4, 2), read in a direction turned clockwise by so many quarters.

    >>> turned(np.array([[(0, 0), (30, 0), (30, 10), (0, 10)]], np.float32), 1)[0, 0].tolist()
    [30.0, 0.0]
    """
    return np.roll(quads, -quarters, axis=1)


def taller(quads: Quads, share: float) -> Quads:
    """The same quads (N, 4, 2), grown across the reading direction by this share of their height on either side.

    >>> taller(np.array([[(0, 2), (30, 2), (30, 12), (0, 12)]], np.float32), 0.1)[0, :, 1].tolist()
    [1.0, 1.0, 13.0, 13.0]
    """
    down = share * (quads[:, [3, 2]] - quads[:, [0, 1]])
    return np.concatenate([quads[:, [0, 1]] - down, quads[:, [2, 3]] + down[:, ::-1]], axis=1)


def crop(pixels: Pixels, quad: Quads, width: int, height: int) -> Pixels:
    """Straighten one quad (4, 2) of the page into a picture of this size; outside, the page's edge goes on."""
    # Shrinking must see every pixel: cut at a whole multiple of the size, then average.
    factor = max(1, round(sizes(quad[None])[0, 1] / height))
    size = (width * factor, height * factor)
    target = np.array([(0, 0), (size[0], 0), size, (0, size[1])], np.float32)
    matrix = cv2.getPerspectiveTransform(quad - np.float32(0.5), target - np.float32(0.5))
    cut = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    exact = cut if factor == 1 else cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
    return exact.astype(np.uint8, copy=False)
