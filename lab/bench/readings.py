"""What the pipeline reads from pages of the corpora, kept on disk so that rules can be measured often."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import track

from ingestd.document import Claim, Reading
from ingestd.errors import DocumentError
from ingestd.files.identity import digest
from ingestd.pipeline import Pipeline
from ingestd.reading.admit import admit
from ingestd.reading.page import Stopwatch
from lab.bench.data import OUT
from lab.bench.product import product


def readings(paths: Sequence[Path], *, fresh: bool = False) -> dict[Path, Reading]:
    """Readings of files, from the cache where these models and settings have read them before.

    Files that are no documents are left out.

    Args:
        paths: of the files.
        fresh: read all of them again. The cache knows models and settings; it does not know changed code.
    """
    pipeline = product()
    folder = OUT / "readings" / f"{pipeline.provenance['models'][:12]}-{pipeline.provenance['config'][:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    if fresh:
        for path in paths:
            _kept(path, folder).unlink(missing_ok=True)
    shown = track(paths, "reading", transient=True, disable=all(_kept(path, folder).exists() for path in paths))
    found = {path: _reading(path, folder, pipeline) for path in shown}
    return {path: reading for path, reading in found.items() if reading is not None}


def _kept(path: Path, folder: Path) -> Path:
    return folder / f"{digest(path)}.pickle"


def _reading(path: Path, folder: Path, pipeline: Pipeline) -> Reading | None:
    kept = _kept(path, folder)
    if not kept.exists():
        now = datetime.now(UTC)
        claim = Claim(0, path, path, "inbox", path.stat().st_size, now, 1)
        try:
            reading = pipeline.read(admit(claim, kept.stem, pipeline.admit_options), Stopwatch())
        except DocumentError:
            return None
        kept.write_bytes(pickle.dumps(reading))
    loaded: Reading = pickle.loads(kept.read_bytes())
    return loaded
