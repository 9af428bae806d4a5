"""Invoices with misreadings, drawn and recorded, and ``ingestd web`` as a process that serves them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from sqlite_utils import Database

from ingestd.document import Line, PageInfo, Reading, Record, Source
from ingestd.extract import RuleSet, extract
from ingestd.layout.geometry import rect_quad
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from tests.support.desk import shipped_rules

_WIDTH, _HEIGHT = 1000, 1400
_ROW_PX = 56
_CHARACTER_PX = 15.0
_LINE_PX = 26.0
_RECORDED = datetime(2026, 8, 3, 12, tzinfo=UTC)
_TODAY = date(2026, 8, 3)
_ANSWER_S = 60

Row = list[tuple[float, str]]
"""Texts of one row with their left edges in px."""


@dataclass(frozen=True, slots=True)
class Seed:
    """A recorded document and what stands on its paper."""

    id: int
    truth: Mapping[str, str]
    """Field -> text as printed."""


def invoice(number: int, month: int, net_cents: int) -> tuple[list[Row], dict[str, str]]:
    """An invoice as printed, and its values."""
    tax = net_cents // 5
    amounts = [f"{cents / 100:,.2f}" for cents in (net_cents, tax, net_cents + tax)]
    day = 1 + number % 28
    rows: list[Row] = [
        [(60, "Northwind Trading Ltd")],
        [(60, "12 Harbour Road, Leeds LS1 4AP")],
        [(60, "INVOICE")],
        [(60, f"Invoice No: INV-{number}"), (560, f"Invoice Date: {day:02d}.{month:02d}.2026")],
        [(60, "VAT No: GB 980 7806 84")],
        [(60, "Contoso Retail plc")],
        [(60, "Description"), (800, "Amount")],
        [(60, "Paper and toner"), (800, amounts[0])],
        [(560, "Subtotal"), (800, amounts[0])],
        [(560, "VAT 20%"), (800, amounts[1])],
        [(560, "Total"), (800, amounts[2])],
    ]
    truth = {
        "invoice_no": f"INV-{number}",
        "date": f"2026-{month:02d}-{day:02d}",
        "net": amounts[0],
        "tax": amounts[1],
        "total": amounts[2],
    }
    return rows, truth


def draw(rows: list[Row]) -> bytes:
    """A page with these texts as PNG."""
    pixels = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    for index, row in enumerate(rows):
        for left, text in row:
            base = (int(left), int(80 + index * _ROW_PX + _LINE_PX))
            cv2.putText(pixels, text, base, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (40, 30, 30), 2, cv2.LINE_AA)
    return cv2.imencode(".png", pixels)[1].tobytes()


def read(rows: list[Row]) -> Reading:
    """The reading of a page whose texts are these."""
    lines = []
    for index, row in enumerate(rows):
        for left, text in row:
            (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
            top = 80.0 + index * _ROW_PX
            lines.append(Line(0, rect_quad(left, top, left + width, top + _LINE_PX + 6), text, 0.97, (), Source.OCR))
    page = PageInfo(0, _WIDTH, _HEIGHT, 120.0, 0, 0.0, {}, ())
    return Reading((page,), tuple(lines), ())


class Configured(Protocol):
    """A folder with a configuration."""

    config: Path


class Office:
    """Folders, configuration and database of an ingestd whose daemon does not run."""

    def __init__(self, root: Path, web: str = "") -> None:
        self.root = root
        self.archive = root / "archive"
        for folder in (root / "inbox", self.archive):
            folder.mkdir(parents=True, exist_ok=True)
        self.config = root / "config.yaml"
        self.config.write_text(f"inboxes: [{{path: inbox}}]\nweb: {{port: 0{web}}}\n", encoding="utf-8")
        self.db: Database = connect(root / "ingestd.db")
        self.rules: RuleSet = shipped_rules()
        self._count = 0

    def record(self, printed: list[Row], misread: Mapping[str, str] | None = None, name: str = "") -> int:
        """Record a document as the daemon would.

        Args:
            printed: texts on the paper.
            misread: printed text -> text as read; empty: not seen.
            name: of the file.
        """
        self._count += 1
        changes = misread or {}
        seen = [[(left, changes.get(text, text)) for left, text in row if changes.get(text, text)] for row in printed]
        reading = read(seen)
        content = draw(printed)
        name = name or f"scan-{self._count:03d}.png"
        (self.archive / name).write_bytes(content)
        record = Record(
            sha256=hashlib.sha256(content).hexdigest(),
            name=name,
            media_type="image/png",
            size_bytes=len(content),
            reading=reading,
            extraction=extract(reading, self.rules, _TODAY),
            provenance={"version": "0", "config": "0", "rules": self.rules.hash, "models": "0"},
            timings={"recognise": 0.1},
        )
        at = _RECORDED + timedelta(seconds=self._count)
        with transaction(self.db):
            return documents.save(
                self.db,
                record,
                source_path=self.root / "inbox" / name,
                archive_path=self.archive / name,
                received_at=at,
                recorded_at=at,
            )

    def seed(self, count: int) -> list[Seed]:
        """Record invoices, each with one of five usual doubts."""
        seeds = []
        for index in range(count):
            rows, truth = invoice(20400 + index, 1 + index % 7, 10_000 + 735 * index)
            seeds.append(Seed(self.record(rows, _misreading(index % 5, rows, truth)), truth))
        return seeds


def _misreading(kind: int, rows: list[Row], truth: Mapping[str, str]) -> dict[str, str]:
    """Changes of the texts as read."""
    numbers, when = rows[3][0][1], rows[3][1][1]
    wrong = {
        name: truth[name][:-4] + str((int(truth[name][-4]) + 5) % 10) + truth[name][-3:]
        for name in ("net", "tax", "total")
    }
    return [
        {truth["tax"]: wrong["tax"]},
        {truth["total"]: wrong["total"]},
        {numbers: "Invoice No:"},
        {truth["net"]: wrong["net"]},
        {when: ""},
    ][kind]


@contextmanager
def served(place: Configured) -> Iterator[str]:
    """Run ``ingestd web``; yields its address."""
    command = [sys.executable, "-m", "ingestd", "web", "-c", str(place.config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(_ANSWER_S)
        process.stdout.close()
