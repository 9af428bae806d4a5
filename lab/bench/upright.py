"""Turn real pages by quarters and see whether they are set upright: ``python -m lab.bench.upright``.

Pages of all corpora, each turned by 0, 90, 180 and 270 degrees and searched as the daemon does, up to the decision.
Half of them, by the order of names, were looked at when the decision was mended; the other half was only counted.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from ingestd.document import Pixels
from ingestd.reading.enhance import enhance
from ingestd.reading.orient import upright
from lab.bench import harness
from lab.bench.data import data_folder
from lab.bench.product import page_of, product
from lab.bench.spoiled import pictures

FOLDERS = ("real/*", "world/files", "layout/files", "handwriting/images", "sroie", "sroie-train")
TYPES = (".jpg", ".jpeg", ".png", ".pdf")
MAX_PAGES = {"sroie": 24, "sroie-train": 40, "handwriting/images": 60}
"""So many files of a folder are enough."""
LYING = {"chip2.jpg": 1, "receipt-parser__IMG0001.pdf": 1, "text_vertical_words.png": None, "empty_black.jpg": None}
"""Files that are not upright -> clockwise quarters that set them upright; None: no side is right."""
SIDES = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


def options(parser: argparse.ArgumentParser) -> None:
    """Add which pages."""
    parser.add_argument("--folders", nargs="+", choices=FOLDERS, default=list(FOLDERS))
    parser.add_argument("--half", choices=("looked at", "counted"), help="only this half")
    parser.add_argument("--misses", action="store_true", help="name the pages that are not upright")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Turn the pages and count."""
    jobs = [job for job in _jobs(options.folders) if options.half in (None, job[1])]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = list(track(pool.map(_sides, [path for _, _, path in jobs]), "turning", len(jobs)))
    rows, misses = [], []
    for key in dict.fromkeys((folder, half) for folder, half, _ in jobs):
        own = [(job[2], result) for job, result in zip(jobs, results, strict=True) if job[:2] == key]
        cases = [case for _, result in own for case in result]
        right = sum(case[0] for case in cases)
        rows.append((*key, f"{right} of {len(cases)}", f"{1000 * float(np.mean([case[1] for case in cases])):.0f}"))
        misses += [
            f"{path.name}, turned {90 * side}"
            for path, result in own
            for side, case in enumerate(result)
            if not case[0]
        ]
    columns = ("pages", "half", "upright", "ms per page to decide")
    shown = "\n".join(misses) if options.misses else ""
    table = harness.Table("real pages turned by quarters", columns, tuple(rows), shown)
    return harness.Outcome("real pages", (table,), {"misses": misses})


def _jobs(folders: Sequence[str]) -> Iterator[tuple[str, str, Path]]:
    for folder in folders:
        paths = sorted(path for path in data_folder().glob(f"{folder}/*") if path.suffix in TYPES)
        paths = [path for path in paths if LYING.get(path.name, 0) is not None]
        step = max(1, len(paths) // MAX_PAGES.get(folder, len(paths)))
        for place, path in enumerate(paths[::step]):
            yield folder, ("looked at", "counted")[place % 2], path


def _sides(path: Path) -> list[tuple[bool, float]]:
    """Return for each side whether the page was set upright, and the seconds that the decision took."""
    cv2.setNumThreads(1)
    picture = pictures(path)[0]
    found = []
    for quarters, turn in enumerate(SIDES):
        turned: Pixels = picture if turn is None else np.asarray(cv2.rotate(picture, turn), np.uint8)
        pages = product().pages
        page = enhance(page_of(turned), pages.enhance_options)
        quads = pages.detector.detect(page)
        begun = time.perf_counter()
        page, _ = upright(page, quads, pages.classify, pages.recogniser.mean_char_confidence)
        spent = time.perf_counter() - begun
        wanted = 90 * ((LYING.get(path.name, 0) or 0) - quarters) % 360
        found.append((page.rotation_deg == wanted, spent))
    return found


if __name__ == "__main__":
    harness.run("upright", __doc__, measure, options)
