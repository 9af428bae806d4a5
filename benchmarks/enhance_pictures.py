"""Before and after: a drawn receipt, degraded and enhanced, as docs/enhancement.md shows it.

python -m benchmarks.enhance_pictures docs/images
"""

from __future__ import annotations

import argparse
import zlib
from pathlib import Path

import cv2
import numpy as np

from benchmarks.degrade import PAGE_DPI, degrade
from benchmarks.render import render
from ingestd.config import EnhanceConfig
from ingestd.document import Page, Pixels, frozen
from ingestd.enhance import enhance

CONDITIONS = (("low-contrast", 3), ("uneven", 3), ("noise", 3), ("skew", 2))
RECEIPT = ("receipt-my", 3)
WINDOW = (430, 190)
"""Width and height in px of what is shown of each page."""
GREYS = 24
"""Grey levels of the picture: enough to see, few enough to keep the file small."""


def main() -> None:
    """Draw ``enhance-before-after.png`` into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    receipt = _receipt()
    rows = [np.hstack(_pair(receipt, condition, severity)) for condition, severity in CONDITIONS]
    picture = np.vstack(rows) // (256 // GREYS) * (256 // GREYS)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "enhance-before-after.png"
    cv2.imwrite(str(target), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(f"{target}  {target.stat().st_size:,} bytes")


def _receipt() -> Pixels:
    """The drawn receipt at the resolution that the degradations are made for."""
    image = render(*RECEIPT).pages[0].image.convert("RGB")
    pixels = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2BGR)
    scale = PAGE_DPI / 203
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _pair(receipt: Pixels, condition: str, severity: int) -> tuple[Pixels, Pixels]:
    """The middle of the degraded page, and the same place of the enhanced one."""
    before = degrade(receipt, condition, severity, zlib.crc32(condition.encode()))
    height, width = before.shape[:2]
    page = Page(0, frozen(before), PAGE_DPI, (width, height), frozen(np.eye(3)))
    after = enhance(page, EnhanceConfig())
    print(f"{condition} {severity}: {' '.join(after.steps) or 'nothing'}")
    centre = np.linalg.inv(after.to_source) @ np.array([width / 2, height / 3, 1.0])
    caption = f"{condition} {severity}: {', '.join(after.steps)}"
    return _window(before, width / 2, height / 3, ""), _window(after.pixels, centre[0], centre[1], caption)


def _window(pixels: Pixels, x: float, y: float, caption: str) -> Pixels:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    width, height = WINDOW
    shown = cv2.getRectSubPix(grey, (width, height), (x, y))
    framed = cv2.copyMakeBorder(shown, 2, 20, 2, 2, cv2.BORDER_CONSTANT, value=(255,))
    cv2.putText(framed, caption, (6, height + 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0,), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)


if __name__ == "__main__":
    main()
