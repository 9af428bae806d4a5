"""Documents whose fields are known: from outside, receipts of sroie, real specimens, invoices that lab/corpus draws.

Of every drawn invoice there is a clean page and a degraded one; kind, degradation and severity follow from the seed.
Drawing needs the fonts that samples/README.md names; pages are kept in lab/bench/out.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import regex
from PIL import Image
from rich.progress import track

from ingestd.extract.values.dates import read_date
from ingestd.extract.values.financial_numerals import parse_financial_numerals
from ingestd.extract.values.normalise import money_text
from lab.bench import outside
from lab.bench.data import bgr, data_folder
from lab.bench.harness import OUT
from lab.bench.known import Known
from lab.corpus import INVOICE_KINDS, render
from lab.corpus.degrade import DEGRADATIONS, degrade

TODAY = date(2026, 11, 27)

SEEDS: Mapping[str, range] = {"invoices": range(2000, 2200), "invoices-tune": range(1000, 1100)}
"""Drawn invoices to quote figures from, and those that rules were tuned on."""

DISPUTED: Mapping[tuple[str, str], str] = {
    ("149.jpg", "total"): "the key is before rounding; the paper says cash 50.00, change 23.20",
    ("561.jpg", "total"): "the key is before rounding; the paper says rounding -0.02, cash 20.00, change 2.80",
    ("173.jpg", "total"): "the key is the subtotal; the paper says grand total 33.00, paid 50.00, change 17.00",
    ("187.jpg", "total"): "the key is without tax; the paper says total 24.00, cash 30.00, change 6.00",
    ("297.jpg", "total"): "the key is the subtotal; the paper says grand total 12.40, paid 12.50, change 0.10",
    ("zugferd_2p1_BASIC-WL_Einfach.pdf", "buyer_tax_no"): "the page prints DE19787878784",
    ("QualityHosting-1.png", "net"): "not on this page, which is the first of two",
    ("QualityHosting-1.png", "total"): "not on this page, which is the first of two",
}
"""Keys that their own paper contradicts or lacks; counted as wrong all the same, but told apart."""

_WIPED = ("chip.jpg", "chip2.jpg")
"""Forms whose values were wiped: nothing may be found on them."""
_DPI = 203

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
    **{name: (name,) for name in ("train", "invoice_code", "date", "check_code", "net", "tax", "total")},
    **{name: (name,) for name in ("buyer_name", "buyer_tax_no", "seller_tax_no")},
}
"""Names in the manifest of real documents -> our fields, any of which counts."""


def known(corpus: str) -> list[Known]:
    """Return the documents of a corpus (a key of CORPORA)."""
    return list(CORPORA[corpus](corpus))


def undisputed(document: Known) -> Known:
    """Return a document without true values that its own paper contradicts or lacks."""
    name = document.path.name
    return replace(
        document, values={key: one for key, one in document.values.items() if (name, key[0]) not in DISPUTED}
    )


def _receipts(corpus: str) -> Iterator[Known]:
    """Yield receipts; those of sroie in two halves, even and odd places in the order of names."""
    for place, path in enumerate(sorted((data_folder() / corpus).glob("*.jpg"))):
        key = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["key"]
        total = regex.search(r"-?[\d,]+(?:\.\d+)?", key["total"])
        values: dict[tuple[str, ...], str] = {("date",): read_date(key["date"], TODAY).day.isoformat()}
        if total is not None:
            values[("total",)] = money_text(Decimal(total[0].replace(",", "")))
        group = f"sroie {('even', 'odd')[place % 2]}" if corpus == "sroie" else corpus
        yield Known(path, group, values)


def _real(corpus: str) -> Iterator[Known]:
    folder = data_folder() / "real"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            truth = json.loads(row["ground_truth_json"] or "{}")
            values = {_NAMES[name]: _value(name, str(value)) for name, value in truth.items() if name in _NAMES}
            wiped = Path(row["file"]).name in _WIPED
            if values or wiped:
                yield Known(folder / row["file"], corpus, values, wiped=wiped)


def _value(name: str, text: str) -> str:
    """Return a value of the manifest in the form that fields have."""
    if name == "capital":
        return money_text(parse_financial_numerals(text))
    if name == "depart":
        return text[:10]
    if {"net", "tax", "total"}.intersection(_NAMES[name]):
        return money_text(Decimal(text))
    return text.replace(" ", "") if name == "vat" else text


def _invoices(corpus: str) -> Iterator[Known]:
    """Yield invoices, drawn where that has not been done yet."""
    folder = OUT / "invoices"
    folder.mkdir(parents=True, exist_ok=True)
    for seed in track(SEEDS[corpus], "drawing", transient=True):
        for kind, condition, severity in conditions(seed):
            path = folder / f"{seed}-{kind}-{condition}{f'-{severity}' if severity else ''}.tiff"
            kept = path.with_suffix(".json")
            if not kept.exists():
                kept.write_text(json.dumps(_draw(path, seed, kind, condition, severity)), "utf-8")
            truth: dict[str, str] = json.loads(kept.read_text("utf-8"))
            values: dict[tuple[str, ...], str] = {(name,): value for name, value in truth.items()}
            yield Known(path, "degraded" if severity else "clean", values, kind, condition, severity)


def conditions(seed: int) -> tuple[tuple[str, str, int], tuple[str, str, int]]:
    """Return kind, condition and severity of the clean and of the degraded invoice of a seed, which come round."""
    kind = INVOICE_KINDS[seed % len(INVOICE_KINDS)]
    turn = seed // len(INVOICE_KINDS)
    # Degradations and kinds would come round together: shifted by one each time all kinds have passed.
    worn = tuple(DEGRADATIONS)[(seed + turn) % len(DEGRADATIONS)]
    return (kind, "clean", 0), (kind, worn, 1 + turn % 3)


def _draw(path: Path, seed: int, kind: str, condition: str, severity: int) -> dict[str, str]:
    document = render(kind, seed)
    pages = [bgr(page) for page in document.pages]
    if severity:
        pages = [degrade(page, condition, severity, 10 * seed + index) for index, page in enumerate(pages)]
    first, *others = (Image.fromarray(np.ascontiguousarray(page[..., ::-1])) for page in pages)
    first.save(path, save_all=True, append_images=others, compression="tiff_lzw", dpi=(_DPI, _DPI))
    return dict(document.truth)


CORPORA: Mapping[str, Callable[[str], Iterator[Known]]] = {
    **outside.CORPORA,
    "sroie": _receipts,
    "sroie-train": _receipts,
    "real": _real,
    "invoices": _invoices,
    "invoices-tune": _invoices,
}
