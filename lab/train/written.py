"""Writes a text with a pen: strokes of Chinese characters, single-line letters for the rest, one hand per line.

The strokes are the medians of the npm package hanzi-writer-data (Arphic Public License), fetched and never
committed. A hand is a set of habits (slant, size, speed, joining); every stroke departs from its model at random.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ink = NDArray[np.float32]
Stroke = NDArray[np.float32]
"""Points (n, 2) of a stroke, x to the right and y down, in a square of side 1."""
Strokes = Mapping[str, tuple[Stroke, ...]]
"""Character -> its strokes in the order of writing."""

PACKAGE = "hanzi-writer-data"
EM = 44
"""Height of a written character before its hand changes it, px."""
SUBPIXEL = 4
"""Bits after the point in the coordinates that OpenCV draws at."""

_LETTERS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)


def fetch(path: Path) -> None:
    """Fetch the stroke package and write its medians to one file (.npz)."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.tgz")
        save(_medians(archive), path)


def _medians(archive: Path) -> dict[str, list[list[list[int]]]]:
    found = {}
    with tarfile.open(archive) as contents:
        for member in contents:
            name = Path(member.name)
            if name.suffix == ".json" and len(name.stem) == 1:
                file = contents.extractfile(member)
                assert isinstance(file, io.BufferedReader), f"{member.name}: not a file"
                found[name.stem] = json.load(file)["medians"]
    return found


def save(medians: Mapping[str, list[list[list[int]]]], path: Path) -> None:
    """Write medians (x 0 to 1023 to the right, y -124 to 900 up) as bytes."""
    points = [point for strokes in medians.values() for stroke in strokes for point in stroke]
    flat = np.array(points, np.float64) * (1, -1) + (0, 900)
    np.savez_compressed(
        path,
        points=(flat / 4).round().clip(0, 255).astype(np.uint8),
        stroke_lengths=np.array([len(stroke) for strokes in medians.values() for stroke in strokes], np.uint8),
        stroke_counts=np.array([len(strokes) for strokes in medians.values()], np.uint8),
        characters=np.array(list(medians)),
    )


def load(path: Path) -> Strokes:
    """Read strokes that ``save`` wrote."""
    with np.load(path) as stored:
        points = stored["points"].astype(np.float32) / np.float32(256)
        strokes = np.split(points, np.cumsum(stored["stroke_lengths"].astype(int))[:-1])
        ends = np.cumsum(stored["stroke_counts"].astype(int)).tolist()
        characters = [str(character) for character in stored["characters"]]
    return {
        character: tuple(strokes[start:end])
        for character, start, end in zip(characters, [0, *ends], ends, strict=False)
    }


@dataclass(frozen=True)
class Hand:
    """Habits of one writer."""

    pen: float
    """Stroke width, px."""
    slant: float
    widen: float
    jitter: float
    """Distance that points stray, as a share of the character."""
    size_spread: float
    rise: float
    """Climb of the line, px per px."""
    gap: float
    """Between characters, as a share of the character."""
    joins: float
    """Chance that the pen stays down between two strokes."""
    hurry: float
    """Chance that a point inside a stroke is left out."""
    letters: int


def draw_hand(rng: Generator) -> Hand:
    """Draw a writer, from careful to hasty."""
    haste = rng.random()
    return Hand(
        pen=float(rng.uniform(1.3, 4.5)),
        slant=float(rng.normal(0.06, 0.12)),
        widen=float(rng.uniform(0.8, 1.15)),
        jitter=float(0.012 + 0.035 * haste * rng.random()),
        size_spread=float(0.03 + 0.12 * haste),
        rise=float(rng.normal(0, 0.012)),
        gap=float(rng.uniform(-0.08, 0.25) if rng.random() < 0.8 else rng.uniform(0.2, 0.6)),
        joins=float(max(0.0, haste - 0.35) * rng.uniform(0, 0.9)),
        hurry=float(0.35 * haste * rng.random()),
        letters=int(rng.integers(len(_LETTERS))),
    )


def _stray(strokes: tuple[Stroke, ...], hand: Hand, rng: Generator) -> list[Stroke]:
    """Strokes as this hand writes them this time."""
    found = []
    for stroke in strokes:
        if len(stroke) > 3 and hand.hurry:
            keep = rng.random(len(stroke)) >= hand.hurry
            keep[[0, -1]] = True
            stroke = stroke[keep]
        centre = stroke.mean(0)
        turn = np.eye(2) + rng.normal(0, 1.6 * hand.jitter, (2, 2))
        moved = (stroke - centre) @ turn + centre + rng.normal(0, hand.jitter, 2)
        found.append((moved + rng.normal(0, 0.3 * hand.jitter, stroke.shape)).astype(np.float32))
    return found


def _rounded(points: Stroke) -> Stroke:
    """Cut corners once (Chaikin 1974)."""
    if len(points) < 3:
        return points
    near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
    inner = np.stack([near, far], 1).reshape(-1, 2)
    return np.concatenate([points[:1], inner[1:-1], points[-1:]]).astype(np.float32)


def _trace(canvas: NDArray[np.uint8], points: Stroke, width: float) -> None:
    """Draw a line of that width, px; fractions become grey."""
    fixed = np.rint(points * 2**SUBPIXEL).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(canvas, [fixed], False, 255, max(1, round(width)), cv2.LINE_AA, SUBPIXEL)


def _han(canvas: NDArray[np.uint8], strokes: tuple[Stroke, ...], hand: Hand, place: tuple[float, float, float],
         rng: Generator) -> None:  # fmt: skip
    """Write one character with its left upper corner at ``place`` (x, y, size)."""
    x, y, size = place
    pieces = _stray(strokes, hand, rng)
    if hand.joins:
        joined = [pieces[0]]
        for piece in pieces[1:]:
            if rng.random() < hand.joins and np.abs(joined[-1][-1] - piece[0]).max() < 0.6:
                joined[-1] = np.concatenate([joined[-1], piece])
            else:
                joined.append(piece)
        pieces = joined
    for piece in pieces:
        points = _rounded(piece)
        leaning = points[:, 0] - hand.slant * (points[:, 1] - 0.5)
        scaled = np.stack([leaning * hand.widen * size + x, points[:, 1] * size + y], 1)
        _trace(canvas, scaled.astype(np.float32), hand.pen * rng.uniform(0.85, 1.15))


def _letter(canvas: NDArray[np.uint8], character: str, hand: Hand, place: tuple[float, float, float],
            rng: Generator) -> float:  # fmt: skip
    """Write an ASCII sign with its em's left upper corner at ``place``; returns its advance, px."""
    x, y, size = place
    scale = size / 36 * rng.uniform(0.9, 1.1)
    font, thick = _LETTERS[hand.letters], max(1, round(hand.pen))
    (width, _), _ = cv2.getTextSize(character, font, scale, thick)
    cell = np.zeros((2 * EM, width + EM), np.uint8)
    cv2.putText(cell, character, (EM // 2, int(1.3 * EM)), font, scale, 255, thick, cv2.LINE_AA)
    turn = np.eye(2) + rng.normal(0, 1.5 * hand.jitter, (2, 2))
    turn[0, 1] -= hand.slant
    centre = np.array([EM / 2 + width / 2, EM])
    matrix = np.hstack([turn, (centre - turn @ centre)[:, None]])
    cell = np.asarray(cv2.warpAffine(cell, matrix, (cell.shape[1], cell.shape[0])))
    left, top = int(x) - EM // 2, int(y + 0.8 * size - 1.3 * EM + rng.normal(0, hand.jitter * size))
    top, left = max(0, top), max(0, left)
    target = canvas[top : top + cell.shape[0], left : left + cell.shape[1]]
    np.maximum(target, cell[: target.shape[0], : target.shape[1]], out=target)
    return float(width)


def draw(text: str, strokes: Strokes, chance: Random, rng: Generator) -> Ink | None:
    """Write a line.

    Args:
        text: what to write.
        strokes: of Chinese characters; ASCII is written as well.
        chance: unused by the pen; decides the ink of spaces.
        rng: source of chance.

    Returns:
        The ink cut to its strokes, or None where the text has signs that the pen does not know.
    """
    if any(character not in strokes and not "!" <= character <= "~" and character != " " for character in text):
        return None
    hand = draw_hand(rng)
    climb = abs(hand.rise) * EM * 1.6 * len(text)
    canvas = np.zeros((int(3 * EM + climb), int((1.9 + max(0.0, hand.gap)) * EM * (len(text) + 1))), np.uint8)
    x, base = float(EM // 2), EM + (climb if hand.rise < 0 else 0)
    for character in text:
        size = EM * float(np.clip(rng.normal(1, hand.size_spread), 0.7, 1.35))
        y = base + hand.rise * x + float(rng.normal(0, hand.jitter * EM)) + (EM - size) / 2
        if character == " ":
            x += EM * chance.uniform(0.2, 0.6)
        elif character in strokes:
            _han(canvas, strokes[character], hand, (x, y, size), rng)
            x += size * (hand.widen + hand.gap)
        else:
            x += _letter(canvas, character, hand, (x, y, size), rng) + EM * max(0.0, 0.4 * hand.gap)
    rows, columns = np.flatnonzero(canvas.max(1) > 40), np.flatnonzero(canvas.max(0) > 40)
    if rows.size < 4 or columns.size < 4:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    if bottom - top < 0.5 * EM:  # a dash alone keeps its line's height
        top, bottom = max(0, (top + bottom - EM) // 2), (top + bottom + EM) // 2
    cut = canvas[top:bottom, columns[0] : columns[-1] + 1]
    return cut.astype(np.float32) / np.float32(255)
