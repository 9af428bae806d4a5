"""One line about one document, for the terminal and the log."""

from __future__ import annotations

from ingestd.document import Level, Record
from ingestd.files.encoding import escape

_FIRST = ("invoice_no", "merchant", "seller_name", "receipt_no")
_MARKS = {Level.PROVED: "proved", Level.AGREED: "agreed", Level.READ: "read", Level.CONFLICT: "conflict"}


def headline(record: Record, seconds: float | None = None) -> str:
    """Say what was read: kind of document, who or which number, date and total with their levels."""
    fields = {field.name: field for field in record.extraction.fields if field.value is not None}
    first = next((fields[name] for name in _FIRST if name in fields), None)
    parts = [record.extraction.rule]
    if first is not None:
        parts.append(str(first.value))
    parts += [
        f"{name} {fields[name].value} ({_MARKS[fields[name].level]})" for name in ("date", "total") if name in fields
    ]
    pages = len(record.reading.pages)
    parts.append(f"{pages} page{'s' if pages != 1 else ''}, {len(record.reading.lines)} lines")
    if seconds is not None:
        parts.append(f"{seconds:.1f} s")
    return escape(" · ".join(parts))
