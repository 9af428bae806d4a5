"""How well pages are levelled, straightened and turned upright: ``python -m lab.bench.geometry``.

All pages are drawn, so the truth is known to the pixel. Skew: every page turned by whole degrees from -15 to 15.
Sheets: photographs of pages on a desk; how far lines of text are from level before and after, and whether they lie
where they did once they are mapped back. Orientation: pages with one to five lines on them, turned by quarters.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ingestd.config import EnhanceConfig
from ingestd.document import Pixels
from ingestd.layout.geometry import angles, as_quads, transform
from ingestd.reading.enhance import enhance
from ingestd.reading.enhance.quality import measure
from ingestd.reading.page import Stopwatch
from lab.bench.data import DRAWN_SEEDS, OUT, drawn_page
from lab.bench.product import page_of, product
from lab.corpus import KINDS, Raster, effects, render
from lab.corpus.photo import photograph

WITHIN_DEG = 0.2
SPARSE = (1, 2, 3, 5)
"""Lines left on a page to see whether its orientation is still found."""
SIDES = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    cases: int
    right: int
    worst: float
    """In the unit of ``what``."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write ``lab/bench/out/geometry.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", choices=sorted(DRAWN_SEEDS), default="drawn")
    parser.add_argument("--only", nargs="+", choices=("skew", "sheets", "orientation"))
    options = parser.parse_args(arguments)
    wanted = options.only or ("skew", "sheets", "orientation")
    seeds = DRAWN_SEEDS[options.corpus]
    figures = [figure for name in wanted for figure in MEASURES[name](seeds)]
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "geometry.json").write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    table = Table("what", "cases", "right", "worst")
    for figure in figures:
        table.add_row(figure.what, str(figure.cases), f"{figure.right / figure.cases:.1%}", f"{figure.worst:.2f}")
    Console().print(table)


def skew(seeds: Sequence[int]) -> Iterator[Figure]:
    """The measured angle against the true one."""
    errors = []
    for kind in track(KINDS, "skew"):
        page, _ = drawn_page(kind, seeds[0])
        grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
        level = measure(np.asarray(grey, np.uint8)).skew_deg
        for angle in range(-15, 16):
            turned = measure(np.asarray(effects.turned(grey, -angle, (255,)), np.uint8))
            # printers do not print level either: what counts is the difference to the page as it was drawn
            errors.append(abs(turned.skew_deg - level - angle))
    within = sum(error <= WITHIN_DEG for error in errors)
    yield Figure(f"skew found within {WITHIN_DEG} degrees, -15 to 15", len(errors), within, max(errors))


def sheets(seeds: Sequence[int]) -> Iterator[Figure]:
    """Photographs of pages on a desk."""
    before, after, found = [], [], 0
    for kind in track(KINDS, "sheets"):
        for seed in seeds:
            photo = photograph(render(kind, seed).pages[0], np.random.default_rng(seed))
            pixels = cv2.cvtColor(np.asarray(photo.image.convert("RGB")), cv2.COLOR_RGB2BGR)
            page = page_of(np.asarray(pixels, np.uint8))
            result = enhance(page, EnhanceConfig())
            found += "sheet" in result.steps
            before.append(_slope(photo, np.eye(3)))
            after.append(_slope(photo, np.asarray(np.linalg.inv(result.to_source), np.float64)))
    yield Figure("photographed sheets cut out", len(after), found, len(after) - found)
    for name, slopes in (("as photographed", before), ("cut out and levelled", after)):
        level = sum(slope <= 1.0 for slope in slopes)
        yield Figure(f"lines within 1 degree of level, {name}", len(slopes), level, max(slopes))


def _slope(photo: Raster, matrix: NDArray[np.float64]) -> float:
    """How far the long lines of a photo are from level under a matrix, in degrees: the median; paper is bent, too."""
    slopes = np.degrees(np.abs(angles(transform(matrix, as_quads(q for q, text in photo.lines if len(text) >= 8)))))
    return float(np.median(np.minimum(slopes, 180 - slopes)))


def orientation(seeds: Sequence[int]) -> Iterator[Figure]:
    """Pages with few lines, lying on each of their sides."""
    pipeline = product()
    for count in SPARSE:
        right = cases = 0
        for kind in track(KINDS, f"orientation, {count} lines"):
            pixels = _sparse(render(kind, seeds[0]).pages[0], count, np.random.default_rng(seeds[0]))
            for quarters, turn in enumerate(SIDES):
                turned = pixels if turn is None else np.asarray(cv2.rotate(pixels, turn), np.uint8)
                page, _ = pipeline.pages.read(page_of(turned), Stopwatch())
                right += page.rotation_deg == -90 * quarters % 360
                cases += 1
        yield Figure(f"orientation right with {count} lines", cases, right, cases - right)


def _sparse(page: Raster, count: int, rng: np.random.Generator) -> Pixels:
    """The page with only so many of its lines left."""
    image = np.asarray(page.image.convert("RGB"))[..., ::-1]
    lines = [quad for quad, text in page.lines if len(text) >= 4]
    kept = np.full_like(image, 255)
    for index in rng.choice(len(lines), min(count, len(lines)), replace=False):
        corners = np.array(lines[index])
        (left, top), (right, bottom) = (
            np.round(edge).astype(int) for edge in (corners.min(axis=0), corners.max(axis=0))
        )
        window = np.s_[max(0, top) : bottom + 1, max(0, left) : right + 1]
        kept[window] = image[window]
    return np.ascontiguousarray(kept)


MEASURES = {"skew": skew, "sheets": sheets, "orientation": orientation}

if __name__ == "__main__":
    main()
