"""Corrections by people: the append-only table, the reading that they lie on, and the version of a document.

``fields`` always holds what is in force. The first correction of a document copies what the rules made of it into
``extractions``, where it stays, so that the reading is never lost. While the sidecar of a re-extracted document is
due, its row there says so.

Nothing here commits: callers that write hold ``database.transaction()``.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from ingestd.document import Correction, Extraction, Level
from ingestd.files.encoding import time_from, time_text
from ingestd.store import documents, rows, short

_VERSION_DIGITS = 16
MIN_ALIKE = 3
"""Corrections of one field for one seller from which on a rule is worth a thought."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of ``corrections``."""

    id: int
    document_id: int
    correction: Correction
    from_value: str | None
    from_level: Level | None
    """None where the document had no such field."""
    seconds: float | None
    undoes: int | None
    """Id of the correction that this one takes back."""
    evidence: Mapping[str, Any]
    """Shown to the person: ``raw``, ``reasons``, ``page_index``, ``quad``, and ``checks`` of the new value."""


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A correction to be written."""

    correction: Correction
    from_value: str | None
    from_level: Level | None
    evidence: Mapping[str, Any]
    seconds: float | None = None
    undoes: int | None = None


def history(db: Database, document_id: int) -> tuple[Entry, ...]:
    """All corrections of a document, oldest first."""
    return tuple(_entries(db, "document_id = ? ORDER BY id", [document_id]))


def _entries(db: Database, where: str, values: Sequence[object]) -> Iterator[Entry]:
    for row in db.query(f"SELECT * FROM corrections WHERE {where}", values):
        evidence = json.loads(row["evidence"])
        place = evidence.get("place")
        yield Entry(
            id=row["id"],
            document_id=row["document_id"],
            correction=Correction(
                field=row["field"],
                value=row["to_value"],
                by=row["corrected_by"],
                at=time_from(row["corrected_at"]),
                withdrawn=row["action"] == "withdraw",
                page_index=None if place is None else place["page_index"],
                quad=None if place is None else rows.quad_from(json.dumps(place["quad"])),
            ),
            from_value=row["from_value"],
            from_level=None if row["from_level"] is None else Level(row["from_level"]),
            seconds=row["seconds"],
            undoes=row["undoes"],
            evidence=evidence,
        )


def last_id(db: Database, document_id: int) -> int:
    """Id of the last correction of a document, 0 where there is none."""
    row = db.execute("SELECT coalesce(max(id), 0) FROM corrections WHERE document_id = ?", [document_id]).fetchone()
    return int(row[0])


def what_was_read(db: Database, document_id: int) -> Extraction:
    """Return what the rules made of a document, without corrections.

    Raises:
        LookupError: if there is no such document.
    """
    row = db.execute("SELECT extraction FROM extractions WHERE document_id = ?", [document_id]).fetchone()
    return documents.load_extraction(db, document_id) if row is None else rows.extraction_from(row[0])


def version(db: Database, document_id: int) -> str:
    """Return a text that changes whenever the kind, the status, a field or a correction of a document does.

    Raises:
        LookupError: if there is no such document.
    """
    head = db.execute("SELECT sha256, rule, status FROM documents WHERE id = ?", [document_id]).fetchone()
    if head is None:
        raise LookupError(f"no document with id {document_id}")
    fields = db.execute(
        "SELECT name, value, level, reasons FROM fields WHERE document_id = ? ORDER BY field_index", [document_id]
    ).fetchall()
    text = short.to_json([*head, fields, last_id(db, document_id)])
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]


def add(
    db: Database, document_id: int, new: Iterable[NewEntry], settled: Extraction, *, rules_hash: str | None = None
) -> None:
    """Write corrections and what holds with them; keep what was read where this is the first.

    Args:
        db: with an open write transaction, which is not committed here.
        document_id: of a recorded document.
        new: in order.
        settled: fields, kind and status from now on.
        rules_hash: of the rules, where they were applied again for another kind of document.

    Raises:
        LookupError: if there is no such document.
    """
    _note_due(db, document_id, rows.extraction_json(what_was_read(db, document_id)))
    for entry in new:
        _insert(db, document_id, entry)
    documents.replace_extraction(db, document_id, settled, rules_hash=rules_hash)


def _insert(db: Database, document_id: int, entry: NewEntry) -> None:
    said = entry.correction
    place = {} if said.quad is None else {"place": {"page_index": said.page_index, "quad": said.quad}}
    db.table("corrections").insert(
        {
            "document_id": document_id,
            "field": said.field,
            "action": "withdraw" if said.withdrawn else "confirm",
            "from_value": entry.from_value,
            "from_level": entry.from_level,
            "to_value": said.value,
            "corrected_by": said.by,
            "corrected_at": time_text(said.at),
            "seconds": entry.seconds,
            "undoes": entry.undoes,
            "evidence": short.to_json({**entry.evidence, **place}),
        }
    )


def replace_reading(db: Database, document_id: int, read: Extraction, *, sidecar_due: bool) -> None:
    """Keep what today's rules make of a document in the place of what rules made before.

    Args:
        db: with an open write transaction, which is not committed here.
        document_id: of a recorded document.
        read: without corrections.
        sidecar_due: its sidecar is to be written again. Until then a document without corrections has a row too.
    """
    reading = rows.extraction_json(read)
    db.execute("UPDATE extractions SET extraction = ? WHERE document_id = ?", [reading, document_id])
    if sidecar_due:
        _note_due(db, document_id, reading)


def _note_due(db: Database, document_id: int, reading: str) -> None:
    db.execute(
        "INSERT INTO extractions (document_id, extraction, sidecar_due) VALUES (?, ?, 1)"
        " ON CONFLICT (document_id) DO UPDATE SET sidecar_due = 1",
        [document_id, reading],
    )


def to_undo(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Find the last corrections that were made together and are still to be undone; none where there are none.

    Args:
        entries: of one document, oldest first.
    """
    undone = {entry.undoes for entry in entries}
    left = [entry for entry in entries if entry.undoes is None and entry.id not in undone]
    if not left:
        return ()
    last = left[-1].correction
    return tuple(entry for entry in left if (entry.correction.by, entry.correction.at) == (last.by, last.at))


@dataclass(frozen=True, slots=True)
class Alike:
    """Corrections in force of one field, for documents of one kind and one seller."""

    seller: str
    kind: str
    field: str
    values: Mapping[int, str]
    """Document -> value."""


def alike(db: Database) -> Iterator[Alike]:
    """Yield fields that people gave other values in MIN_ALIKE documents of one kind and one seller."""
    found = db.execute(
        "SELECT s.seller, s.rule, c.field, c.document_id, c.to_value"
        " FROM (SELECT max(id) AS id FROM corrections GROUP BY document_id, field) AS last"
        " JOIN corrections c ON c.id = last.id JOIN summaries s ON s.document_id = c.document_id"
        " WHERE c.action = 'confirm' AND c.field <> '@rule' AND c.to_value IS NOT NULL"
        " AND c.to_value IS NOT c.from_value AND s.seller IS NOT NULL"
        " ORDER BY s.seller, s.rule, c.field, c.document_id"
    ).fetchall()
    for (seller, kind, field), rows_of in itertools.groupby(found, key=lambda row: row[:3]):
        values = {document_id: value for *_, document_id, value in rows_of}
        if len(values) >= MIN_ALIKE:
            yield Alike(seller, kind, field, values)


def sidecars_due(db: Database, limit: int) -> list[int]:
    """Documents whose sidecar is in its place and does not show their last correction or re-extraction yet."""
    found = db.execute(
        "SELECT document_id FROM extractions e WHERE sidecar_due = 1 AND NOT EXISTS"
        " (SELECT 1 FROM jobs WHERE jobs.document_id = e.document_id AND state = 'recorded') LIMIT ?",
        [limit],
    )
    return [document_id for (document_id,) in found.fetchall()]


def is_sidecar_due(db: Database, document_id: int) -> bool:
    """True where the sidecar does not show the last correction or re-extraction yet."""
    row = db.execute("SELECT sidecar_due FROM extractions WHERE document_id = ?", [document_id]).fetchone()
    return row is not None and bool(row[0])


def sidecar_written(db: Database, document_id: int) -> None:
    """Note that the sidecar shows what the rows say; inside the caller's write transaction."""
    db.execute("UPDATE extractions SET sidecar_due = 0 WHERE document_id = ?", [document_id])
    db.execute(
        "DELETE FROM extractions WHERE document_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM corrections c WHERE c.document_id = extractions.document_id)",
        [document_id],
    )


def contradictions(db: Database, limit: int) -> list[tuple[int, str]]:
    """Fields that are not as the last correction says, or say ``confirmed`` although no one did: document, field."""
    found = db.execute(
        "WITH last AS (SELECT document_id, field, max(id) AS id FROM corrections GROUP BY document_id, field),"
        " held AS (SELECT c.document_id, c.field, c.to_value FROM last JOIN corrections c ON c.id = last.id"
        "  JOIN documents d ON d.id = c.document_id"
        "  WHERE c.action = 'confirm' AND c.field <> '@rule' AND d.rule <> 'other')"
        " SELECT h.document_id, h.field FROM held h"
        "  LEFT JOIN fields f ON f.document_id = h.document_id AND f.name = h.field"
        "  WHERE f.level IS NOT 'confirmed' OR f.value IS NOT h.to_value"
        " UNION SELECT f.document_id, f.name FROM fields f"
        "  WHERE f.level = 'confirmed' AND NOT EXISTS"
        "  (SELECT 1 FROM held h WHERE h.document_id = f.document_id AND h.field = f.name)"
        " ORDER BY 1, 2 LIMIT ?",
        [limit],
    )
    return [(document_id, name) for document_id, name in found.fetchall()]
