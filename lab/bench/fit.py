"""Find thresholds of the adaptive plan: one step at a time against the reading without it.

    python -m lab.bench.fit --steps denoise bleed_through --conditions noise bleed-through clean --severities 1 2 3

Reads pages of the tuning splits (``sroie-train``, ``drawn-train``), never of what is reported. The table says, for each
measure, above (or below) which value a step gained most words in all; every reading is in the JSON file.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from rich.progress import track

from ingestd.reading.enhance import apply
from ingestd.reading.enhance.plan import STRENGTHS, Planned
from ingestd.reading.enhance.quality import Quality
from ingestd.reading.enhance.quality import measure as quality_of
from ingestd.reading.enhance.steps import ON_GREY, STEPS
from lab.bench import harness
from lab.bench.conditions import NAMES, Condition, conditions
from lab.bench.data import Labelled, corpus, pixels_of
from lab.bench.product import lines_of, page_of
from lab.bench.score import Score, score
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


def options(parser: argparse.ArgumentParser) -> None:
    """Add what to try."""
    parser.add_argument("--steps", nargs="+", choices=sorted(STEPS), required=True)
    parser.add_argument("--conditions", nargs="+", choices=NAMES, required=True)
    parser.add_argument("--severities", nargs="+", type=int, choices=(1, 2, 3), default=[1, 2, 3])
    parser.add_argument("--sample", type=int, default=6, help="pages of each split")
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS))


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read every page under every condition without and with each step."""
    cv2.setNumThreads(1)
    pages = [page for name in options.splits for page in corpus(name, options.sample)]
    tasks = [(page, condition) for condition in conditions(options.conditions, options.severities) for page in pages]
    trials = [trial for page, condition in track(tasks) for trial in _read(page, condition, options.steps)]
    tables = [_table(step, [trial for trial in trials if trial.step == step]) for step in options.steps]
    return harness.Outcome(f"{', '.join(options.splits)}: for tuning", tuple(tables), list(map(asdict, trials)))


def _read(labels: Labelled, condition: Condition, steps: Sequence[str]) -> Iterator[Trial]:
    seed = zlib.crc32(labels.path.stem.encode())
    page = page_of(degrade(pixels_of(labels.path), condition.name, condition.severity or 1, seed))
    quality = quality_of(np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_BGR2GRAY), np.uint8))
    without = score(lines_of(page, "none"), labels.lines)
    for step in steps:
        planned = [Planned(step, STRENGTHS[step](quality) if step in STRENGTHS else 1.0)]
        if step in ON_GREY:
            planned.insert(0, Planned("grey", 1.0))
        with_it = score(lines_of(apply(page, planned), "none"), labels.lines)
        yield Trial(labels.path.stem, str(condition), step, quality.as_mapping(), without, with_it)


def _table(step: str, trials: Sequence[Trial]) -> harness.Table:
    rows = []
    for name in dict.fromkeys(trial.condition for trial in trials):
        here = [trial for trial in trials if trial.condition == name]
        without = sum((trial.without for trial in here), Score()).f1
        with_it = sum((trial.with_it for trial in here), Score()).f1
        rows.append((name, f"{without:.4f}", f"{with_it:.4f}", f"{with_it - without:+.4f}"))
    for name in Quality.__dataclass_fields__:
        for word, sign in (("from", 1), ("down from", -1)):
            limit, gain = best_threshold(trials, name, sign)
            if gain > 0:
                rows.append((f"{name} {word} {limit:.4g}", "", "", f"{gain:+.4f}"))
    return harness.Table(step, ("condition, threshold", "F1 without", "F1 with", "gain"), tuple(rows))


def best_threshold(trials: Sequence[Trial], name: str, sign: int) -> tuple[float, float]:
    """Find the value of a measure from which a step gains most, and the mean gain in F1.

    Args:
        trials: of one step.
        name: of the measure.
        sign: 1 from the value up, -1 from it down.
    """
    ordered = sorted(trials, key=lambda trial: -sign * trial.measures[name])
    gains = np.cumsum([trial.with_it.f1 - trial.without.f1 for trial in ordered])
    best = int(np.argmax(gains))
    return ordered[best].measures[name], float(gains[best]) / len(trials)


if __name__ == "__main__":
    harness.run("fit", __doc__, measure, options)
