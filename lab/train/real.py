"""Real lines: receipts of the SROIE set (ICDAR 2019, CC BY 4.0), cut with other margins each time.

SROIE labels are upper-cased by their makers. The letter case is taken from a pretrained reader where
both agree on the letter, and lines on which the two differ much are left out as mislabelled.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from lab.train import degrade
from lab.train.charset import class_of

Pixels = NDArray[np.uint8]

MARGIN = 0.4
"""Surroundings kept beside each line, as a fraction of its height."""
TALLEST = 72
"""Height in px to which the crops are reduced for keeping."""
DOUBTFUL = 0.35
"""Lines whose label and reading differ in a greater share of characters are left out."""

_ASCII = str.maketrans("–—‘’“”", "--''\"\"")


@dataclass(frozen=True)
class RealLine:
    """One labelled line with its surroundings, JPEG in memory."""

    data: bytes
    box: tuple[float, float, float, float]
    """Left, top, right, bottom of the text inside the crop, as fractions."""
    text: str

    def pixels(self) -> Pixels:
        """Decoded crop, uint8 BGR, surroundings included."""
        return np.asarray(cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR))


def _cut(page: Pixels, quad: NDArray[np.float64], text: str) -> RealLine | None:
    (left, top), (right, bottom) = quad.min(0), quad.max(0)
    height, width = page.shape[:2]
    margin = MARGIN * (bottom - top)
    x0, y0 = int(max(0, left - margin)), int(max(0, top - margin))
    x1, y1 = int(min(width, right + margin)), int(min(height, bottom + margin))
    if right - left < 4 or bottom - top < 8:
        return None
    crop = page[y0:y1, x0:x1]
    if crop.shape[0] > TALLEST:
        scale = TALLEST / crop.shape[0]
        size = (max(8, round(crop.shape[1] * scale)), TALLEST)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    box = ((left - x0) / (x1 - x0), (top - y0) / (y1 - y0), (right - x0) / (x1 - x0), (bottom - y0) / (y1 - y0))
    return RealLine(cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes(), box, text)


def lines(folder: Path) -> Iterator[RealLine]:
    """Every labelled line of a folder of receipts (NNN.jpg beside NNN.json), labels as they are."""
    for path in sorted(folder.glob("*.json")):
        label = json.loads(path.read_text(encoding="utf-8"))
        page = np.asarray(cv2.imread(str(folder / label["image"]), cv2.IMREAD_COLOR), np.uint8)
        scale = np.array([page.shape[1] / label["size_px"][0], page.shape[0] / label["size_px"][1]])
        for line in label["lines"]:
            text = " ".join(line["text"].split())
            cut = _cut(page, np.asarray(line["quad"]).reshape(4, 2) * scale, text) if text else None
            if cut:
                yield cut


def crop(line: RealLine, margin: tuple[float, float, float, float]) -> Pixels:
    """Cut the line with margins (left, top, right, bottom) as fractions of its height, scaled to 48 px."""
    pixels = line.pixels()
    height, width = pixels.shape[:2]
    left, top, right, bottom = line.box[0] * width, line.box[1] * height, line.box[2] * width, line.box[3] * height
    unit = bottom - top
    x0, y0 = round(max(0, left - margin[0] * unit)), round(max(0, top - margin[1] * unit))
    x1, y1 = round(min(width, right + margin[2] * unit)), round(min(height, bottom + margin[3] * unit))
    cut = pixels[y0 : max(y1, y0 + 4), x0 : max(x1, x0 + 4)]
    size = (max(16, round(cut.shape[1] * degrade.HEIGHT / cut.shape[0])), degrade.HEIGHT)
    return np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_LINEAR))


def augment(line: RealLine, rng: Generator) -> Pixels:
    """Cut with random margins and, in a third of cases, degrade further."""
    side, upright = rng.uniform(-0.03, 0.3, 2), rng.uniform(-0.06, 0.25, 2)
    pixels = crop(line, (side[0], upright[0], side[1], upright[1]))
    severity = int(rng.choice([0, 0, 1, 2]))
    if not severity:
        return pixels
    effects = tuple(effect for effect in degrade.SENSOR if effect.name != "low resolution")
    return degrade.finish(degrade.apply(effects, pixels.astype(np.float32) / np.float32(255), severity, rng), rng)


def normalised(text: str) -> str:
    """Return a reading in the form in which readings are compared: NFKC, upper case, no spaces."""
    return "".join(unicodedata.normalize("NFKC", text).upper().split())


def _with_case_of(label: str, reading: str) -> str:
    """The label with the letter case of the reading where both have the same letter."""
    letters = list(label)
    for span in Levenshtein.opcodes(label.upper(), reading.upper()):
        if span.tag == "equal":
            letters[span.src_start : span.src_end] = reading[span.dest_start : span.dest_end]
    return "".join(letters)


def relabel(found: Sequence[RealLine], read: Callable[[Sequence[Pixels]], list[str]]) -> list[RealLine]:
    """Give labels their letter case and drop doubtful ones.

    Args:
        found: lines as labelled.
        read: a pretrained reader: crops, 48 px high, to texts.
    """
    readings = read([crop(line, (0.1, 0.06, 0.1, 0.06)) for line in found])
    kept = []
    for line, reading in zip(found, readings, strict=True):
        text = line.text.translate(_ASCII)
        doubt = Levenshtein.normalized_distance(normalised(text), normalised(reading))
        text = _with_case_of(text, reading) if len(text.upper()) == len(text) else text
        if doubt <= DOUBTFUL and all(character in class_of() for character in text):
            kept.append(RealLine(line.data, line.box, text))
    return kept


def save(found: Sequence[RealLine], path: Path) -> None:
    """Write lines to one file."""
    offsets = np.cumsum([0, *(len(line.data) for line in found)])
    np.savez(
        path,
        data=np.frombuffer(b"".join(line.data for line in found), np.uint8),
        offsets=offsets,
        boxes=np.array([line.box for line in found], np.float32),
        texts=np.array([line.text for line in found]),
    )


def load(path: Path) -> list[RealLine]:
    """Read lines that ``save`` wrote."""
    with np.load(path) as stored:
        data, offsets, boxes, texts = (stored[name] for name in ("data", "offsets", "boxes", "texts"))
    return [
        RealLine(data[start:end].tobytes(), tuple(box), str(text))
        for start, end, box, text in zip(offsets, offsets[1:], boxes.tolist(), texts, strict=False)
    ]
