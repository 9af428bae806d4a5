"""The stages of a page put together: what the detector looks at and what the recogniser reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ingestd.config import BarcodesConfig, EnhanceConfig, OrientConfig
from ingestd.document import Line, Page
from ingestd.layout.geometry import Quads
from ingestd.reading.enhance import without_specks
from ingestd.reading.page import PageReader, Stopwatch
from lab.corpus.degrade import degrade
from tests.support.print import as_page, printed


class Watched:
    """A detector that finds nothing and a recogniser that reads nothing; they note what they were given."""

    def __init__(self) -> None:
        self.searched: list[Page] = []
        self.read_on: list[Page] = []

    def detect(self, page: Page) -> Quads:
        self.searched.append(page)
        return np.zeros((0, 4, 2), np.float32)

    def read(self, page: Page, _quads: Quads, _earlier: Sequence[Line]) -> tuple[Line, ...]:
        self.read_on.append(page)
        return ()

    def reader(self) -> PageReader:
        both = cast(Any, self)
        return PageReader(
            enhance_options=EnhanceConfig(),
            orient_options=OrientConfig(enabled=False),
            barcodes_options=BarcodesConfig(),
            detector=both,
            classify=cast(Any, None),
            recogniser=both,
            judge=lambda _, quads: np.ones(len(quads), np.float32),
        )


def fax(severity: int) -> Page:
    return as_page(degrade(printed(1100, 1500), "fax", severity, 1))


def test_lines_of_a_specky_page_are_looked_for_without_specks_and_read_with_them() -> None:
    watched = Watched()
    readable, _ = watched.reader().read(fax(3), Stopwatch())
    assert watched.read_on[0].pixels is readable.pixels
    assert np.array_equal(watched.searched[0].pixels, without_specks(readable).pixels)
    assert not np.array_equal(watched.searched[0].pixels, readable.pixels)


def test_other_pages_are_looked_at_as_they_are() -> None:
    watched = Watched()
    watched.reader().read(as_page(printed()), Stopwatch())
    assert watched.searched[0].pixels is watched.read_on[0].pixels
