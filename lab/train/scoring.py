"""Evaluation sets and the figures drawn from them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from lab.corpus import fonts
from lab.train import dataset, effects_picture, real
from lab.train.dataset import Line, Pixels

DEGRADED_KINDS: Mapping[str, float] = {
    "number": 0.4,
    "field": 0.25,
    "rare": 0.15,
    "words": 0.1,
    "english-field": 0.1,
    "european": 0.1,
}
CLEAN_KINDS: Mapping[str, float] = {"number": 0.2, "field": 0.25, "rare": 0.4, "english-field": 0.15, "european": 0.2}
"""Composition of an evaluation set: lines of each kind as multiples of the number asked for."""

RECEIPT_MARGINS = ((0.0, 0.0, 0.0, 0.0), (0.12, 0.08, 0.12, 0.08))
"""Real lines are cut in turn as labelled and as detectors cut, as fractions of their height."""


def evaluation_set(folder: Path, seed: int, per_severity: int) -> list[Line]:
    """Lines drawn with held-out families and with effects that training does not have.

    Args:
        folder: fonts and word list, as fetched.
        seed: which set.
        per_severity: about how many lines of each severity, clean included.
    """
    sampler = dataset.Sampler(folder, fonts.Split.HELD_OUT, dataset.Mixture(), (), seed)
    lines = []
    for severity in range(4):
        for kind, share in (DEGRADED_KINDS if severity else CLEAN_KINDS).items():
            lines += [sampler.drawn(kind, severity) for _ in range(round(share * per_severity))]
    return lines


def handwriting_set(folder: Path, seed: int, count: int) -> list[Line]:
    """Fields and running Chinese in a held-out font that looks like handwriting, half of the lines lightly degraded.

    A font writes every character alike, which no hand does: this shows how far the shapes carry, no more.
    """
    sampler = dataset.Sampler(folder, fonts.Split.HELD_OUT, dataset.Mixture(), (), seed)
    sampler.faces = tuple(replace(face, weight=1.0) for face in sampler.faces if face.written and face.han)
    drawn = [sampler.drawn("field" if place % 2 else "words", place // 2 % 2) for place in range(count)]
    return [replace(line, kind="handwriting") for line in drawn]


def motion_set(folder: Path, seed: int, count: int) -> list[Line]:
    """Clean lines in held-out families, moved by 10 to 16 px of 48 while the picture was taken."""
    sampler = dataset.Sampler(folder, fonts.Split.HELD_OUT, dataset.Mixture(), (), seed)
    rng = np.random.default_rng(seed)
    drawn = [sampler.drawn("number" if place % 2 else "field", 0) for place in range(count)]
    return [replace(line, pixels=_moved(line.pixels, rng), kind="motion") for line in drawn]


def _moved(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    blurred = effects_picture.motion(pixels.astype(np.float32) / np.float32(255), float(rng.uniform(10, 16)), rng)
    return np.asarray(np.rint(blurred.clip(0, 1) * 255), np.uint8)


def receipt_set(receipts: Path, every: int = 1) -> list[Line]:
    """Lines of the SROIE validation receipts, every n-th of them."""
    found = list(real.lines(receipts))[::every]
    margins = (RECEIPT_MARGINS[index % 2] for index in range(len(found)))
    return [Line(real.crop(line, margin), line.text, "real", 0) for line, margin in zip(found, margins, strict=True)]


HANDWRITING = ("handwriting zh", "handwriting en")
"""Kinds of real handwritten lines by language."""
RECEIPTS = ("real", "spoiled")
"""Kinds of lines of receipts, as they are and degraded further."""
OUTSIDE = ("printed", "defocused", "faxed", "photographed", "faded")
"""Kinds of lines of documents from outside: as printed, and spoiled (outside.py)."""


def normalised(text: str) -> str:
    """Return a text in the form in which drawn lines are compared: NFKC, no spaces; letter case counts."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def correct(line: Line, reading: str) -> bool:
    """Tell whether a reading is right; SROIE labels have no letter case."""
    compare = real.normalised if line.kind in RECEIPTS else normalised
    return compare(line.text) == compare(reading)


def groups(line: Line) -> Iterator[str]:
    """Names of the figures that a line counts for."""
    if line.kind == "real":
        yield "receipts"
        if any(character.isdigit() for character in line.text):
            yield "receipt digits"
        return
    if line.kind in {"handwriting", "motion", "spoiled", *HANDWRITING, *OUTSIDE}:
        yield line.kind
        return
    if not line.severity:
        yield "clean"
        if line.kind in {"rare", "european"}:
            yield "clean rare Han" if line.kind == "rare" else "clean European"
        return
    yield "degraded"
    yield f"severity {line.severity}"
    yield {
        "number": "degraded digits",
        "field": "degraded fields",
        "english-field": "degraded English",
        "european": "degraded European",
    }.get(line.kind, "degraded rare and general")


@dataclass(frozen=True)
class Figure:
    """A share of lines read exactly, with its 95 % interval (bootstrap over lines)."""

    percent: float
    low: float
    high: float
    lines: int
    characters: float
    """Percent of characters right: 1 - edit distance / length."""


def _interval(right: Sequence[bool], rng: np.random.Generator) -> tuple[float, float]:
    draws = rng.binomial(len(right), float(np.mean(right)), 2000) / len(right)
    low, high = np.percentile(100 * draws, [2.5, 97.5])
    return float(low), float(high)


def figures(lines: Sequence[Line], readings: Sequence[str]) -> dict[str, Figure]:
    """Every figure of a set of readings."""
    rng = np.random.default_rng(0)
    right: dict[str, list[bool]] = {}
    errors: dict[str, list[tuple[int, int]]] = {}
    for line, reading in zip(lines, readings, strict=True):
        compare = real.normalised if line.kind in RECEIPTS else normalised
        said, read = compare(line.text), compare(reading)
        for name in groups(line):
            right.setdefault(name, []).append(said == read)
            errors.setdefault(name, []).append((min(len(said), Levenshtein.distance(said, read)), len(said)))
    return {
        name: Figure(
            100 * float(np.mean(hits)),
            *_interval(hits, rng),
            len(hits),
            100 * (1 - sum(wrong for wrong, _ in errors[name]) / sum(length for _, length in errors[name])),
        )
        for name, hits in right.items()
    }
