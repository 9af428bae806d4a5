"""Draws a text as ink: a float mask, 1 where a stroke is, cut to the line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lab.corpus.fonts import Face

Ink = NDArray[np.float32]
"""Float32, height x width, 0 (paper) to 1 (ink)."""

SIZES = (30, 36, 42, 48)
"""Font sizes drawn, px per em."""


@lru_cache(maxsize=512)
def _font(path: Path, index: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size, index=index, layout_engine=ImageFont.Layout.BASIC)


def _is_latin(text: str) -> bool:
    return all(character.isascii() for character in text)


def pick_face(text: str, faces: Sequence[Face], rng: Random) -> Face | None:
    """Pick a face with every character: for ASCII mostly a Latin one, by weight; None if there is none."""
    needed = set(text) - {" "}
    fitting = [face for face in faces if face.weight and needed <= face.coverage]
    if not fitting:
        return None
    latin = [face for face in fitting if not face.han]
    if latin and _is_latin(text) and rng.random() < 0.75:
        fitting = latin
    elif not _is_latin(text) or rng.random() < 0.9:
        fitting = [face for face in fitting if face.han] or fitting
    return rng.choices(fitting, weights=[face.weight for face in fitting])[0]


def _letter_spacing(rng: Random, size: int) -> float:
    """Extra px after each character; most documents have none, forms and justified titles have much."""
    if rng.random() < 0.65:
        return 0.0
    return rng.choice([-1, 1, 2, 3, 5]) if rng.random() < 0.8 else rng.uniform(0.1, 0.5) * size


def _word_space(rng: Random) -> float:
    """Width of a space as a multiple of the font's own."""
    return rng.choice([1.0, 1.0, 1.0, 0.8, 1.4, 2.0])


def _crop(mask: NDArray[np.uint8], size: int) -> Ink | None:
    """Cut to the strokes; a line of low signs (a dash, dots) keeps most of the em's height."""
    rows, columns = np.flatnonzero(mask.max(1) > 40), np.flatnonzero(mask.max(0) > 40)
    if not rows.size:
        return None
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    if bottom - top < 0.6 * size:
        middle = (top + bottom) // 2
        top, bottom = max(0, middle - int(0.45 * size)), min(mask.shape[0], middle + int(0.45 * size))
    return mask[top:bottom, columns[0] : columns[-1] + 1].astype(np.float32) / np.float32(255)


def draw(text: str, faces: Sequence[Face], rng: Random) -> Ink | None:
    """Draw a line.

    Args:
        text: what to draw.
        faces: fonts to choose from; with a share, ASCII inside Chinese comes from a Latin one.
        rng: source of chance.

    Returns:
        The ink, or None where no face has all characters or nothing is visible.
    """
    face = pick_face(text, faces, rng)
    if face is None:
        return None
    size = rng.choice(SIZES)
    main = _font(face.path, face.index, size)
    other = main
    latin = [candidate for candidate in faces if not candidate.han and candidate.weight]
    if face.han and not face.written and latin and not _is_latin(text) and rng.random() < 0.3:
        chosen = rng.choice(latin)
        other = _font(chosen.path, chosen.index, size)
    spacing, space = _letter_spacing(rng, size), _word_space(rng)
    baseline = max(main.getmetrics()[0], other.getmetrics()[0]) + size // 2
    advances = [other if character.isascii() else main for character in text]
    widths = [font.getlength(c) * (space if c == " " else 1) + spacing for c, font in zip(text, advances, strict=True)]
    canvas = Image.new("L", (int(sum(max(width, 0) for width in widths)) + 2 * size, 3 * size), 0)
    pen, x = ImageDraw.Draw(canvas), float(size // 2)
    for character, font, width in zip(text, advances, widths, strict=True):
        pen.text((x, baseline), character, fill=255, font=font, anchor="ls")
        x += width
    return _crop(np.asarray(canvas), size)
