"""What enhancement earns: word F1 on degraded pages without it, with the classic chain, with the adaptive plan.

    python -m benchmarks.enhance [--corpus sroie] [--limit 12] [--severities 2] [--conditions clean mixed ...]

Detection, orientation and recognition are the product's own; only the plan differs. The thresholds of the
adaptive plan were chosen on pages of ``sroie-train``, so figures to quote come from ``sroie``.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.data import OUT, Labelled, labelled
from benchmarks.degrade import DEGRADATIONS, PAGE_DPI, degrade
from benchmarks.score import Score, score
from ingestd.app import build_pipeline, manifest_of, rules_of
from ingestd.config import Config, EnhanceConfig, InboxConfig
from ingestd.document import Page, Pixels, frozen
from ingestd.enhance import enhance
from ingestd.orient import upright
from ingestd.pipeline import Pipeline

PLANS = {"none": EnhanceConfig(plan="none"), "fixed": EnhanceConfig(plan="fixed"), "auto": EnhanceConfig()}
UNGRADED = ("clean",)
"""Conditions without a severity."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One degraded page read under one plan."""

    score: Score
    enhance_ms: float
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One condition at one severity, all pages together."""

    condition: str
    severity: int
    f1: dict[str, float]
    """By plan."""
    enhance_ms: dict[str, float]
    """Median wall time of measuring and enhancing a page, by plan."""
    steps: dict[str, int]
    """Steps of the adaptive plan and the number of pages that got them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write ``benchmarks/out/enhance-CORPUS.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", default="sroie")
    parser.add_argument("--limit", type=int, default=12, help="pages, taken evenly from the whole corpus")
    parser.add_argument("--severities", type=int, nargs="+", choices=(1, 2, 3), default=[2])
    parser.add_argument("--conditions", nargs="+", choices=(*UNGRADED, *DEGRADATIONS))
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    pages = labelled(options.corpus, options.limit)
    conditions = options.conditions or (*UNGRADED, *DEGRADATIONS)
    tasks = [(name, severity) for name in conditions for severity in _severities(name, options.severities)]
    rows = list(track(measure(pages, tasks, options.workers), "conditions", total=len(tasks)))
    report(options.corpus, len(pages), rows)


def _severities(condition: str, wanted: Sequence[int]) -> Sequence[int]:
    return wanted[:1] if condition in UNGRADED else wanted


def measure(pages: Sequence[Labelled], tasks: Sequence[tuple[str, int]], workers: int) -> Iterator[Row]:
    """Read every page under every condition and plan."""
    with ProcessPoolExecutor(workers) as pool:
        futures = [[pool.submit(compare, page, *task) for page in pages] for task in tasks]
        for (condition, severity), every in zip(tasks, futures, strict=True):
            readings = [future.result() for future in every]
            yield _row(condition, severity, readings)


def _row(condition: str, severity: int, readings: Sequence[dict[str, Reading]]) -> Row:
    taken = [" ".join(reading["auto"].steps) or "nothing" for reading in readings]
    return Row(
        condition,
        severity,
        f1={plan: sum((reading[plan].score for reading in readings), Score()).f1 for plan in PLANS},
        enhance_ms={plan: float(np.median([reading[plan].enhance_ms for reading in readings])) for plan in PLANS},
        steps={steps: taken.count(steps) for steps in sorted(set(taken))},
    )


def compare(labels: Labelled, condition: str, severity: int) -> dict[str, Reading]:
    """Read one page, degraded, under each plan; a plan that leaves it alone is not read again."""
    pixels = cv2.imread(str(labels.path), cv2.IMREAD_COLOR)
    seed = zlib.crc32(labels.path.stem.encode())
    page = _page(degrade(np.asarray(pixels, np.uint8), condition, severity, seed))
    readings: dict[str, Reading] = {}
    for plan, options in PLANS.items():
        begun = time.perf_counter()
        enhanced = enhance(page, options)
        milliseconds = (time.perf_counter() - begun) * 1000
        untouched = enhanced.pixels is page.pixels and "none" in readings
        result = readings["none"].score if untouched else score(_read(enhanced), labels.lines)
        readings[plan] = Reading(result, milliseconds, enhanced.steps)
    return readings


def _page(pixels: Pixels) -> Page:
    height, width = pixels.shape[:2]
    return Page(0, frozen(pixels), PAGE_DPI, (width, height), frozen(np.eye(3)))


@cache
def _pipeline() -> Pipeline:
    """The product's models, once a process."""
    cv2.setNumThreads(1)
    config = Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),))
    return build_pipeline(config, rules_of(config), manifest_of(config))


def _read(page: Page) -> list[str]:
    pipeline = _pipeline()
    quads = pipeline.detector.detect(page)
    page, quads = upright(page, quads, pipeline.classify, pipeline.recogniser.legibility)
    return [line.text for line in pipeline.recogniser.read(page, quads)]


def report(corpus: str, count: int, rows: Sequence[Row]) -> None:
    """Print the table and write it as JSON."""
    OUT.mkdir(exist_ok=True)
    target = OUT / f"enhance-{corpus}.json"
    content = {"corpus": corpus, "pages": count, "rows": [asdict(row) for row in rows]}
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    table = Table("condition", "severity", *PLANS, "auto / none", "auto ms", "steps", title=f"{corpus}, {count} pages")
    for row in rows:
        ratio = row.f1["auto"] / row.f1["none"] if row.f1["none"] else float("inf")
        steps = ", ".join(f"{count} {steps}" for steps, count in row.steps.items())
        figures = (f"{row.f1[plan]:.3f}" for plan in PLANS)
        severity = "" if row.condition in UNGRADED else str(row.severity)
        table.add_row(row.condition, severity, *figures, f"{ratio:.3f}", f"{row.enhance_ms['auto']:.0f}", steps)
    console = Console()
    console.print(table)
    console.print(f"written to {target}")


if __name__ == "__main__":
    main()
