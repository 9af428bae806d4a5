"""Conditions to compare readers under: a page as it is, and spoilt in one way at a time."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from lab.bench.data import Labelled, pixels_of
from lab.corpus.degrade import DEGRADATIONS, degrade


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """A degradation at a severity."""

    name: str
    severity: int
    """1 to 3; 0 for a clean page."""

    def __str__(self) -> str:
        return self.name if not self.severity else f"{self.name} {self.severity}"


CLEAN = Condition("clean", 0)

STANDARD = (
    CLEAN,
    Condition("defocus", 2),
    Condition("motion", 2),
    Condition("low-contrast", 2),
    Condition("uneven", 2),
    Condition("noise", 2),
    Condition("jpeg", 1),
    Condition("fax", 1),
    Condition("skew", 2),
    Condition("turned", 1),
    Condition("turned", 2),
    Condition("bleed-through", 2),
    Condition("mixed", 2),
)
"""JPEG of quality 25; fax of 1 bit at 200 dpi; skew of 5 degrees; turned by 90 and 180 degrees. The rest at the
middle of three severities."""

HARMLESS = frozenset({"turned"})
"""Degradations whose number is not a severity but a direction."""


def conditions(names: Sequence[str] | None, severities: Sequence[int] | None) -> list[Condition]:
    """Return the conditions of a run.

    Args:
        names: degradations (and ``clean``); those of STANDARD if None.
        severities: of every degradation; as in STANDARD if None.
    """
    wanted = names or tuple(dict.fromkeys(condition.name for condition in STANDARD))
    found = []
    for name in wanted:
        standard = [condition for condition in STANDARD if condition.name == name]
        if name == CLEAN.name or severities is None or name in HARMLESS:
            found += standard or [Condition(name, 2)]
        else:
            found += [Condition(name, severity) for severity in severities]
    return found


NAMES = (CLEAN.name, *DEGRADATIONS)


def spoil(pages: Sequence[Labelled], condition: Condition, folder: Path) -> list[Path]:
    """Write the pages under a condition: lossless files, the same for the same page every time.

    Args:
        pages: clean ones; under ``clean`` their own files are returned.
        condition: what happens to them.
        folder: where files are written; its files of other conditions are not touched.
    """
    if condition == CLEAN:
        return [page.path for page in pages]
    target = folder / str(condition).replace(" ", "-")
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for page in pages:
        spoilt = degrade(pixels_of(page.path), condition.name, condition.severity, zlib.crc32(page.path.stem.encode()))
        paths.append(target / f"{page.path.stem}.png")
        cv2.imwrite(str(paths[-1]), spoilt, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return paths
