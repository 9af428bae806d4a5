"""Pages of tuning documents, spoilt: from them the fit learns what a value is worth on a page that is hard to read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import cv2
import numpy as np
from PIL import Image
from rich.progress import track

from ingestd.document import Pixels
from lab.bench.harness import OUT
from lab.bench.known import Known
from lab.bench.spoiled import pictures
from lab.bench.truths import known, undisputed
from lab.corpus.degrade import degrade
from lab.corpus.effects import compressed
from lab.corpus.photo import photograph
from lab.corpus.raster import Raster

PHOTO = "photo"
CONDITIONS = (
    *(("defocus", 2), ("defocus", 3), ("motion", 2), ("motion", 3), ("low-contrast", 3), ("uneven", 3), ("noise", 2)),
    *(("jpeg", 2), ("jpeg", 3), ("fax", 2), ("skew", 3), ("mixed", 2), ("mixed", 3), (PHOTO, 1), (PHOTO, 2)),
    *(("motion", 1), ("defocus", 1), (PHOTO, 1), (PHOTO, 2), ("jpeg", 1), ("mixed", 1)),
)
"""Conditions and severities that are drawn from; photos and mild forms are more frequent."""
EACH = 2
"""Conditions per document."""
RECEIPTS = slice(30, 140)
"""Part of the shuffled receipts of sroie-train that is spoilt; the others are left to take figures from."""
ORDER_SEED, SEED = 5, "b"
_PHOTO_WIDTHS = (1600, 1100)
"""Pixels by severity; the narrower one is compressed to JPEG 55 too, as messengers do."""


def spoilt_documents() -> list[Known]:
    """Spoil the tuning documents of one page, where that has not been done yet; each counts as a document."""
    receipts = [document for document in known("sroie-train") if document.values]
    Random(ORDER_SEED).shuffle(receipts)
    whole = [*_tuning(("world", "einvoices")), *receipts[RECEIPTS]]
    folder = OUT / "spoilt"
    folder.mkdir(parents=True, exist_ok=True)
    return [spoilt for document in track(whole, "spoiling", transient=True) for spoilt in _spoilt(document, folder)]


def _tuning(corpora: Sequence[str]) -> Iterator[Known]:
    for corpus in corpora:
        for document in known(corpus):
            if document.values and document.group.endswith("tune") and len(pictures(document.path)) == 1:
                yield document


def _spoilt(document: Known, folder: Path) -> Iterator[Known]:
    name = document.path.name
    document = undisputed(document)
    for condition, severity in dict.fromkeys(Random(SEED + name).sample(CONDITIONS, EACH)):
        path = folder / f"{document.path.stem}--{condition}-{severity}.png"
        if not path.exists():
            seed = zlib.crc32(f"{2 * SEED}{name}{condition}{severity}".encode())
            pixels = spoil(pictures(document.path)[0], condition, severity, seed)
            cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        yield replace(document, path=path, condition=condition, severity=severity)


def spoil(pixels: Pixels, condition: str, severity: int, seed: int) -> Pixels:
    """Return a page under a condition: one of lab.corpus.degrade, or a photo.

    Args:
        pixels: uint8, HxWx3, BGR; not changed.
        condition: of ``CONDITIONS``.
        severity: 1 to 3; of photos 1 or 2.
        seed: of everything that chance decides.
    """
    if condition != PHOTO:
        return degrade(pixels, condition, severity, seed)
    page = Raster(Image.fromarray(np.ascontiguousarray(pixels[..., ::-1])), ())
    photo = photograph(page, np.random.default_rng(seed), _PHOTO_WIDTHS[severity - 1]).image
    shot = np.ascontiguousarray(np.asarray(photo)[..., ::-1])
    return shot if severity == 1 else compressed(shot, 55)
