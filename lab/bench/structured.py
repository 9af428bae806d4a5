"""Compare e-invoices that are data with an oracle, and change one digit of each: python -m lab.bench.structured.

The oracle (lab.bench.stated) reads the same files by paths of its own. A digit is changed in the data, or on the page
wherever the value stands; either must make the field a conflict.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from ingestd.config.shipped import shipped
from ingestd.document import Extraction, Item, Level, Reading
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.stated.invoice import Invoice, as_code, from_code, is_data
from lab.bench import harness
from lab.bench.data import data_folder
from lab.bench.product import readings
from lab.bench.stated import Row, Truth, truth_of
from lab.bench.truths import TODAY

CHANGED = ("invoice_no", "date", "net", "tax", "total")
"""Fields of which a digit is changed."""
_OTHER_DAY = {1: 2, 10: 20, 20: 10, 30: 20}
"""Days of which the day before differs in two digits, or is none."""


@dataclass(slots=True)
class Tally:
    """Figures of one kind of file."""

    files: int = 0
    done: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    rows_right: int = 0
    rows_wrong: list[str] = field(default_factory=list)
    changes: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """(``data`` or ``page``, conflict) -> how many changes."""
    unnoticed: list[str] = field(default_factory=list)
    proved: int = 0
    """Changed values that are called proved."""


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read, compare, change, and compare again."""
    folder = data_folder() / "einvoices"
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".pdf", ".xml", ".p7m", ".ofd"))
    read = readings(paths, fresh=options.fresh, data=True)
    rules = load_rules(shipped("rules"))
    tallies: dict[str, Tally] = {}
    for path in paths:
        truth = truth_of(path)
        if truth is None:
            continue
        tally = tallies.setdefault(path.parent.name, Tally())
        tally.files += 1
        if path not in read:
            tally.wrong.append(f"{path.name}: not read")
            continue
        extraction = extract(read[path], rules, TODAY)
        tally.done += extraction.status == "done"
        compare(path.name, extraction, truth, tally)
        if path.suffix in (".pdf", ".ofd"):
            change(path.name, read[path], rules, tally)
    return harness.Outcome(
        "all files of the corpus; their layouts were developed on", (_fields(tallies), _changes(tallies))
    )


def compare(name: str, extraction: Extraction, truth: Truth, tally: Tally) -> None:
    """Count fields and rows that are as the oracle says."""
    found = {one.name: one.value for one in extraction.fields}
    for one, wanted in truth.fields.items():
        value = found.get(one)
        same = value is not None and (Decimal(value) == wanted if isinstance(wanted, Decimal) else value == wanted)
        tally.right += same
        if not same:
            tally.wrong.append(f"{name}: {one} should be {wanted}, got {value}")
    for index in range(max(len(truth.rows), len(extraction.items))):
        wanted_row = truth.rows[index] if index < len(truth.rows) else None
        item = _row(extraction.items[index]) if index < len(extraction.items) else None
        tally.rows_right += item == wanted_row
        if item != wanted_row:
            tally.rows_wrong.append(f"{name}: row {index + 1} should be {wanted_row}, got {item}")


def _row(item: Item) -> Row:
    numbers = (Decimal(text) if text else None for text in (item.quantity, item.unit_price, item.amount))
    return Row(item.name or "", *numbers)


def change(name: str, reading: Reading, rules: RuleSet, tally: Tally) -> None:
    """Change a digit of each field, in the data and then on the page, and count the conflicts."""
    invoice = next((one for one in map(from_code, reading.codes) if one is not None), None)
    if invoice is None:
        return
    honest = {one.name: one for one in extract(reading, rules, TODAY).fields}
    for one in CHANGED:
        given = honest.get(one)
        if given is None or given.value is None:
            continue
        page = tuple(code for code in reading.codes if not is_data(code))
        forged = replace(reading, codes=(*page, as_code(_with(invoice, one, changed(given.value)))))
        _count(name, "data", one, extract(forged, rules, TODAY), tally)
        raw = (given.raw or "").strip("¥￥€ ")
        lines = tuple(replace(line, text=line.text.replace(raw, changed(raw)), chars=()) for line in reading.lines)
        if raw and any(line.text != before.text for line, before in zip(lines, reading.lines, strict=True)):
            _count(name, "page", one, extract(replace(reading, lines=lines), rules, TODAY), tally)


def _count(name: str, where: str, one: str, extraction: Extraction, tally: Tally) -> None:
    found = next(given for given in extraction.fields if given.name == one)
    tally.changes[where, found.level is Level.CONFLICT] += 1
    tally.proved += found.level is Level.PROVED
    if found.level is not Level.CONFLICT:
        tally.unnoticed.append(f"{name}: {one} changed in the {where} is called {found.level}")


def changed(text: str) -> str:
    """Change the last digit but one of a text; of a date one of the day, so that it stays one.

    >>> changed("178.50"), changed("RE-7"), changed("2026-03-09"), changed("2026-04-30")
    ('178.60', 'RE-8', '2026-03-08', '2026-04-20')
    """
    places = [index for index, sign in enumerate(text) if sign.isdigit()]
    if not places:
        return text
    if _is_date(text):
        day = int(text[-2:])
        return f"{text[:-2]}{_OTHER_DAY.get(day, day - 1):02}"
    place = places[-2] if len(places) > 1 else places[-1]
    return f"{text[:place]}{(int(text[place]) + 1) % 10}{text[place + 1 :]}"


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


def _with(invoice: Invoice, name: str, value: str) -> Invoice:
    if name == "invoice_no":
        return replace(invoice, number=value)
    if name == "date":
        return replace(invoice, date=value)
    amounts = {"net": invoice.net, "tax": invoice.tax, "total": invoice.total} | {name: value}
    return replace(invoice, net=amounts["net"], tax=amounts["tax"], total=amounts["total"])


def _fields(tallies: dict[str, Tally]) -> harness.Table:
    rows = tuple(
        (kind, *map(str, (one.files, one.done, one.right, len(one.wrong), one.rows_right, len(one.rows_wrong))))
        for kind, one in tallies.items()
    )
    columns = ("", "files", "done", "fields right", "wrong", "items right", "wrong")
    notes = [text for one in tallies.values() for text in (*one.wrong, *one.rows_wrong)]
    return harness.Table("fields and items", columns, rows, "\n".join(notes))


def _changes(tallies: dict[str, Tally]) -> harness.Table:
    rows = []
    for kind, one in tallies.items():
        cells = [f"{one.changes[where, True]} of {_total(one, where)}" for where in ("data", "page")]
        if one.changes:
            rows.append((kind, *cells, str(one.proved)))
    notes = [text for one in tallies.values() for text in one.unnoticed]
    return harness.Table(
        "one digit changed", ("", "conflict: data", "conflict: page", "proved"), tuple(rows), "\n".join(notes)
    )


def _total(tally: Tally, where: str) -> int:
    return tally.changes[where, True] + tally.changes[where, False]


def options(parser: argparse.ArgumentParser) -> None:
    """Add the one about kept readings."""
    parser.add_argument("--fresh", action="store_true", help="read again: the cache does not know changed code")


if __name__ == "__main__":
    harness.run("structured", __doc__, measure, options)
