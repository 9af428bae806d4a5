"""The product as it comes, pages for it, and readings of files kept on disk so that rules can be measured often."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from rich.progress import track

from ingestd.app.pipelines import build_pipeline, manifest_of, rules_of
from ingestd.config import Config, EnhanceConfig, InboxConfig
from ingestd.document import Claim, Page, Pixels, Reading, frozen
from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import is_data
from ingestd.files.identity import digest
from ingestd.pipeline import Pipeline
from ingestd.reading.admit import admit
from ingestd.reading.page import Stopwatch
from lab.bench.harness import OUT
from lab.corpus.degrade import PAGE_DPI

Plan = Literal["auto", "fixed", "none"]


def configured(plan: Plan = "auto") -> Config:
    """Return the default settings but for the plan of enhancement."""
    return Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),), enhance=EnhanceConfig(plan=plan))


@cache
def product(plan: Plan = "auto") -> Pipeline:
    """Build the pipeline of ``configured``, once per process."""
    config = configured(plan)
    return build_pipeline(config, rules_of(config), manifest_of(config))


def page_of(pixels: Pixels) -> Page:
    """Return pixels (uint8, HxWx3, BGR) as a freshly decoded page."""
    height, width = pixels.shape[:2]
    return Page(0, frozen(pixels), PAGE_DPI, (width, height), frozen(np.eye(3)))


def lines_of(page: Page, plan: Plan = "auto") -> list[str]:
    """Read a page; the text of its lines."""
    _, lines = product(plan).pages.read(page, Stopwatch())
    return [line.text for line in lines]


def claimed(path: Path) -> Claim:
    """Return a file as if the daemon had just taken it out of an inbox."""
    return Claim(path, path, size_bytes=path.stat().st_size, sha256=digest(path), attempt=1)


def readings(paths: Sequence[Path], *, fresh: bool = False, data: bool = False) -> dict[Path, Reading]:
    """Read files, or take readings that the same models and settings made before.

    Files that are not documents are left out.

    Args:
        paths: of the files.
        fresh: read all of them again. The cache knows models and settings; it does not know changed code.
        data: keep the invoices that files state as data; without them only the pages are measured.
    """
    pipeline = product()
    folder = OUT / "readings" / f"{pipeline.provenance['models'][:12]}-{pipeline.provenance['config'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    known = {path: folder / f"{digest(path)}.pickle" for path in paths}
    missing = [path for path in paths if fresh or not known[path].exists()]
    for path in track(missing, "reading", transient=True, disable=not missing):
        try:
            reading, _ = pipeline.understand(admit(claimed(path), pipeline.admit_options), Stopwatch())
        except DocumentError:
            continue
        known[path].write_bytes(pickle.dumps(reading))
    found: dict[Path, Reading] = {
        path: pickle.loads(kept.read_bytes()) for path, kept in known.items() if kept.exists()
    }
    return found if data else {path: _printed(reading) for path, reading in found.items()}


def _printed(reading: Reading) -> Reading:
    return replace(reading, codes=tuple(code for code in reading.codes if not is_data(code)))
