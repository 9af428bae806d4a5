"""One document on a terminal: fields with their reasons, items, text, relations to others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingestd.cli.terminal import LEVEL_STYLES, grid, local_time, safe_text, table
from ingestd.document import OF_NO_PAPER, Extraction, Field, Item, Paper, Reading, Status
from ingestd.files.encoding import path_text
from ingestd.store.documents import Document
from ingestd.store.exports import Exported
from ingestd.store.rows import text_rows
from ingestd.store.same_invoice import SameInvoice
from ingestd.store.supersessions import Successor


def fields_table(extraction: Extraction | Paper) -> Table:
    """Make the table of fields with their values, levels and reasons."""
    rows = table("field", "value", "level", "why")
    rows.columns[0].no_wrap = True
    rows.columns[1].max_width = 32
    for field in extraction.fields:
        style = LEVEL_STYLES[field.level]
        rows.add_row(
            safe_text(field.name),
            safe_text("" if field.value is None else field.value, style),
            Text(field.level.value, style=style),
            safe_text(_why(field)),
        )
    return rows


def _why(field: Field) -> str:
    """Return the reasons, and the text as read if the value differs from it."""
    read = [] if field.raw is None or field.raw.strip() == field.value else [f"read as {field.raw.strip()!r}"]
    return "; ".join([*(reason.text for reason in field.reasons), *read])


def _items_table(items: Sequence[Item]) -> Table:
    rows = table("item", "quantity", "unit price", "amount", "rate", "tax")
    for column in rows.columns[1:]:
        column.justify = "right"
    for item in items:
        values = (item.name, item.quantity, item.unit_price, item.amount, item.rate, item.tax)
        rows.add_row(*(safe_text("" if value is None else value) for value in values))
    return rows


def reading_view(reading: Reading) -> RenderableType:
    """Render codes and text, page by page."""
    parts: list[RenderableType] = []
    for page in reading.pages:
        of = f" of {len(reading.pages)}" if len(reading.pages) > 1 else ""
        if page.fault is not None:
            parts.append(safe_text(f"page {page.index + 1}{of}  could not be read: {page.fault}", "yellow"))
            continue
        steps = f", {' '.join(page.steps)}" if page.steps else ""
        steps += f", {page.role.value}, of no paper" if page.role in OF_NO_PAPER else ""
        parts.append(
            safe_text(
                f"page {page.index + 1}{of}  {page.width_px} x {page.height_px} px, {page.dpi:.0f} dpi{steps}", "dim"
            )
        )
        parts += [
            safe_text(f"{code.kind}: {code.text}", "cyan") for code in reading.codes if code.page_index == page.index
        ]
        rows = text_rows([line for line in reading.lines if line.page_index == page.index], gap="  ")
        parts += [safe_text(row) for row in rows] or [Text("(no text)", style="dim")]
    return Group(*parts)


def view(
    document: Document,
    same: Sequence[SameInvoice] = (),
    exports: Sequence[Exported] = (),
    successor: Successor | None = None,
    predecessors: Sequence[int] = (),
) -> RenderableType:
    """Render one document: its facts, relations to other documents, exports, fields, items and text."""
    record = document.record
    extraction = record.extraction
    verdict = Text(extraction.status.value, style="yellow" if extraction.status is Status.REVIEW else "green")
    head = grid(
        [
            ("document", safe_text(f"{document.id}  {path_text(record.name)}", "bold")),
            ("status", Text.assemble(verdict, "  ", safe_text(extraction.rule))),
            ("file", safe_text(f"{record.media_type}, {record.size_bytes:,} bytes, sha256 {record.sha256[:16]}…")),
            ("recorded", Text(f"{local_time(document.recorded_at)}, received {local_time(document.received_at)}")),
            ("dropped at", _path(document.source_path)),
            ("kept at", _path(document.archive_path)),
            *[("tables", _tables(record.reading))] * bool(record.reading.tables),
            ("read in", Text(", ".join(f"{name} {seconds:.2f} s" for name, seconds in record.timings.items()))),
        ]
    )
    parts: list[RenderableType] = [head]
    if successor is not None:
        parts.append(_successor(successor))
    parts += [
        safe_text(f"supersedes document {number}, read when the file was not whole yet") for number in predecessors
    ]
    parts += [*map(_same_invoice, same), *map(_export, exports), Text("")]
    if extraction.further:
        parts.append(_paper_head(extraction, "first paper", extraction.rule))
    if extraction.fields:
        parts += [fields_table(extraction), Text("")]
    if extraction.items:
        parts += [_items_table(extraction.items), Text("")]
    for paper in extraction.further:
        parts += [
            _paper_head(paper, "another paper", f"{paper.rule}, {paper.status.value}"),
            fields_table(paper),
            Text(""),
        ]
    return Group(*parts, reading_view(record.reading))


def _successor(one: Successor) -> Text:
    told = f"superseded by document {one.document_id}, read when the file was whole; this one is not exported"
    if one.document_id is None:
        told = f"the file changed after this was read; job {one.job_id}, which reads it again, is {one.state}"
    return safe_text(told, "yellow")


def _tables(reading: Reading) -> Text:
    found = (f"page {one.page_index + 1}: {one.rows} rows, {one.columns} columns" for one in reading.tables)
    return Text.assemble("; ".join(found), ("  --tables prints them", "dim"))


def _same_invoice(other: SameInvoice) -> Text:
    paper = f", paper {other.paper_index + 1}" if other.paper_index else ""
    return safe_text(f"same invoice as document {other.document_id} ({other.name}{paper}): {other.reason}", "yellow")


def _export(one: Exported) -> Text:
    paper = f", paper {one.paper_index + 1}" if one.paper_index else ""
    return safe_text(f"exported{paper} for {one.layout} on {local_time(one.at)} to {one.path}", "dim")


def _paper_head(paper: Extraction | Paper, which: str, what: str) -> Text:
    pages = ", ".join(str(index + 1) for index in paper.pages)
    where = "part of page" if paper.area is not None else "page" if len(paper.pages) == 1 else "pages"
    place = f", {where} {pages}" if pages else ""  # recorded before pages were
    return safe_text(f"{which}{place}: {what}", "bold")


def _path(path: Path | None) -> Text:
    return Text("not kept", style="dim") if path is None else safe_text(path_text(path))
