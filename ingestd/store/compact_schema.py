"""Smaller tables of what was read and extracted: lines as places in the text, evidence packed, full text by its column.

The rows of before lie in tables ``NAME_before`` until ``conversion`` has moved them.
"""

from __future__ import annotations

from sqlite_utils import Database

from ingestd.store.desk_schema import FIELD_TRIGGERS
from ingestd.store.line_spans import LINES_VIEW
from ingestd.store.short import ABBREVIATIONS, BOX_UNITS, MEASURES, PROVENANCE, STAGES, TYPES

BEFORE = ("lines", "readings", "fields", "paper_fields")
"""Tables whose rows are moved."""

_CORNERS = ", ".join(
    f"json_array((box ->> {x}) / {BOX_UNITS}.0, (box ->> {y}) / {BOX_UNITS}.0)"
    for x, y in ((0, 1), (2, 3), (4, 5), (6, 7))
)
_EDGES = ", ".join(
    f"json_array((box ->> {x}) / {BOX_UNITS}.0, (box ->> {y}) / {BOX_UNITS}.0)"
    for x, y in ((0, 1), (2, 1), (2, 3), (0, 3))
)
_QUAD = f"""
    quad TEXT GENERATED ALWAYS AS (
        CASE WHEN json_type(box, '$[0]') = 'array' THEN box
            WHEN json_array_length(box) = 8 THEN json_array({_CORNERS})
            WHEN json_array_length(box) = 4 THEN json_array({_EDGES}) END
    ) VIRTUAL"""


def _spelled_out() -> str:
    """Return SQL for ``reasons`` without abbreviations."""
    sql = "abbreviated"
    for code, phrase in ABBREVIATIONS.items():
        quoted = phrase.replace("'", "''")
        sql = f"replace({sql}, char({code}), '{quoted}')"
    return sql


_FIELDS = f"""
    field_index INTEGER NOT NULL,
    value TEXT,
    raw TEXT,
    level TEXT NOT NULL CHECK (level IN ('confirmed', 'proved', 'agreed', 'read', 'conflict', 'missing')),
    page_index INTEGER,
    box TEXT,
    place ANY,
    abbreviated TEXT NOT NULL,
    type_code INTEGER NOT NULL CHECK (type_code BETWEEN 0 AND {len(TYPES) - 1}),
    probability REAL CHECK (probability BETWEEN 0 AND 1),
    lines TEXT GENERATED ALWAYS AS (
        CASE typeof(place) WHEN 'integer' THEN '[[0,' || place || ']]' WHEN 'null' THEN '[]' ELSE place END
    ) VIRTUAL,
    type TEXT GENERATED ALWAYS AS (
        CASE type_code {" ".join(f"WHEN {code} THEN '{name}'" for code, name in enumerate(TYPES))} END
    ) VIRTUAL,
    reasons TEXT GENERATED ALWAYS AS ({_spelled_out()}) VIRTUAL,{_QUAD},"""

_TABLES = f"""
CREATE TABLE readings (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    lines TEXT NOT NULL,
    packed BLOB NOT NULL
) STRICT;
CREATE TABLE fields (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    name TEXT NOT NULL,{_FIELDS}
    PRIMARY KEY (document_id, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE paper_fields (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    paper_index INTEGER NOT NULL,
    name TEXT NOT NULL,{_FIELDS}
    PRIMARY KEY (document_id, paper_index, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE proofs (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    packed BLOB NOT NULL
) STRICT;
CREATE INDEX fields_name_value ON fields (name, value) WHERE value IS NOT NULL;
CREATE INDEX paper_fields_name_value ON paper_fields (name, value) WHERE value IS NOT NULL;
DROP INDEX jobs_sha256;
DROP INDEX summaries_seller;
DROP INDEX summaries_date;
"""

_FIRST_STAGES, _MORE_STAGES = 10, 13
"""Numbers of stages that the short forms of ``timings`` know: the first, of documents with just these, and the next."""

_SHORT = f"""
ALTER TABLE pages RENAME COLUMN quality TO measures;
ALTER TABLE pages ADD COLUMN quality TEXT GENERATED ALWAYS AS (
    CASE json_type(measures) WHEN 'array' THEN json_object(
        {", ".join(f"'{name}', measures -> {index}" for index, name in enumerate(MEASURES))}
    ) ELSE measures END) VIRTUAL;
ALTER TABLE documents RENAME COLUMN provenance TO origin;
ALTER TABLE documents ADD COLUMN provenance TEXT GENERATED ALWAYS AS (
    CASE json_type(origin) WHEN 'array' THEN json_object(
        {", ".join(f"'{name}', origin -> {index}" for index, name in enumerate(PROVENANCE))}
    ) ELSE origin END) VIRTUAL;
ALTER TABLE documents RENAME COLUMN timings TO seconds;
ALTER TABLE documents ADD COLUMN timings TEXT GENERATED ALWAYS AS (
    CASE json_type(seconds) WHEN 'array' THEN json_object(
        {", ".join(f"'{name}', seconds -> {index}" for index, name in enumerate(STAGES[:_FIRST_STAGES]))}
    ) ELSE seconds END) VIRTUAL;
"""
"""Column -> what is stored of it; the column itself is made when it is read."""

_COLUMNS = ("text", "name", "field_values")
"""Of the full text. Each hit in another than the first column takes two more bytes."""

_FULL_TEXT = """
CREATE VIRTUAL TABLE documents_fts USING fts5({columns}, tokenize='trigram', content="documents");
CREATE VIRTUAL TABLE documents_fts_terms USING fts5vocab(documents_fts, instance);
"""


def create_compact(db: Database) -> None:
    """Create the tables, and make what is there ready to be moved."""
    views = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
    for name, _ in views:  # renaming a table would rename it in views too
        db.view(name).drop()
    for name in (*FIELD_TRIGGERS, "documents_au"):
        db.execute(f"DROP TRIGGER {name}")
    for name in ("fields_name_value", "paper_fields_name_value"):
        db.execute(f"DROP INDEX {name}")
    for name in BEFORE:
        db.execute(f"ALTER TABLE {name} RENAME TO {name}_before")
    for name in ("documents_fts_terms", "documents_fts"):
        db.execute(f"DROP TABLE {name}")
    for statement in (_FULL_TEXT.format(columns=", ".join(_COLUMNS)) + _TABLES + _SHORT).split(";\n")[:-1]:
        db.execute(statement)
    db.execute(LINES_VIEW)
    for _, sql in views:
        db.execute(sql)
    db.execute("CREATE TABLE conversion (last_document_id INTEGER NOT NULL) STRICT")
    db.execute("INSERT INTO conversion VALUES (0)")
    if db.execute("SELECT 1 FROM documents LIMIT 1").fetchone() is None:
        finish_compact(db)


def extend_timings(db: Database) -> None:
    """Let the short form of ``timings`` know more stages, of which a document may lack some; what is stored stays."""
    db.execute("ALTER TABLE documents DROP COLUMN timings")
    db.execute(
        "ALTER TABLE documents ADD COLUMN timings TEXT GENERATED ALWAYS AS ("
        "CASE json_type(seconds) WHEN 'array' THEN json_patch('{}', json_object("
        + ", ".join(f"'{name}', seconds -> {index}" for index, name in enumerate(STAGES[:_MORE_STAGES]))
        + ")) ELSE seconds END) VIRTUAL"  # the patch leaves out what is null
    )


def finish_compact(db: Database) -> None:
    """Drop the tables of before, whose rows have been moved."""
    for name in BEFORE:
        db.execute(f"DROP TABLE {name}_before")
    for name in ("lines_unpacked", "conversion"):
        db.execute(f"DROP TABLE IF EXISTS {name}")
    for sql in (*FIELD_TRIGGERS.values(), _update_trigger()):
        db.execute(sql)


def index_text(db: Database, first: int, last: int) -> None:
    """Enter documents into the full text that are not in it, from the first id to the last."""
    columns = ", ".join(_COLUMNS)
    sql = f"INSERT INTO documents_fts (rowid, {columns}) SELECT id, {columns} FROM documents WHERE id BETWEEN ? AND ?"
    db.execute(sql, [first, last])


def _update_trigger() -> str:
    """Return a trigger that enters a document again only where what is searched has changed."""
    columns = ", ".join(_COLUMNS)
    old, new = (", ".join(f"{row}.{name}" for name in _COLUMNS) for row in ("OLD", "NEW"))
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in _COLUMNS)
    return (
        f"CREATE TRIGGER documents_au AFTER UPDATE OF {columns} ON documents WHEN {changed} BEGIN\n"
        f"    INSERT INTO documents_fts (documents_fts, rowid, {columns}) VALUES ('delete', OLD.id, {old});\n"
        f"    INSERT INTO documents_fts (rowid, {columns}) VALUES (NEW.id, {new});\n"
        "END"
    )
