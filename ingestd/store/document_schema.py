"""Tables of documents and of what was read in them, with their full text."""

from __future__ import annotations

from sqlite_utils import Database

_DOCUMENTS = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    page_count INTEGER NOT NULL,
    source_path TEXT NOT NULL,
    archive_path TEXT,
    status TEXT NOT NULL CHECK (status IN ('done', 'review')),
    rule TEXT NOT NULL,
    text TEXT NOT NULL,
    field_values TEXT NOT NULL,
    received_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    provenance TEXT NOT NULL,
    timings TEXT NOT NULL
) STRICT;
CREATE INDEX documents_name ON documents (name);
CREATE INDEX documents_recorded_at ON documents (recorded_at);
CREATE INDEX documents_status ON documents (status);
"""

_READING = """
CREATE TABLE pages (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page_index INTEGER NOT NULL,
    width_px INTEGER NOT NULL,
    height_px INTEGER NOT NULL,
    dpi REAL NOT NULL,
    rotation_deg INTEGER NOT NULL,
    skew_deg REAL NOT NULL,
    quality TEXT NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (document_id, page_index)
) STRICT;
CREATE TABLE lines (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page_index INTEGER NOT NULL,
    line_index INTEGER NOT NULL,
    text TEXT NOT NULL,
    confidence REAL NOT NULL,
    quad TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('ocr', 'text-layer')),
    chars TEXT NOT NULL,
    PRIMARY KEY (document_id, line_index)
) STRICT;
CREATE TABLE codes (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page_index INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    quad TEXT NOT NULL
) STRICT;
CREATE INDEX codes_document_id ON codes (document_id);
"""

_EXTRACTION = """
CREATE TABLE fields (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT,
    raw TEXT,
    level TEXT NOT NULL CHECK (level IN ('proved', 'agreed', 'read', 'conflict', 'missing')),
    page_index INTEGER,
    quad TEXT,
    lines TEXT NOT NULL,
    reasons TEXT NOT NULL,
    PRIMARY KEY (document_id, name)
) STRICT;
CREATE INDEX fields_name_value ON fields (name, value);
CREATE TABLE items (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    item_index INTEGER NOT NULL,
    name TEXT,
    quantity TEXT,
    unit_price TEXT,
    amount TEXT,
    rate TEXT,
    tax TEXT,
    PRIMARY KEY (document_id, item_index)
) STRICT;
"""

DOCUMENT_TABLES = _DOCUMENTS + _READING + _EXTRACTION


def create_full_text(db: Database) -> None:
    """Index names, texts and values."""
    # Trigrams find any substring of three characters or more, in Chinese too. The content stays in
    # documents, so that `sqlite-utils search` and Datasette find the index on their own.
    db.table("documents").enable_fts(["name", "text", "field_values"], tokenize="trigram", create_triggers=True)


_FIELDS = """
CREATE TABLE fields_new (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT,
    raw TEXT,
    level TEXT NOT NULL CHECK (level IN ('confirmed', 'proved', 'agreed', 'read', 'conflict', 'missing')),
    page_index INTEGER,
    quad TEXT,
    lines TEXT NOT NULL,
    reasons TEXT NOT NULL,
    evidence TEXT NOT NULL DEFAULT '[]',
    type TEXT NOT NULL DEFAULT 'text',
    probability REAL CHECK (probability BETWEEN 0 AND 1),
    candidates TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (document_id, name)
) STRICT;
INSERT INTO fields_new (rowid, document_id, name, value, raw, level, page_index, quad, lines, reasons)
    SELECT rowid, document_id, name, value, raw, level, page_index, quad, lines, reasons FROM fields;
DROP TABLE fields;
ALTER TABLE fields_new RENAME TO fields;
CREATE INDEX fields_name_value ON fields (name, value);
"""


def add_evidence(db: Database) -> None:
    """Add level ``confirmed``, evidence, type, probability and rivals to ``fields``."""
    # A CHECK can only be changed in a new table, and a table that a view names cannot be replaced.
    views = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
    for name, _ in views:
        db.view(name).drop()
    for statement in _FIELDS.split(";\n")[:-1]:
        db.execute(statement)
    for _, sql in views:
        db.execute(sql)


def create_sums(db: Database) -> None:
    """Index what counts and sums per kind need."""
    # Counts and sums per kind come from this index alone, whatever the filters are.
    db.execute("CREATE INDEX summaries_sums ON summaries (rule, status, date, total_cents, levels, seller)")
