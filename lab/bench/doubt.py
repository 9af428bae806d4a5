"""Measure what networks know of their own doubt, on lines from outside: ``python -m lab.bench.doubt [--every N]``.

Lines of PDFs with a text layer and of receipts, as they are and spoiled in ways that training does not use, in two
halves by document. Each network reads every line once; which lines are asked about, and what is made of both readings,
follows from that. Nothing was fitted on these lines but the limits that the tables show.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rich.progress import track

from ingestd.config import RecogniseConfig
from ingestd.reading.models import load_manifest
from ingestd.reading.recognise.ctc import text_of
from ingestd.reading.recognise.ensemble import THIRD_SHARE, merge_readings, wants_another
from ingestd.reading.recognise.network import LineReading, Reader
from lab.bench import harness
from lab.bench.data import data_folder
from lab.train import outside, scoring
from lab.train.calibrate import calibration_error, compare
from lab.train.dataset import Line
from lab.train.real import normalised as without_case

SEED = 7
FOLDERS = ("einvoices/zugferd", "minimal", "world/files", "real")
"""PDFs with a text layer."""
LIMITS = (0.5, 0.7, 0.8, 0.9, 0.95, 1.01)
"""Values of ``recognise.second_below`` to compare; the last one asks about every line."""
SHARES = (0.4, 0.5, 0.65)
THIRD_LIMITS = (0.0, 0.2, 0.4, 0.7)
"""Weights of the third network, and values of ``recognise.third_below``, to compare; 0 asks about no line."""
PRINTED = ("printed", "receipts")
"""Conditions of lines as they are."""
QUARTERS = ("as printed, half 1", "half 2", "spoiled, half 1", "half 2")
DRAWS = 20
"""Draws for the calibration error that chance alone makes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A line and what the networks read."""

    line: Line
    condition: str
    half: int
    """0 or 1, by document."""
    first: LineReading
    second: LineReading
    third: LineReading

    def right(self, reading: LineReading) -> bool:
        """The reading is what the line says; case counts where the label has it."""
        return scoring.correct(self.line, text_of(reading.chars))

    def errors(self, reading: LineReading) -> tuple[int, int]:
        """Return edit distance and length of the line."""
        form = without_case if self.line.kind == "real" else scoring.normalised
        said, read = form(self.line.text), form(text_of(reading.chars))
        return min(len(said), Levenshtein.distance(said, read)), len(said)


Way = Callable[[Sample], LineReading]
CONFIGURED = RecogniseConfig()


def quick(sample: Sample, below: float = CONFIGURED.second_below) -> LineReading:
    """Return the reading of a first pass."""
    if not wants_another(sample.first, below):
        return sample.first
    return merge_readings(sample.first, sample.second, CONFIGURED.alternatives)


def careful(sample: Sample, below: float = CONFIGURED.third_below, share: float = THIRD_SHARE) -> LineReading:
    """Return the careful reading."""
    if sample.second.sequence_probability >= below:
        return sample.second
    return merge_readings(sample.second, sample.third, CONFIGURED.alternatives, share)


WAYS: dict[str, Way] = {
    "first": lambda sample: sample.first,
    "second": lambda sample: sample.second,
    "third": lambda sample: sample.third,
    "quick": quick,
    "careful": careful,
}


def options(parser: argparse.ArgumentParser) -> None:
    """Add size."""
    parser.add_argument("--every", type=int, default=3, help="use every n-th line; odd, else ways to spoil are missed")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read all lines with all networks."""
    cv2.setNumThreads(1)
    lines = list(drawn_from(options.every))
    names = (CONFIGURED.model, CONFIGURED.second_model, CONFIGURED.third_model)
    read = [_readings(str(name), [line for line, _, _ in lines]) for name in names]
    samples = [Sample(*line, *found) for line, *found in zip(lines, *read, strict=True)]
    return harness.Outcome(
        f"{len(samples)} lines of PDFs and receipts, in two halves by document."
        f" First, second, third: {', '.join(map(str, names))}. Quick: first pass. Careful: the second asks the third",
        (conditions(samples), limits(samples), third_limits(samples), calibration(samples)),
    )


def drawn_from(every: int) -> Iterator[tuple[Line, str, int]]:
    """Yield lines with their condition and half; each is there as it is and spoiled."""
    folder = data_folder()
    paths = sorted(path for name in FOLDERS for path in (folder / name).rglob("*.pdf"))
    for half in (0, 1):
        found = outside.lines(paths[half::2], SEED)
        kept = [line for place, line in enumerate(found) if place // 2 % every == 0]
        yield from ((line, line.kind, half) for line in kept)
    rng = np.random.default_rng(SEED)
    names = list(outside.SPOILED)
    receipts = scoring.receipt_set(folder / "sroie", every)
    for place, line in enumerate(receipts):
        half = 2 * place // len(receipts)  # lines of a receipt follow each other
        yield line, "receipts", half
        name = names[place % len(names)]
        yield replace(line, pixels=outside.spoil(line.pixels, name, rng)), f"receipts {name}", half


def _readings(name: str, lines: Sequence[Line]) -> list[LineReading]:
    reader = Reader(load_manifest().open(name), 1, CONFIGURED.alternatives, certain=True)
    found = []
    for line in track(lines, name, transient=True):
        height, width = line.pixels.shape[:2]
        whole = np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float32)
        found += reader(line.pixels, whole)
    return found


def _right(samples: Sequence[Sample], way: Way) -> str:
    read = [(one, way(one)) for one in samples]
    hits = [one.right(reading) for one, reading in read]
    wrong, length = np.sum([one.errors(reading) for one, reading in read], axis=0)
    return f"{100 * np.mean(hits):.1f} / {100 * (1 - wrong / length):.1f}"


def conditions(samples: Sequence[Sample]) -> harness.Table:
    """Return a row for each condition: lines right, lines asked about."""
    rows = []
    for name, own in _by_condition(samples):
        second = np.mean([wants_another(one.first, CONFIGURED.second_below) for one in own])
        third = np.mean([one.second.sequence_probability < CONFIGURED.third_below for one in own])
        shares = (f"{100 * second:.0f}", f"{100 * third:.0f}")
        rows.append((name, str(len(own)), *(_right(own, way) for way in WAYS.values()), *shares))
    columns = ("", "lines", *WAYS, "asked of second, %", "of third, %")
    return harness.Table("% of lines / of characters right", columns, tuple(rows))


def limits(samples: Sequence[Sample]) -> harness.Table:
    """Return a row for each limit of an unsure line."""
    rows = []
    for below in LIMITS:
        cells = []
        for own in _quarters(samples):
            asked = np.mean([wants_another(one.first, below) for one in own])
            cells.append(f"{_right(own, partial(quick, below=below))} ({100 * asked:.0f})")
        rows.append((f"{min(below, 1):.2f}", *cells))
    title = "quick: % of lines / of characters right by the limit of an unsure line (% of lines asked)"
    return harness.Table(title, ("second_below", *QUARTERS), tuple(rows))


def third_limits(samples: Sequence[Sample]) -> harness.Table:
    """Return a row for each limit of lines that the third network is asked about, and each weight."""
    rows = []
    for below in THIRD_LIMITS:
        for share in SHARES if below else (THIRD_SHARE,):
            cells = []
            for own in _quarters(samples):
                asked = np.mean([one.second.sequence_probability < below for one in own])
                cells.append(f"{_right(own, partial(careful, below=below, share=share))} ({100 * asked:.0f})")
            rows.append((f"{below:.1f}", f"{share:.2f}" if below else "", *cells))
    title = "careful: % of lines / of characters right by limit and weight of the third network (% of lines asked)"
    return harness.Table(title, ("third_below", "weight", *QUARTERS), tuple(rows))


def _quarters(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    """Yield samples as QUARTERS says."""
    for spoiled in (False, True):
        for half in (0, 1):
            yield [one for one in samples if one.half == half and (one.condition not in PRINTED) == spoiled]


def calibration(samples: Sequence[Sample]) -> harness.Table:
    """Return a row for each condition: expected calibration error of characters and of lines."""
    rows = []
    for name, own in _by_condition(samples):
        cells = []
        for way in (quick, careful):
            read = [way(one) for one in own]
            seen = compare([one.chars for one in read], [one.line for one in own])
            sure = np.array([one.sequence_probability for one in read])
            right = np.array([one.right(reading) for one, reading in zip(own, read, strict=True)])
            errors = (calibration_error(seen.confidence, seen.right), calibration_error(sure, right), by_chance(sure))
            cells += [f"{error:.3f}" for error in errors]
        rows.append((name, str(len(own)), *cells))
    kinds = ("characters", "lines", "lines, by chance")
    columns = ("", "lines", *(f"{way} {kind}" for way in ("quick:", "careful:") for kind in kinds))
    note = "By chance: error of perfectly calibrated probabilities on as many lines."
    return harness.Table("expected calibration error, ten bins", columns, tuple(rows), note)


def by_chance(probability: NDArray[np.float64]) -> float:
    """Return the mean calibration error where every probability is right."""
    rng = np.random.default_rng(SEED)
    drawn = [calibration_error(probability, rng.random(len(probability)) < probability) for _ in range(DRAWS)]
    return float(np.mean(drawn))


def _by_condition(samples: Sequence[Sample]) -> Iterator[tuple[str, list[Sample]]]:
    for name in dict.fromkeys(one.condition for one in samples):
        yield name, [one for one in samples if one.condition == name]


if __name__ == "__main__":
    harness.run("doubt", __doc__, measure, options)
