"""Tables of the review desk: summaries for lists, corrections, and which documents wait for whom.

Triggers keep ``summaries`` in step, so that SQL of users does too.
"""

from __future__ import annotations

from sqlite_utils import Database

LEVEL_BITS = {"confirmed": 1, "proved": 2, "agreed": 4, "read": 8, "conflict": 16, "missing": 32}
"""Level -> its bit in ``summaries.levels``."""

_LEVELS = " + ".join(f"{bit} * coalesce(max(level = '{level}'), 0)" for level, bit in LEVEL_BITS.items())

_COLUMNS = "seller, number, date, total_cents, levels"
_FROM_FIELDS = f"""
    SELECT max(CASE WHEN name IN ('seller_name', 'merchant') THEN value END),
        max(CASE WHEN name IN ('invoice_no', 'receipt_no') THEN value END),
        max(CASE WHEN name = 'date' THEN value END),
        max(CASE WHEN name = 'total' THEN CAST(round(CAST(value AS REAL) * 100) AS INTEGER) END),
        {_LEVELS}
    FROM fields
"""

SUMMARISE = f"UPDATE summaries SET ({_COLUMNS}) = ({_FROM_FIELDS} WHERE fields.document_id = summaries.document_id)"
"""Summarises documents from their fields, where triggers did not."""

_TABLES = """
CREATE TABLE summaries (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    rule TEXT NOT NULL,
    status TEXT NOT NULL,
    seller TEXT,
    number TEXT,
    date TEXT,
    total_cents INTEGER,
    levels INTEGER NOT NULL
) STRICT;
CREATE INDEX summaries_status ON summaries (status, total_cents DESC, document_id);
CREATE INDEX summaries_rule ON summaries (rule, document_id);
CREATE INDEX summaries_seller ON summaries (seller, document_id);
CREATE INDEX summaries_date ON summaries (date, document_id);
CREATE TABLE corrections (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    field TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('confirm', 'withdraw')),
    from_value TEXT,
    from_level TEXT,
    to_value TEXT,
    corrected_by TEXT NOT NULL,
    corrected_at TEXT NOT NULL,
    seconds REAL,
    undoes INTEGER REFERENCES corrections (id) ON DELETE CASCADE,
    evidence TEXT NOT NULL
) STRICT;
CREATE INDEX corrections_document_id ON corrections (document_id);
CREATE INDEX corrections_corrected_by ON corrections (corrected_by);
CREATE INDEX corrections_undoes ON corrections (undoes) WHERE undoes IS NOT NULL;
CREATE TABLE extractions (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    extraction TEXT NOT NULL,
    sidecar_due INTEGER NOT NULL CHECK (sidecar_due IN (0, 1))
) STRICT;
CREATE INDEX extractions_sidecar_due ON extractions (sidecar_due) WHERE sidecar_due;
CREATE TABLE reviews (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    locked_by TEXT,
    locked_until TEXT,
    postponed_by TEXT,
    postponed_at TEXT,
    note TEXT
) STRICT;
"""

FIELD_TRIGGERS = {
    f"fields_summary_{event.split()[0].lower()}": (
        f"CREATE TRIGGER fields_summary_{event.split()[0].lower()} AFTER {event} ON fields BEGIN"
        f" UPDATE summaries SET ({_COLUMNS}) = ({_FROM_FIELDS} WHERE document_id = {row}.document_id)"
        f" WHERE document_id = {row}.document_id; END"
    )
    for event, row in (("INSERT", "NEW"), ("UPDATE OF name, value, level", "NEW"), ("DELETE", "OLD"))
}
"""Name -> trigger that summarises a document again when one of its fields changes."""

_TRIGGERS = """
CREATE TRIGGER documents_summary_insert AFTER INSERT ON documents BEGIN
    INSERT INTO summaries (document_id, rule, status, levels) VALUES (NEW.id, NEW.rule, NEW.status, 0);
END;
CREATE TRIGGER documents_summary_update AFTER UPDATE OF rule, status ON documents BEGIN
    UPDATE summaries SET rule = NEW.rule, status = NEW.status WHERE document_id = NEW.id;
END;
CREATE TRIGGER corrections_keep_update BEFORE UPDATE ON corrections BEGIN
    SELECT RAISE(ABORT, 'corrections are only added to; correct the field again');
END;
CREATE TRIGGER corrections_keep_delete BEFORE DELETE ON corrections
WHEN EXISTS (SELECT 1 FROM documents WHERE id = OLD.document_id) BEGIN
    SELECT RAISE(ABORT, 'corrections are only added to; correct the field again');
END;
"""


def create_desk(db: Database) -> None:
    """Create the tables and summarise what is recorded; inside the transaction of a migration."""
    for statement in _TABLES.split(";\n")[:-1]:
        db.execute(statement)
    db.execute("INSERT INTO summaries (document_id, rule, status, levels) SELECT id, rule, status, 0 FROM documents")
    db.execute(SUMMARISE)
    for statement in _TRIGGERS.split("END;\n")[:-1]:
        db.execute(statement + "END")
    for sql in FIELD_TRIGGERS.values():
        db.execute(sql)
