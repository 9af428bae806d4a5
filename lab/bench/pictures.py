"""Draw the picture of docs/enhancement.md: ``python -m lab.bench.pictures docs/images``.

It shows a drawn receipt, degraded, and as the default plan hands it to the reader.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import cv2
import numpy as np

from ingestd.document import Pixels
from ingestd.reading.page import Stopwatch
from lab.bench.conditions import Condition
from lab.bench.data import drawn_page
from lab.bench.product import page_of, product
from lab.corpus.degrade import degrade

SHOWN = (Condition("low-contrast", 3), Condition("uneven", 3), Condition("bleed-through", 3), Condition("skew", 2))
WINDOW = (430, 190)
"""Width and height in px of the part of each page that is shown."""
GREYS = 24
"""Grey levels of the picture: enough to see, few enough to keep the file small."""


def main(folder: Path) -> None:
    """Draw ``enhance-before-after.png`` into a folder."""
    picture = np.vstack([pair(condition) for condition in SHOWN]) // (256 // GREYS) * (256 // GREYS)
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "enhance-before-after.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def pair(condition: Condition) -> Pixels:
    """Show the upper middle of the receipt under a condition, and the same place enhanced; grey."""
    receipt, _ = drawn_page("receipt-my", 3)
    before = degrade(receipt, condition.name, condition.severity, zlib.crc32(condition.name.encode()))
    height, width = before.shape[:2]
    after, _ = product().pages.read(page_of(before), Stopwatch())
    x, y, w = np.linalg.inv(after.to_source) @ np.array([width / 2, height / 3, 1.0])
    left = _framed(before, (width / 2, height / 3), "")
    return np.hstack([left, _framed(after.pixels, (x / w, y / w), f"{condition}: {', '.join(after.steps)}")])


def _framed(pixels: Pixels, centre: tuple[float, float], caption: str) -> Pixels:
    window = cv2.getRectSubPix(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), WINDOW, centre)
    framed = cv2.copyMakeBorder(window, 2, 20, 2, 2, cv2.BORDER_CONSTANT, value=(255,))
    cv2.putText(framed, caption, (6, WINDOW[1] + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0,), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
