"""Write docs/benchmarks.md, the one page of figures: ``python -m lab.bench.figures [--take FILE...]``.

The page is made from lab/bench/record, one JSON file per section. ``--take`` puts the results of runs (lab/bench/out)
into the record, in place of those that it had.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.bench.harness import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
RECORD = ROOT / "lab" / "bench" / "record"
SECTIONS = {
    "understanding": "Money documents from outside",
    "structured": "E-invoices that are data",
    "stacks": "Stacks, copies and names",
    "outside": "Documents from outside, version 0.1.0",
    "spoiled": "Real pages, spoilt",
    "compare": "Readers side by side",
    "conditions": "Readers by condition",
    "fields": "Fields",
    "repair": "Repairs of misread numbers",
    "recognition": "Line recognition",
    "second": "Second recogniser",
    "doubt": "Doubt",
    "handwriting": "Handwriting",
    "geometry": "Geometry",
    "upright": "Real pages turned",
    "tables": "Tables and columns",
    "enhancement": "Enhancement",
    "floor": "Time per page",
    "daemon": "Daemon at work and at rest",
    "growth": "Growth",
    "desk": "Pages and documents",
    "large": "Large databases",
    "cluster": "More than one machine",
    "reextract": "Re-extraction",
    "reliability": "Reliability",
    "kills": "Kills in quick succession",
    "power": "Power cuts",
    "corpora": "Test files of other projects",
    "tried": "Tried",
    "fit": "Thresholds of the plan",
}
"""Name of a record -> heading, in the order of the page."""
_KEPT = ("made", "version", "commit", "machine", "split", "tables")

_HEAD = """# Benchmarks

Made from `lab/bench/record` by `python -m lab.bench.figures`; do not edit. How to measure:
[lab/bench/README.md](../lab/bench/README.md). Word F1 counts upper-cased words; a number is exact if
all of its characters are right.

Sections marked *carried over* were measured for version 0.1.0, before the record existed, and taken over from its
manuals.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Take results into the record and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--take", nargs="+", type=Path, default=[], metavar="FILE", help="results of runs")
    for path in parser.parse_args(arguments).take:
        take(json.loads(path.read_text(encoding="utf-8")), RECORD)
    PAGE.write_text(page(RECORD), encoding="utf-8")
    print(f"{PAGE} written")


def take(result: Mapping[str, Any], record: Path) -> None:
    """Put the result of a run into the record, without its details.

    Raises:
        ValueError: no section of the page is about this benchmark.
    """
    name = result["benchmark"]
    if name not in SECTIONS:
        raise ValueError(f"{name!r} is not a section of the page; there are {', '.join(SECTIONS)}")
    kept = {key: result[key] for key in _KEPT}
    (record / f"{name}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def page(record: Path) -> str:
    """Return the page in Markdown; sections without a record are left out."""
    parts = [_HEAD]
    for name, heading in SECTIONS.items():
        path = record / f"{name}.json"
        if path.exists():
            parts += [f"## {heading}\n", *_section(json.loads(path.read_text(encoding="utf-8")))]
    return "\n".join(parts)


def _section(kept: Mapping[str, Any]) -> Iterator[str]:
    commit = f" ({kept['commit']})" if kept.get("commit") else ""
    carried = "; *carried over*" if kept.get("carried") else ""
    yield f"{kept['split']}.\n"
    yield f"Measured {kept['made'][:10]}, version {kept['version']}{commit}; {kept['machine']}{carried}.\n"
    for table in kept["tables"]:
        if len(kept["tables"]) > 1:
            yield f"**{table['title']}**\n"
        rows = [table["columns"], ["---"] * len(table["columns"]), *table["rows"]]
        yield "\n".join(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows) + "\n"
        if table["note"]:
            yield f"```text\n{table['note']}\n```\n" if "\n" in table["note"] else f"{table['note']}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()
