"""Measure how well pages are levelled, straightened and turned upright: ``python -m lab.bench.geometry``.

All pages are drawn, so the truth is known to the pixel. Skew: every page turned by whole degrees from -15 to 15.
Sheets: photographs of pages on a desk; slopes of their lines before and after. Orientation: pages with one to five
lines on them, turned by quarters.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from ingestd.config import EnhanceConfig
from ingestd.document import Pixels
from ingestd.layout.geometry import angles, as_quads, transform
from ingestd.reading.enhance import enhance
from ingestd.reading.enhance.quality import measure as quality
from ingestd.reading.page import Stopwatch
from lab.bench import harness
from lab.bench.data import DRAWN_SEEDS, bgr, drawn_page
from lab.bench.product import page_of, product
from lab.corpus import KINDS, Raster, effects, render
from lab.corpus.photo import photograph

WITHIN_DEG = 0.2
SPARSE = (1, 2, 3, 5)
"""Lines left on a page to see whether its orientation is still found."""
SIDES = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
Row = tuple[str, int, int, float]
"""Name, cases, right ones, worst case."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add what to measure."""
    parser.add_argument("--corpus", choices=sorted(DRAWN_SEEDS), default="drawn")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Measure what was asked for."""
    seeds = DRAWN_SEEDS[options.corpus]
    rows = [row for name in options.only for row in MEASURES[name](seeds)]
    shown = tuple((what, f"{right} of {cases}", f"{worst:.2f}") for what, cases, right, worst in rows)
    return harness.Outcome(
        f"{options.corpus}: pages drawn from seeds {seeds.start} to {seeds.stop - 1}",
        (harness.Table("geometry", ("", "right", "worst"), shown),),
    )


def skew(seeds: Sequence[int]) -> Iterator[Row]:
    """Compare the measured angle with the true one."""
    errors = []
    for kind in track(KINDS, "skew"):
        grey = cv2.cvtColor(drawn_page(kind, seeds[0])[0], cv2.COLOR_BGR2GRAY)
        level = quality(np.asarray(grey, np.uint8)).skew_deg
        for angle in range(-15, 16):
            turned = np.asarray(effects.turned(grey, -angle, (255,)), np.uint8)
            # printers do not print level either: the difference to the page as it was drawn counts
            errors.append(abs(quality(turned).skew_deg - level - angle))
    within = sum(error <= WITHIN_DEG for error in errors)
    yield f"skew found within {WITHIN_DEG} degrees, -15 to 15", len(errors), within, max(errors)


def sheets(seeds: Sequence[int]) -> Iterator[Row]:
    """Cut photographs of pages out of the desk."""
    slopes: dict[str, list[float]] = {"as photographed": [], "cut out and levelled": []}
    found = 0
    for kind in track(KINDS, "sheets"):
        for seed in seeds:
            photo = photograph(render(kind, seed).pages[0], np.random.default_rng(seed))
            result = enhance(page_of(bgr(photo)), EnhanceConfig())
            found += "sheet" in result.steps
            slopes["as photographed"].append(_slope(photo, np.eye(3)))
            slopes["cut out and levelled"].append(
                _slope(photo, np.asarray(np.linalg.inv(result.to_source), np.float64))
            )
    cases = len(slopes["as photographed"])
    yield "photographed sheets cut out", cases, found, cases - found
    for name, all_slopes in slopes.items():
        level = sum(slope <= 1.0 for slope in all_slopes)
        yield f"lines within 1 degree of level, {name}", cases, level, max(all_slopes)


def _slope(photo: Raster, matrix: NDArray[np.float64]) -> float:
    """Return the median slope of the long lines of a photo under a matrix, in degrees; paper is bent, too."""
    slopes = np.degrees(np.abs(angles(transform(matrix, as_quads(q for q, text in photo.lines if len(text) >= 8)))))
    return float(np.median(np.minimum(slopes, 180 - slopes)))


def orientation(seeds: Sequence[int]) -> Iterator[Row]:
    """Turn pages with few lines to each of their sides."""
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
        yield f"orientation right with {count} lines", cases, right, cases - right


def _sparse(page: Raster, count: int, rng: np.random.Generator) -> Pixels:
    """Return the page with only so many of its lines left."""
    image = bgr(page)
    lines = [quad for quad, text in page.lines if len(text) >= 4]
    kept = np.full_like(image, 255)
    for index in rng.choice(len(lines), min(count, len(lines)), replace=False):
        corners = np.array(lines[index])
        left, top = np.maximum(0, np.round(corners.min(axis=0)).astype(int))
        right, bottom = np.round(corners.max(axis=0)).astype(int)
        window = np.s_[top : bottom + 1, left : right + 1]
        kept[window] = image[window]
    return kept


MEASURES = {"skew": skew, "sheets": sheets, "orientation": orientation}

if __name__ == "__main__":
    harness.run("geometry", __doc__, measure, options)
