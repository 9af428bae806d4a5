"""Pages whose text is known: corpora beside the project, which are never part of it, and pages that it draws."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pypdfium2

from ingestd.document import Pixels
from lab.bench.harness import OUT, ROOT
from lab.corpus import KINDS, PX_PER_MM, Raster, render
from lab.corpus.degrade import PAGE_DPI
from lab.corpus.fonts import FontMissingError

SAMPLE_SEED = 20261122
"""Seed of the choice of pages in a sample."""
DRAWN_SEEDS = {"drawn": range(1, 3), "drawn-train": range(101, 104)}
"""Seeds of the drawn documents that are reported on, and of those that thresholds are fitted on."""
CORPORA = ("sroie", "real", "drawn", "sroie-train", "drawn-train")
REPORTED = ("sroie", "real", "drawn")
"""Corpora that figures are quoted from; the others are for tuning."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture of a page and what stands on it."""

    path: Path
    lines: tuple[str, ...]
    """Text of every line, in no particular order."""


class MissingCorpusError(SystemExit):
    """A corpus is not there; the message says what would bring it, and ends a benchmark that needs it."""


def data_folder() -> Path:
    """The folder of corpora: $INGESTD_DATA, else ``../shared/data`` beside the project.

    Raises:
        MissingCorpusError: it is not there.
    """
    folder = Path(os.environ.get("INGESTD_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        raise MissingCorpusError(f"no corpora in {folder}: set INGESTD_DATA to the folder that has them")
    return folder


def corpus(name: str, sample: int | None = None) -> list[Labelled]:
    """Pages of a corpus.

    Args:
        name: one of CORPORA.
        sample: so many pages, the same ones every time; all if None.

    Raises:
        MissingCorpusError: it is not there, or fonts to draw it are missing.
    """
    if name in DRAWN_SEEDS:
        pages = _drawn(name)
    else:
        pages = list(_with_text_layer(data_folder() / name)) if name == "real" else labelled(name)
    if sample is None or sample >= len(pages):
        return pages
    chosen = sorted(random.Random(SAMPLE_SEED).sample(range(len(pages)), sample))
    return [pages[index] for index in chosen]


def labelled(corpus: str) -> list[Labelled]:
    """Return the pages of a corpus, each NAME.jpg with its NAME.json.

    Raises:
        MissingCorpusError: there is no such corpus.
    """
    paths = sorted((data_folder() / corpus).glob("*.jpg"))
    if not paths:
        raise MissingCorpusError(f"no labelled pages in {data_folder() / corpus}")
    return [Labelled(path, _lines(path.with_suffix(".json"))) for path in paths]


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(line["text"] for line in json.loads(path.read_text(encoding="utf-8"))["lines"])


def _with_text_layer(folder: Path) -> Iterator[Labelled]:
    """Pictures NAME-1.png of the first page of a NAME.pdf whose own text says what stands there.

    Raises:
        MissingCorpusError: there are none.
    """
    found = False
    for picture in sorted(folder.glob("*/*-1.png")):
        source = picture.with_name(picture.name.removesuffix("-1.png") + ".pdf")
        if source.exists():
            found = True
            text = pypdfium2.PdfDocument(source)[0].get_textpage().get_text_range()
            yield Labelled(picture, tuple(text.splitlines()))
    if not found:
        raise MissingCorpusError(f"no pictures with their PDF in {folder}")


def _drawn(name: str) -> list[Labelled]:
    """Documents drawn by the project, one page each, at the resolution that degradations are made for.

    Raises:
        MissingCorpusError: a font is missing.
    """
    folder = OUT / "drawn"
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for kind in KINDS:
        for seed in DRAWN_SEEDS[name]:
            page, lines = drawn_page(kind, seed)
            path = folder / f"{kind}-{seed}.png"
            cv2.imwrite(str(path), page)
            pages.append(Labelled(path, lines))
    return pages


def drawn_page(kind: str, seed: int) -> tuple[Pixels, tuple[str, ...]]:
    """The first page of a drawn document and its lines.

    Raises:
        MissingCorpusError: a font is missing.
    """
    try:
        raster = render(kind, seed).pages[0]
    except FontMissingError as error:
        raise MissingCorpusError(str(error)) from error
    scale = PAGE_DPI / (PX_PER_MM * 25.4)
    page = cv2.resize(bgr(raster), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(page, np.uint8), tuple(text for _, text in raster.lines)


def bgr(raster: Raster) -> Pixels:
    """Return the picture of a drawn page as uint8, HxWx3, BGR."""
    return np.ascontiguousarray(np.asarray(raster.image.convert("RGB"))[..., ::-1])


def pixels_of(path: Path) -> Pixels:
    """Read a picture as uint8, HxWx3, BGR."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)
