"""Before and after: a drawn receipt, degraded and as the default plan hands it to the reader.

    python -m lab.bench.pictures docs/images

draws the picture of docs/enhancement.md; the report (lab.bench.report) shows a pair for every condition.
"""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ingestd.document import Pixels
from ingestd.reading.page import Stopwatch
from lab.bench.data import drawn_page
from lab.bench.product import page_of, product
from lab.corpus.conditions import Condition
from lab.corpus.degrade import degrade

SHOWN = (Condition("low-contrast", 3), Condition("uneven", 3), Condition("bleed-through", 3), Condition("skew", 2))
RECEIPT = ("receipt-my", 3)
WINDOW = (430, 190)
"""Width and height in px of what is shown of each page."""
GREYS = 24
"""Grey levels of the picture: enough to see, few enough to keep the file small."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same place of a page, degraded and enhanced."""

    condition: Condition
    before: Pixels
    after: Pixels
    """Grey, HxW."""
    steps: tuple[str, ...]


def main() -> None:
    """Draw ``enhance-before-after.png`` into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    rows = []
    for condition in SHOWN:
        drawn = pair(condition)
        caption = f"{condition}: {', '.join(drawn.steps)}"
        rows.append(np.hstack([_framed(drawn.before, ""), _framed(drawn.after, caption)]))
    picture = np.vstack(rows) // (256 // GREYS) * (256 // GREYS)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "enhance-before-after.png"
    cv2.imwrite(str(target), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{target}  {target.stat().st_size:,} bytes")


def pair(condition: Condition) -> Pair:
    """The upper middle of the drawn receipt under a condition, and the same place enhanced.

    Raises:
        MissingCorpusError: a font is missing.
    """
    receipt, _ = drawn_page(*RECEIPT)
    before = degrade(receipt, condition.name, condition.severity or 1, zlib.crc32(condition.name.encode()))
    height, width = before.shape[:2]
    after, _ = product().pages.read(page_of(before), Stopwatch())
    x, y, w = np.linalg.inv(after.to_source) @ np.array([width / 2, height / 3, 1.0])
    return Pair(condition, _window(before, width / 2, height / 3), _window(after.pixels, x / w, y / w), after.steps)


def _window(pixels: Pixels, x: float, y: float) -> Pixels:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    return np.asarray(cv2.getRectSubPix(grey, WINDOW, (x, y)), np.uint8)


def _framed(window: Pixels, caption: str) -> Pixels:
    framed = cv2.copyMakeBorder(window, 2, 20, 2, 2, cv2.BORDER_CONSTANT, value=(255,))
    cv2.putText(framed, caption, (6, WINDOW[1] + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0,), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)


if __name__ == "__main__":
    main()
