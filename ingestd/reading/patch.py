"""Patch code T, which separates papers in a stack: four bars, narrow wide narrow wide, on a sheet of its own.

Kodak, Patch Code Information (A-61599): narrow bars and spaces are 0.08 inch, wide bars 0.20 inch, and bars are at
least 0.75 inch long. Upside down the code is patch 3; sheets are fed either way, so both count as T.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Code, Page
from ingestd.layout.geometry import as_quad, transform
from ingestd.layout.stack import PATCH_KIND, PATCH_T

INCHES = 0.08
"""Width of a narrow bar."""
_MODULES = np.array([1, 1, 2.5, 1, 1, 1, 2.5])
"""Widths of bars and spaces, in narrow bars."""
_BOUNDS = len(_MODULES) + 1
_TOLERANCE = 0.45
"""Of each width, in narrow bars."""
_QUIET = 1.5
"""Paper on either side, in narrow bars."""
_MIN_LENGTH = 9.0
"""Length of the bars, in narrow bars."""
_SIZES = (0.5, 1.5)
"""Narrow bars are so many times INCHES: prints are scaled, and the resolution may be a guess."""
_DPI = 100.0
"""Resolution at which is looked: 8 px per narrow bar."""
_STEP = 4
"""Px between two rows or columns that are looked at."""
_SLOPE = 0.3
"""Px that a bar moves per px along it, at most."""

Mask = NDArray[np.bool_]


def find_patches(page: Page) -> tuple[Code, ...]:
    """Find a patch code T on a decoded page, in any of four directions; at most one is returned."""
    scale = min(1.0, _DPI / page.dpi)
    grey = np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    if scale < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    ink: Mask = grey < _threshold(grey)
    narrow = INCHES * page.dpi * scale
    back = page.to_source @ np.diag([1 / scale, 1 / scale, 1.0])
    for is_turned in (False, True):
        lines = ink.T if is_turned else ink
        for box in _boxes(lines, narrow):
            left, top, right, bottom = (box[1], box[0], box[3], box[2]) if is_turned else box
            corners = transform(back, [(left, top), (right, top), (right, bottom), (left, bottom)])
            return (Code(page.index, as_quad(corners), PATCH_KIND, PATCH_T),)
    return ()


def _threshold(grey: NDArray[np.uint8]) -> float:
    """Level between ink and paper: halfway between the darkest and the median of the page."""
    dark, middle = np.percentile(grey[::2, ::2], [1, 50])
    return float(dark + middle) / 2


def _boxes(ink: Mask, narrow: float) -> Iterator[tuple[float, float, float, float]]:
    """Yield left, top, right and bottom of codes whose bars lie across the columns."""
    runs: list[list[tuple[int, float, float]]] = []
    """Of each code in work: column, its start and end."""
    for column in range(0, ink.shape[1], _STEP):
        for start, end in _codes(ink[:, column], narrow):
            for run in runs:
                last, begun, ended = run[-1]
                reach = max((column - last) * _SLOPE, 2.0)
                if column - last <= 2 * _STEP and abs(start - begun) <= reach and abs(end - ended) <= reach:
                    run.append((column, start, end))
                    break
            else:
                runs.append([(column, start, end)])
    for run in runs:
        length, height = run[-1][0] - run[0][0], run[0][2] - run[0][1]
        if length >= _MIN_LENGTH * height / _MODULES.sum() and len(run) >= length / _STEP / 2:
            yield run[0][0], min(one[1] for one in run), run[-1][0], max(one[2] for one in run)


def _codes(column: Mask, narrow: float) -> list[tuple[float, float]]:
    """Find start and end of seven bars and spaces in one column that have the widths of a code."""
    edges = np.flatnonzero(np.diff(column.astype(np.int8), prepend=0, append=0))
    if len(edges) < _BOUNDS:
        return []
    parts = np.lib.stride_tricks.sliding_window_view(edges, _BOUNDS)[::2]  # each begins with a bar
    around = np.concatenate(([0], edges, [len(column)]))
    before = parts[:, 0] - around[: -_BOUNDS - 1 : 2]
    after = around[_BOUNDS + 1 :: 2] - parts[:, -1]
    sizes = (parts[:, -1] - parts[:, 0]) / _MODULES.sum()
    widths = np.diff(parts) / sizes[:, None]
    fits = np.zeros(len(parts), bool)
    for want in (_MODULES, _MODULES[::-1]):
        fits |= (abs(widths - want) <= _TOLERANCE).all(axis=1)
    fits &= (sizes >= _SIZES[0] * narrow) & (sizes <= _SIZES[1] * narrow)
    fits &= np.minimum(before, after) >= _QUIET * sizes
    return [(float(part[0]), float(part[-1])) for part in parts[fits]]
