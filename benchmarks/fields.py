"""Fields that the shipped rules get right, and whether what they call proved is right.

    python -m benchmarks.fields [--corpora sroie sroie-train real] [--misses]

Rules were tuned on sroie-train and on the specimens of real. The misses in both halves of sroie (even and odd
places in the order of names) were read, nothing was changed because of them. A value that is wrong and called
proved is always shown.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import regex
from rich.console import Console
from rich.table import Table

from benchmarks.data import OUT, data_folder
from benchmarks.readings import readings
from ingestd.document import Field, Level, Reading
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.capital import parse_capital
from ingestd.extract.dates import read_date
from ingestd.extract.normalise import money_text
from ingestd.resources import shipped

TODAY = date(2026, 1, 1)

DISPUTED: Mapping[tuple[str, str], str] = {
    ("149.jpg", "total"): "the key is before rounding; the paper says cash 50.00, change 23.20",
    ("561.jpg", "total"): "the key is before rounding; the paper says rounding -0.02, cash 20.00, change 2.80",
    ("173.jpg", "total"): "the key is the subtotal; the paper says grand total 33.00, paid 50.00, change 17.00",
    ("187.jpg", "total"): "the key is without tax; the paper says total 24.00, cash 30.00, change 6.00",
    ("297.jpg", "total"): "the key is the subtotal; the paper says grand total 12.40, paid 12.50, change 0.10",
}
"""Keys that contradict their own paper; counted as wrong all the same, but told apart."""

_NAMES = {
    "invoice_number": ("invoice_no", "receipt_no"),
    "invoice_no": ("invoice_no", "receipt_no"),
    "ticket_no": ("invoice_no",),
    "amount_untaxed": ("net",),
    "subtotal": ("net",),
    "amount_tax": ("tax",),
    "amount": ("total",),
    "fare": ("total",),
    "vat": ("seller_tax_no", "tax_no"),
    "capital": ("total_words",),
    "depart": ("date",),
    "train": ("train",),
    **{
        name: (name,)
        for name in (
            *("invoice_code", "date", "check_code", "buyer_name", "buyer_tax_no", "seller_tax_no"),
            *("net", "tax", "total"),
        )
    },
}
"""Names in the manifest of real documents -> our fields, any of which counts."""

_MONEY = frozenset({"net", "tax", "total"})
_WIPED = ("chip.jpg", "chip2.jpg")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document and the true values of some of its fields."""

    path: Path
    values: Mapping[tuple[str, ...], str]
    """Names any of which counts -> value."""


@dataclass
class Tally:
    """Counts over a set of documents."""

    name: str
    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    proved: int = 0
    proved_wrong: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    done: int = 0
    documents: int = 0
    seconds: float = 0.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, write ``benchmarks/out/fields.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpora", nargs="+", default=["sroie", "real"], help="sroie, sroie-train, real")
    parser.add_argument("--misses", action="store_true", help="show every value that is not right")
    options = parser.parse_args(arguments)
    rules = load_rules(shipped("rules"))
    tallies = [tally for corpus in options.corpora for tally in measure(corpus, rules)]
    report(tallies, options.misses)


def measure(corpus: str, rules: RuleSet) -> Iterator[Tally]:
    """Tallies of a corpus: two for the halves of sroie, one for any other."""
    wanted = list(_real() if corpus == "real" else _receipts(corpus))
    read = readings([entry.path for entry in wanted])
    if corpus == "sroie":
        yield _count("sroie, even half", wanted[0::2], read, rules)
        yield _count("sroie, odd half", wanted[1::2], read, rules)
    else:
        yield _count(corpus, wanted, read, rules)


def _receipts(corpus: str) -> Iterator[Wanted]:
    for path in sorted((data_folder() / corpus).glob("*.jpg")):
        key = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["key"]
        total = regex.search(r"-?[\d,]+(?:\.\d+)?", key["total"])
        values: dict[tuple[str, ...], str] = {("date",): read_date(key["date"], TODAY).day.isoformat()}
        if total is not None:
            values[("total",)] = money_text(Decimal(total[0].replace(",", "")))
        yield Wanted(path, values)


def _real() -> Iterator[Wanted]:
    folder = data_folder() / "real"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            truth = json.loads(row["ground_truth_json"] or "{}")
            values = {_NAMES[name]: _value(name, value) for name, value in truth.items() if name in _NAMES}
            if values or Path(row["file"]).name in _WIPED:
                yield Wanted(folder / row["file"], values)


def _value(name: str, value: object) -> str:
    """A value of the manifest in the form that fields have."""
    text = str(value)
    if name == "capital":
        return money_text(parse_capital(text))
    if name == "depart":
        return text[:10]
    if _MONEY.intersection(_NAMES[name]):
        return money_text(Decimal(text))
    return text.replace(" ", "") if name == "vat" else text


def _count(name: str, wanted: Iterable[Wanted], read: Mapping[Path, Reading], rules: RuleSet) -> Tally:
    tally = Tally(name)
    for entry in wanted:
        begun = time.perf_counter()
        extraction = extract(read[entry.path], rules, TODAY)
        tally.seconds += time.perf_counter() - begun
        tally.documents += 1
        tally.done += extraction.status == "done"
        fields = {found.name: found for found in extraction.fields}
        for names, value in entry.values.items():
            _compare(tally, entry.path.name, names, value, fields)
        if entry.path.name in _WIPED:
            _expect_nothing(tally, entry.path.name, fields.values())
    return tally


def _compare(tally: Tally, document: str, names: tuple[str, ...], value: str, fields: Mapping[str, Field]) -> None:
    found = next((fields[name] for name in names if name in fields and fields[name].value is not None), None)
    tally.asked[names[0]] += 1
    proved = found is not None and found.level is Level.PROVED
    tally.proved += proved
    if found is not None and found.value == value:
        tally.right[names[0]] += 1
        return
    got = f"{found.value} ({found.level}: {'; '.join(found.reasons)})" if found else "nothing"
    dispute = DISPUTED.get((document, names[0]))
    told = f"{document}: {names[0]} should be {value}, got {got}" + (f" - {dispute}" if dispute else "")
    tally.misses.append(told)
    if proved:
        tally.proved_wrong.append(told)


def _expect_nothing(tally: Tally, document: str, fields: Iterable[Field]) -> None:
    """A form whose values were wiped must not have any."""
    invented = [found for found in fields if found.value is not None]
    tally.asked["nothing invented"] += 1
    tally.right["nothing invented"] += not invented
    tally.misses += [f"{document}: {found.name} invented as {found.value}" for found in invented]


def report(tallies: Sequence[Tally], misses: bool) -> None:
    """Print and keep the figures."""
    console = Console()
    table = Table("corpus", "documents", "fields right", "by field", "proved", "of these wrong", "done", "ms each")
    kept = []
    for tally in tallies:
        asked, right = tally.asked.total(), tally.right.total()
        by_field = ", ".join(f"{name} {tally.right[name]}/{count}" for name, count in tally.asked.items())
        row = {
            "corpus": tally.name,
            "documents": tally.documents,
            "right": right,
            "asked": asked,
            "by_field": by_field,
            "proved": tally.proved,
            "proved_wrong": tally.proved_wrong,
            "done": tally.done,
            "ms": round(1000 * tally.seconds / max(tally.documents, 1), 1),
        }
        kept.append(row)
        share = f"{right}/{asked} ({right / max(asked, 1):.1%})"
        wrong = str(len(tally.proved_wrong))
        table.add_row(
            tally.name, str(tally.documents), share, by_field, str(tally.proved), wrong, str(tally.done), f"{row['ms']}"
        )
    console.print(table)
    for tally in tallies:
        for told in tally.misses if misses else tally.proved_wrong:
            console.print(f"{tally.name}: {told}", highlight=False, markup=False)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "fields.json").write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
