"""Measure tables and reading order on real pages: ``python -m lab.bench.tables [--fresh]``.

Rows and cells: pictures of PubTabNet, whose truth is HTML. Rows of both are put side by side so that their texts agree
best. A row is kept if its texts, and no others, are in one row. A cell is placed if a text like its own is in its row
and column, over the same rows and columns; it is right if at most a tenth of its characters, or one, differ.

Items: those that the pages of e-invoices give, against the XML.

Columns: changes from one column of running text to another in the reading order; one or two per page are right.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from ingestd.config.shipped import shipped
from ingestd.document import Item, Reading, Table
from ingestd.extract import extract, load_rules
from ingestd.layout.geometry import bounds
from lab.bench import harness
from lab.bench.data import data_folder
from lab.bench.outside import negative, split_of, unfit
from lab.bench.product import readings
from lab.bench.stated import Row, truth_of
from lab.bench.truths import TODAY

KEPT = 0.75
"""Likeness of two texts of a row that is kept; print of a few pixels is misread here and there."""
PLACED = 0.5
"""Likeness of two texts of a cell that is in its place."""
MISREAD = 0.1
"""Share of characters of a right text that may differ."""
FILLED = 0.6
"""Share of its column's width that a line of running text takes."""

PAGES: Mapping[str, Any] = tomllib.loads(Path(__file__).with_name("table_pages.toml").read_text(encoding="utf-8"))

Place = tuple[int, int, int, int]
"""Row, column, and numbers of rows and columns."""
Grid = dict[Place, str]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of one or more tables."""

    tables: int = 0
    found: int = 0
    rows: int = 0
    kept: int = 0
    cells: int = 0
    placed: int = 0
    right: int = 0
    empty: int = 0
    empty_placed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def options(parser: argparse.ArgumentParser) -> None:
    """Add what to read again."""
    parser.add_argument("--fresh", action="store_true", help="read again: the cache does not know changed code")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read the pages and count."""
    layout = data_folder() / "layout"
    truths = dict(_truths(layout))
    pages = {path.name: path for path in sorted((layout / "files").iterdir())}
    receipts = sorted((data_folder() / "sroie").glob("*.jpg"))
    found = readings([*pages.values(), *receipts], fresh=options.fresh)
    counts = {name: compare(truths[name], found[pages[name]].tables) for name in truths if name in pages}
    total = sum(counts.values(), Counts())
    rows = [_shown(name.removeprefix("pub_").split(".")[0], one) for name, one in counts.items()]
    invoices = _invoices(fresh=options.fresh)
    switched = [(name, _switches(found[pages[name]], gutters)) for name, gutters in PAGES["columns"].items()]
    wrong = [name for name in PAGES["without"]["layout"] if found[pages[name]].tables]
    with_tables = sum(bool(found[path].tables) for path in receipts if path in found)
    return harness.Outcome(
        f"{len(counts)} tables of PubTabNet and {len(switched)} pages with columns, all of them for development",
        (
            harness.Table(
                "tables of PubTabNet",
                ("", "found", "rows kept", "cells placed", "with the right text", "empty cells placed"),
                (*rows, _shown("all", total)),
                "a few pixels per character: digits are misread, which the last column but one shows",
            ),
            harness.Table(
                "changes of columns in reading order",
                ("page", "changes"),
                (*((name, str(count)) for name, count in switched), ("mean", f"{_mean(switched):.1f}")),
            ),
            harness.Table(
                "tables on pages without any",
                ("", "pages", "with a table"),
                (
                    ("prose, covers, charts", str(len(PAGES["without"]["layout"])), str(len(wrong))),
                    ("receipts of sroie, some of which have columns", str(len(receipts)), str(with_tables)),
                ),
            ),
            harness.Table(
                "line items from the pages of e-invoices, their data not read",
                ("split", "documents", "with items", "items right", "wrong", "names right"),
                tuple(row.shown(split) for split, row in invoices.items()),
                "documents whose XML states items; right: quantity, where one is read, and amount as it states them",
            ),
        ),
        {"wrong": wrong},
    )


def _mean(counts: Sequence[tuple[str, int]]) -> float:
    return sum(count for _, count in counts) / len(counts) if counts else 0.0


def _shown(name: str, one: Counts) -> tuple[str, ...]:
    found = f"{one.found} of {one.tables}"
    pairs = ((one.kept, one.rows), (one.placed, one.cells), (one.right, one.cells), (one.empty_placed, one.empty))
    return (name, found, *(f"{some}/{all_of} {some / all_of:.1%}" if all_of else "-" for some, all_of in pairs))


# -- line items


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """Counts of documents and of their line items."""

    documents: int = 0
    with_items: int = 0
    stated: int = 0
    right: int = 0
    wrong: int = 0
    named: int = 0

    def __add__(self, other: ItemCounts) -> ItemCounts:
        return ItemCounts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def shown(self, split: str) -> tuple[str, ...]:
        """Return the row of a split."""
        right = f"{self.right} of {self.stated}"
        return split, str(self.documents), str(self.with_items), right, str(self.wrong), str(self.named)


def _invoices(*, fresh: bool) -> dict[str, ItemCounts]:
    """Count line items of PDFs with XML by split: those that the page gives, and those that are stated."""
    paths = [path for path in sorted((data_folder() / "einvoices").rglob("*.pdf")) if path.name not in unfit()]
    rules = load_rules(shipped("rules"))
    counts = {"tune": ItemCounts(), "report": ItemCounts()}
    for path, reading in readings(paths, fresh=fresh).items():
        truth = truth_of(path)
        if truth is not None and truth.rows:
            sign = -1 if path.name in negative() else 1
            counts[split_of("einvoices", path.name)] += compare_items(
                [replace(row, amount=sign * (row.amount or Decimal(0))) for row in truth.rows],
                extract(reading, rules, TODAY).items,
            )
    return counts


def compare_items(truth: Sequence[Row], items: Sequence[Item]) -> ItemCounts:
    """Compare the items of a document with those that its XML states; each of these counts once."""
    left, named = list(truth), 0
    for item in items:
        row = next((row for row in left if _is_same(row, item)), None)
        if row is not None:
            left.remove(row)
            named += _plain(row.name) == _plain(item.name or "")
    right = len(truth) - len(left)
    return ItemCounts(1, int(bool(items)), len(truth), right, len(items) - right, named)


def _is_same(row: Row, item: Item) -> bool:
    same = item.quantity is None or Decimal(item.quantity) == row.quantity
    return same and item.amount is not None and Decimal(item.amount) == row.amount


# -- truth


def _truths(layout: Path) -> Iterator[tuple[str, Grid]]:
    """Yield name of the picture and cells of each table."""
    for line in (layout / "PubTabNet_Examples.jsonl").read_text(encoding="utf-8").splitlines():
        table = json.loads(line)
        yield f"pub_{table['filename']}", grid_of(table["html"])


def grid_of(html: Mapping[str, Any]) -> Grid:
    """Return the cells of a table in the form of PubTabNet: tokens of structure, and tokens of each cell's text."""
    texts = ("".join(one for one in cell["tokens"] if not one.startswith("<")).strip() for cell in html["cells"])
    grid: Grid = {}
    taken: set[tuple[int, int]] = set()
    row, spans = -1, {"rowspan": 1, "colspan": 1}
    for token in html["structure"]["tokens"]:
        if token == "<tr>":
            row += 1
        elif "span=" in token:
            name, _, number = token.strip().partition("=")
            spans[name] = int(number.strip('"'))
        elif token in ("<td>", ">"):
            column = next(n for n in range(1000) if (row, n) not in taken)
            down, across = spans["rowspan"], spans["colspan"]
            taken |= {(row + y, column + x) for y in range(down) for x in range(across)}
            grid[row, column, down, across] = next(texts)
            spans = {"rowspan": 1, "colspan": 1}
    return grid


# -- comparison


def compare(truth: Grid, tables: Sequence[Table]) -> Counts:
    """Compare a table with the largest one that was found."""
    table = max(tables, key=lambda one: one.rows * one.columns, default=None)
    found: Grid = {}
    if table is not None:
        found = {(cell.row, cell.column, cell.row_span, cell.column_span): cell.text for cell in table.cells}
    wanted, read = _rows(truth), _rows(found)
    pairs = _side_by_side(wanted, read)
    likeness = {row: _likeness(wanted[row], read[other]) for row, other in pairs.items()}
    placed = right = empty_placed = 0
    for (row, column, down, across), text in truth.items():
        there = found.get((pairs.get(row, -1), column, down, across))
        if there is None:
            continue
        if not text:
            empty_placed += not there
            continue
        placed += _likeness(text, there) >= PLACED
        right += Levenshtein.distance(_plain(text), _plain(there)) <= max(1, MISREAD * len(_plain(text)))
    return Counts(
        tables=1,
        found=int(table is not None),
        rows=len(wanted),
        kept=sum(value >= KEPT for value in likeness.values()),
        cells=sum(bool(text) for text in truth.values()),
        placed=placed,
        right=right,
        empty=sum(not text for text in truth.values()),
        empty_placed=empty_placed,
    )


def _rows(grid: Grid) -> list[str]:
    """Return the text of each row; a cell that spans rows counts for its first."""
    count = max((row for row, *_ in grid), default=-1) + 1
    return ["\t".join(text for place, text in sorted(grid.items()) if place[0] == row) for row in range(count)]


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()


def _likeness(one: str, other: str) -> float:
    return float(Levenshtein.normalized_similarity(_plain(one), _plain(other)))


def _side_by_side(wanted: Sequence[str], found: Sequence[str]) -> dict[int, int]:
    """Put rows side by side in order so that their texts agree best; return true row -> row that was found."""
    best: list[list[tuple[float, dict[int, int]]]] = [[(0.0, {})] * (len(found) + 1)]
    for number, row in enumerate(wanted):
        line: list[tuple[float, dict[int, int]]] = [(0.0, {})]
        for other, text in enumerate(found):
            score, pairs = best[number][other]
            both = score + _likeness(row, text), {**pairs, number: other}
            line.append(max(both, best[number][other + 1], line[other], key=lambda way: way[0]))
        best.append(line)
    return best[-1][-1][1]


# -- reading order


def _switches(reading: Reading, gutters: Sequence[float]) -> int:
    """Count changes from one column of running text to another."""
    edges = [0.0, *gutters, 1.0]
    count, last = 0, None
    for line in reading.lines:
        width = reading.pages[line.page_index].width_px
        left, _, right, _ = (value / width for value in bounds(line.quad))
        middle = (left + right) / 2
        column = sum(gutter < middle for gutter in gutters)
        inside = edges[column] - 0.02 <= left and right <= edges[column + 1] + 0.02
        texts = edges[column + 1] - edges[column]
        if not inside or right - left < FILLED * (texts - 0.1):
            continue
        count += last is not None and last != column
        last = column
    return count


if __name__ == "__main__":
    harness.run("tables", __doc__, measure, options)
