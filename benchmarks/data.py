"""Where the corpora are: never part of the project."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "benchmarks" / "out"
"""Results of benchmarks; not under version control."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture of a page and what stands on it."""

    path: Path
    lines: tuple[str, ...]
    """Text of every line, in no particular order."""


def data_folder() -> Path:
    """The folder of corpora: $INGESTD_DATA, else ``../shared/data`` beside the project.

    Raises:
        SystemExit: it is not there.
    """
    folder = Path(os.environ.get("INGESTD_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        raise SystemExit(f"no corpora in {folder}: set INGESTD_DATA to the folder that has them")
    return folder


def labelled(corpus: str, limit: int | None = None) -> list[Labelled]:
    """Pages of a corpus, each NAME.jpg with its NAME.json; ``limit`` takes them evenly from the whole.

    Raises:
        SystemExit: there is no such corpus.
    """
    paths = sorted((data_folder() / corpus).glob("*.jpg"))
    if not paths:
        raise SystemExit(f"no labelled pages in {data_folder() / corpus}")
    if limit is not None and limit < len(paths):
        paths = [paths[index * len(paths) // limit] for index in range(limit)]
    return [Labelled(path, _lines(path.with_suffix(".json"))) for path in paths]


def _lines(path: Path) -> tuple[str, ...]:
    return tuple(line["text"] for line in json.loads(path.read_text(encoding="utf-8"))["lines"])
