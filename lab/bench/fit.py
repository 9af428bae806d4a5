"""What the thresholds of the adaptive plan come from: one step at a time against the reading without it.

    python -m lab.bench.fit --steps denoise whiten --conditions noise bleed-through clean --severities 1 2 3

Reads pages of the tuning splits (``sroie-train``, ``drawn-train``), never of what is reported. Every reading with the
page's measures is kept in ``lab/bench/out/fit.json``; the table says, for each measure, above (or below) which value
a step gained most words in all.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ingestd.document import Page
from ingestd.reading.enhance import apply
from ingestd.reading.enhance.plan import STRENGTHS, Planned
from ingestd.reading.enhance.quality import Quality, measure
from ingestd.reading.enhance.steps import ON_GREY, STEPS
from ingestd.reading.page import Stopwatch
from lab.bench.data import OUT, Labelled, corpus
from lab.bench.product import page_of, product
from lab.bench.score import Score, score
from lab.corpus.conditions import NAMES, Condition, conditions
from lab.corpus.degrade import degrade

SPLITS = ("sroie-train", "drawn-train")


@dataclass(frozen=True, slots=True)
class Trial:
    """One page read without and with one step."""

    page: str
    condition: str
    step: str
    measures: Mapping[str, float]
    without: Score
    with_it: Score


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, print the tables, add to ``lab/bench/out/fit.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", nargs="+", choices=sorted(STEPS), required=True)
    parser.add_argument("--conditions", nargs="+", choices=NAMES, required=True)
    parser.add_argument("--severities", nargs="+", type=int, choices=(1, 2, 3), default=[1, 2, 3])
    parser.add_argument("--sample", type=int, default=6, help="pages of each split")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS))
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    pages = [page for name in options.splits for page in corpus(name, options.sample)]
    tasks = [(page, condition) for condition in conditions(options.conditions, options.severities) for page in pages]
    trials = [trial for page, condition in track(tasks) for trial in read(page, condition, options.steps)]
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "fit.jsonl").open("a", encoding="utf-8") as kept:
        kept.writelines(json.dumps(_row(trial)) + "\n" for trial in trials)
    console = Console()
    for step in options.steps:
        console.print(_table(step, [trial for trial in trials if trial.step == step]))


def _row(trial: Trial) -> dict[str, Any]:
    scores = {"without": [trial.without.right, trial.without.read], "with": [trial.with_it.right, trial.with_it.read]}
    return {
        "page": trial.page,
        "condition": trial.condition,
        "step": trial.step,
        "true": trial.without.true,
        **scores,
        "measures": dict(trial.measures),
    }


def read(labels: Labelled, condition: Condition, steps: Sequence[str]) -> Iterator[Trial]:
    """Read a page under a condition without and with each step alone."""
    pixels = np.asarray(cv2.imread(str(labels.path), cv2.IMREAD_COLOR), np.uint8)
    page = page_of(degrade(pixels, condition.name, condition.severity or 1, zlib.crc32(labels.path.stem.encode())))
    quality = measure(np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_BGR2GRAY), np.uint8))
    without = score(_read(page), labels.lines)
    for step in steps:
        strength = STRENGTHS[step](quality) if step in STRENGTHS else 1.0
        planned = [Planned("grey", 1.0), Planned(step, strength)] if step in ON_GREY else [Planned(step, strength)]
        with_it = score(_read(apply(page, planned)), labels.lines)
        yield Trial(labels.path.stem, str(condition), step, quality.as_mapping(), without, with_it)


def _read(page: Page) -> list[str]:
    _, lines = product(plan="none").pages.read(page, Stopwatch())
    return [line.text for line in lines]


def _table(step: str, trials: Sequence[Trial]) -> Table:
    table = Table("condition", "F1 without", "F1 with", "gain", title=step)
    for name in dict.fromkeys(trial.condition for trial in trials):
        table.add_row(name, *_figures([trial for trial in trials if trial.condition == name]))
    table.add_section()
    for measure_name in Quality.__dataclass_fields__:
        for word, sign in (("from", 1), ("down from", -1)):
            limit, gain = best_threshold(trials, measure_name, sign)
            if gain > 0:
                table.add_row(f"{measure_name} {word} {limit:.4g}", "", "", f"{gain:+.4f}")
    return table


def _figures(trials: Sequence[Trial]) -> tuple[str, str, str]:
    without = sum((trial.without for trial in trials), Score()).f1
    with_it = sum((trial.with_it for trial in trials), Score()).f1
    return f"{without:.4f}", f"{with_it:.4f}", f"{with_it - without:+.4f}"


def best_threshold(trials: Sequence[Trial], name: str, sign: int) -> tuple[float, float]:
    """The value of a measure from which (up for sign 1, down for -1) the step gains most, and the mean gain in F1."""
    ordered = sorted(trials, key=lambda trial: -sign * trial.measures[name])
    gains = np.cumsum([trial.with_it.f1 - trial.without.f1 for trial in ordered])
    best = int(np.argmax(gains))
    return ordered[best].measures[name], float(gains[best]) / len(trials)


if __name__ == "__main__":
    main()
