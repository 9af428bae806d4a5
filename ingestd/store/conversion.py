"""Conversion of the lines that versions before 0.2.0 recorded: JSON becomes packed, a batch per transaction.

The old rows lie in ``lines_unpacked`` until their document is converted. Pages that they free are used again, so the
file does not grow; it shrinks with VACUUM only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlite_utils import Database

from ingestd.document import Line
from ingestd.store import documents, rows

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of documents converted, and of all."""

_BATCH = 200
"""Documents in one transaction: about a second."""


def left(db: Database) -> int:
    """Return a bound on the documents that are not converted, 0 once all are; takes no time to speak of."""
    exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'lines_unpacked'"
    if db.execute(exists).fetchone() is None:
        return 0
    first, last = db.execute(
        "SELECT (SELECT min(document_id) FROM lines_unpacked), (SELECT max(document_id) FROM lines_unpacked)"
    ).fetchone()
    return 1 if first is None else int(last - first) + 1


def pack_some(db: Database) -> None:
    """Convert the next documents, in the open transaction; drop the old table after the last."""
    if not left(db):
        return  # another process has converted the last
    ids = db.execute(f"SELECT document_id FROM lines_unpacked GROUP BY document_id LIMIT {_BATCH}").fetchall()
    for (document_id,) in ids:
        found = db.query("SELECT * FROM lines_unpacked WHERE document_id = ? ORDER BY line_index", [document_id])
        documents.save_lines(db, document_id, [_line(document_id, row) for row in found])
        db.execute("DELETE FROM lines_unpacked WHERE document_id = ?", [document_id])
    if not ids:
        db.execute("DROP TABLE lines_unpacked")


_NOWHERE = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))


def _line(document_id: int, row: Mapping[str, Any]) -> Line:
    try:
        quad, chars = rows.quad_from(row["quad"]), rows.chars_from(row["chars"])
    except (ValueError, TypeError, IndexError) as error:
        # The text is what people search for; its place is not worth refusing to start.
        log.error(
            "document %d, line %d: its place cannot be read and is lost: %s", document_id, row["line_index"], error
        )
        quad, chars = _NOWHERE, ()
    return rows.line_from(row, quad, chars)
