"""Tables and views of files with several papers: the first is the document's, each further one has rows of its own."""

from __future__ import annotations

from collections.abc import Iterable

from sqlite_utils import Database

_TABLES = """
CREATE TABLE papers (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    paper_index INTEGER NOT NULL CHECK (paper_index > 0),
    pages TEXT NOT NULL,
    area TEXT,
    rule TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'review')),
    items TEXT NOT NULL,
    PRIMARY KEY (document_id, paper_index)
) STRICT;
CREATE TABLE paper_fields (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    paper_index INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT,
    raw TEXT,
    level TEXT NOT NULL CHECK (level IN ('confirmed', 'proved', 'agreed', 'read', 'conflict', 'missing')),
    page_index INTEGER,
    quad TEXT,
    lines TEXT NOT NULL,
    reasons TEXT NOT NULL,
    evidence TEXT NOT NULL,
    type TEXT NOT NULL,
    probability REAL CHECK (probability BETWEEN 0 AND 1),
    candidates TEXT NOT NULL,
    PRIMARY KEY (document_id, paper_index, name)
) STRICT;
CREATE INDEX paper_fields_name_value ON paper_fields (name, value);
"""


_STACKS = """
ALTER TABLE documents ADD COLUMN paper_pages TEXT NOT NULL DEFAULT '[]';
ALTER TABLE documents ADD COLUMN paper_area TEXT;
ALTER TABLE pages ADD COLUMN role TEXT NOT NULL DEFAULT 'free'
    CHECK (role IN ('free', 'begins', 'continues', 'blank', 'separator'));
"""


def create_stacks(db: Database) -> None:
    """Add the pages of the first paper, and the role of each page."""
    for statement in _STACKS.split(";\n")[:-1]:
        db.execute(statement)


def create_papers(db: Database) -> None:
    """Create the tables."""
    for statement in _TABLES.split(";\n")[:-1]:
        db.execute(statement)


def further_rows(fields: Iterable[str], marks: Iterable[str]) -> str:
    """Return a SELECT of the further papers that have one of the fields ``marks``, with the columns of their view."""
    lookup = (
        "(SELECT {what} FROM paper_fields f WHERE f.document_id = papers.document_id"
        " AND f.paper_index = papers.paper_index AND f.name = '{name}')"
    )
    columns = [lookup.format(what=what, name=name) for name in fields for what in ("value", "level")]
    named = ", ".join(f"'{name}'" for name in marks)
    return (
        "SELECT papers.document_id, documents.name, papers.rule, papers.status,\n    "
        + ",\n    ".join(columns)
        + ",\n    archive_path, received_at, recorded_at, paper_index\n"
        + "FROM papers JOIN documents ON documents.id = papers.document_id\n"
        + "WHERE EXISTS (SELECT 1 FROM paper_fields f WHERE f.document_id = papers.document_id"
        + f" AND f.paper_index = papers.paper_index AND f.name IN ({named}))"
    )
