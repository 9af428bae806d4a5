"""Lines of documents from outside: cut out of PDFs with a text layer, and spoiled as training does not spoil."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from numpy.random import Generator
from numpy.typing import NDArray

from lab.train import degrade
from lab.train.charset import class_of
from lab.train.dataset import Line, readable

Grey = NDArray[np.float32]
"""Brightness of a line, 0 to 1."""

DPI = 150
MARGIN = 0.15
"""Surroundings of a line, as a fraction of its height."""
PER_DOCUMENT = 25
"""Maximum lines taken from one document; documents of one maker repeat each other."""


def _defocused(image: Grey, rng: Generator) -> Grey:
    """A lens out of focus spreads a point over a disc; light comes in photons."""
    radius = rng.uniform(1.2, 2.4)
    side = np.arange(-3, 4)
    disc = np.clip(radius + 0.5 - np.hypot(side[:, None], side[None, :]), 0, 1)
    blurred = np.asarray(cv2.filter2D(image, -1, disc / disc.sum(), borderType=cv2.BORDER_REPLICATE))
    photons = rng.uniform(150, 600)
    return (rng.poisson(blurred.clip(0, 1) * photons) / photons).astype(np.float32)


def _faxed(image: Grey, rng: Generator) -> Grey:
    """Group 3 standard resolution, 204 by 98 dpi: black or white, with the error handed on to the right."""
    height, width = image.shape
    size = (max(8, round(width * 204 / DPI)), max(8, round(height * 98 / DPI)))
    rows = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA)) + rng.normal(0, 0.04, size[::-1])
    bits = np.zeros_like(rows)
    error = np.zeros(size[1])
    for column in range(size[0]):
        wanted = rows[:, column] + 0.5 * error
        bits[:, column] = wanted > 0.5
        error = wanted - bits[:, column]
    return np.asarray(cv2.resize(bits.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST))


def _photographed(image: Grey, rng: Generator) -> Grey:
    """A phone in bad light: keystone, half of the light, few pixels, a JPEG file of low quality."""
    height, width = image.shape
    bend = rng.uniform(-0.1, 0.1, (4, 2)) * height
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, (corners + bend).astype(np.float32))
    warped = cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    light = np.linspace(rng.uniform(0.35, 0.6), rng.uniform(0.35, 0.6), width, dtype=np.float32)
    scale = rng.uniform(0.55, 0.8)
    small = cv2.resize(warped * light, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = small + rng.normal(0, 0.015, small.shape)
    encoded = cv2.imencode(".jpg", (small * 255).clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.float32) / np.float32(255)


def _thermal(image: Grey, rng: Generator) -> Grey:
    """A receipt printer of 203 dpi whose paper has faded: dead heater columns, grey print on grey paper."""
    ink = 1 - image
    ink[:, rng.random(ink.shape[1]) < 0.012] = 0
    band = cv2.resize(
        rng.uniform(0.25, 0.6, (1, 6)).astype(np.float32), (ink.shape[1], 1), interpolation=cv2.INTER_CUBIC
    )
    paper = rng.uniform(0.7, 0.9)
    return np.asarray(paper - ink * band * paper + rng.normal(0, 0.02, ink.shape), np.float32).clip(0, 1)


SPOILED: Mapping[str, Callable[[Grey, Generator], Grey]] = {
    "defocused": _defocused,
    "faxed": _faxed,
    "photographed": _photographed,
    "faded": _thermal,
}
"""Kind of scoring.OUTSIDE -> the way to spoil a line."""


def spoil(pixels: NDArray[np.uint8], kind: str, rng: Generator) -> NDArray[np.uint8]:
    """Spoil a line, uint8 (H, W, 3) BGR, in one of the ways of SPOILED; grey, perhaps smaller."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(np.float32) / np.float32(255)
    spoiled = np.rint(SPOILED[kind](grey, rng).clip(0, 1) * 255).astype(np.uint8)
    return np.repeat(spoiled[:, :, None], 3, 2)


def _runs(page: pypdfium2.PdfPage) -> Iterator[tuple[Grey, str]]:
    """Pictures of the runs of text of a page, with their texts."""
    height = page.get_height()
    scale = DPI / 72
    picture = page.render(scale=scale, grayscale=True).to_numpy()
    grey = np.asarray(picture if picture.ndim == 2 else picture[:, :, 0], np.float32) / np.float32(255)
    text = page.get_textpage()
    for place in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(place)
        said = " ".join(text.get_text_bounded(left, bottom, right, top).split())
        margin = MARGIN * (top - bottom)
        rows = slice(max(0, round((height - top - margin) * scale)), round((height - bottom + margin) * scale))
        columns = slice(max(0, round((left - margin) * scale)), round((right + margin) * scale))
        cut = grey[rows, columns]
        if said and min(cut.shape) >= 8 and cut.shape[1] > cut.shape[0] and cut.min() < 0.5 < cut.max():
            yield cut, said


def _line(grey: Grey, said: str, kind: str) -> Line:
    size = (max(16, round(grey.shape[1] * degrade.HEIGHT / grey.shape[0])), degrade.HEIGHT)
    scaled = np.rint(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR).clip(0, 1) * 255).astype(np.uint8)
    return Line(np.repeat(scaled[:, :, None], 3, 2), said, kind, 0)


def lines(documents: Sequence[Path], seed: int) -> list[Line]:
    """Return each run of text that the charset can spell, once as it is and once spoiled.

    Args:
        documents: PDF files with a text layer.
        seed: of the chance that chooses runs and spoils them.
    """
    rng = np.random.default_rng(seed)
    known, seen = class_of(), set[str]()
    found: list[Line] = []
    for path in documents:
        document = pypdfium2.PdfDocument(path)
        runs = [run for page in document for run in _runs(page)]
        document.close()
        runs = [(cut, said) for cut, said in runs if len(said) > 1 and all(character in known for character in said)]
        taken = 0
        for place in rng.permutation(len(runs)):
            cut, said = runs[int(place)]
            if said in seen or taken == PER_DOCUMENT:
                continue
            seen.add(said)
            taken += 1
            name = list(SPOILED)[len(found) // 2 % len(SPOILED)]
            found += [_line(cut, said, "printed"), _line(SPOILED[name](cut.copy(), rng), said, name)]
    return [line for line in found if readable(line)]
