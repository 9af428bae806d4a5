"""Read real handwriting through the whole product: ``python -m lab.bench.handwriting``.

Labelled pictures of single lines in ``handwriting`` of the corpora: ``truth.csv`` (file, text, language, kind) beside
``images``. They are for evaluation only: nothing is trained or fitted on them.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Indel

from ingestd.app.pipelines import build_pipeline, manifest_of, rules_of
from ingestd.pipeline import Pipeline
from ingestd.reading.admit import admit
from ingestd.reading.page import Stopwatch
from lab.bench import harness
from lab.bench.data import data_folder
from lab.bench.product import claimed, configured
from lab.train.scoring import normalised

EFFORTS = ("fast", "auto", "careful")


@dataclass(frozen=True, slots=True)
class Picture:
    """A labelled picture."""

    path: Path
    text: str
    groups: tuple[str, ...]
    """Language and kind."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Reading of a picture, both texts without spaces."""

    picture: Picture
    said: str
    read: str

    @property
    def common(self) -> float:
        """Characters that both texts have in the same order."""
        return (len(self.said) + len(self.read) - int(Indel.distance(self.said, self.read))) / 2


def pictures() -> list[Picture]:
    """Return the labelled pictures."""
    folder = data_folder() / "handwriting"
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return [
            Picture(folder / "images" / row["file"], row["text"], (row["language"], row["kind"]))
            for row in csv.DictReader(file)
        ]


def measure(_: argparse.Namespace) -> harness.Outcome:
    """Read every picture with every effort."""
    shown = pictures()
    columns: dict[str, list[Answer]] = {}
    seconds = {}
    for effort in EFFORTS:
        config = configured()
        config = config.model_copy(update={"reading": config.reading.model_copy(update={"effort": effort})})
        pipeline = build_pipeline(config, rules_of(config), manifest_of(config))
        begun = time.process_time()
        columns[effort] = [_answer(pipeline, picture) for picture in shown]
        seconds[effort] = (time.process_time() - begun) / len(shown)
    groups = sorted({group for picture in shown for group in picture.groups})
    rows = [_row(group, columns) for group in groups]
    rows.append(("processor seconds per picture", "", *(f"{seconds[effort]:.2f}" for effort in EFFORTS)))
    table = harness.Table(
        "character F1, %; pictures read exactly; without any text",
        ("", "pictures", *(f"effort: {effort}" for effort in EFFORTS)),
        tuple(rows),
    )
    return harness.Outcome("Real handwritten lines, for evaluation only; nothing is fitted on them", (table,))


def _answer(pipeline: Pipeline, picture: Picture) -> Answer:
    reading, _ = pipeline.understand(admit(claimed(picture.path), pipeline.admit_options), Stopwatch())
    return Answer(picture, normalised(picture.text), normalised("".join(line.text for line in reading.lines)))


def _row(group: str, columns: dict[str, list[Answer]]) -> tuple[str, ...]:
    cells = []
    count = 0
    for answers in columns.values():
        own = [answer for answer in answers if group in answer.picture.groups]
        count = len(own)
        cells.append(
            f"{100 * f1(own):.1f}; {sum(one.said == one.read for one in own)}; {sum(not one.read for one in own)}"
        )
    return group, str(count), *cells


def f1(answers: Sequence[Answer]) -> float:
    """Return the harmonic mean of precision and recall of characters in order."""
    total = sum(len(one.said) + len(one.read) for one in answers)
    return 2 * sum(one.common for one in answers) / total if total else 0.0


if __name__ == "__main__":
    harness.run("handwriting", __doc__, measure)
