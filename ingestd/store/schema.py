"""Tables, views and their migrations.

Names are a contract with users' queries (docs/database.md). A migration that has been released is
never edited: change the schema by adding one. Rows of ``lines``, ``codes``, ``fields`` and ``items``
go with their document (ON DELETE CASCADE).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlite_utils import Database, Migrations

from ingestd.errors import ConfigError
from ingestd.store import conversion
from ingestd.store.desk_schema import create_desk
from ingestd.store.exports import create_exports
from ingestd.store.large_schema import (
    add_faults,
    create_checks,
    create_counts,
    create_kind_sums,
    create_packed,
    create_words,
)
from ingestd.store.long_work import create_long_work
from ingestd.store.papers_schema import create_papers, create_stacks, further_rows
from ingestd.store.renames import create_renames

APPLICATION_ID = 0x494E4744
"""``INGD``: marks a SQLite file as ours (PRAGMA application_id)."""

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

_JOBS = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    inbox TEXT NOT NULL,
    source_path TEXT NOT NULL,
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT,
    state TEXT NOT NULL CHECK (
        state IN ('arrived', 'claimed', 'running', 'waiting', 'recorded', 'done', 'failed', 'duplicate')
    ),
    attempt INTEGER NOT NULL DEFAULT 0,
    next_at TEXT,
    error TEXT,
    document_id INTEGER REFERENCES documents (id) ON DELETE SET NULL,
    archive_path TEXT,
    mtime_ns INTEGER,
    inode INTEGER,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_state_next_at ON jobs (state, next_at);
CREATE INDEX jobs_sha256 ON jobs (sha256);
CREATE INDEX jobs_source_path ON jobs (source_path);
CREATE INDEX jobs_archive_path ON jobs (archive_path);
CREATE INDEX jobs_document_id ON jobs (document_id);
"""


def _tables(db: Database) -> None:
    db.executescript(_DOCUMENTS + _READING + _EXTRACTION + _JOBS)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _full_text(db: Database) -> None:
    # Trigrams find any substring of three characters or more, in Chinese too. The content stays in
    # documents, so that `sqlite-utils search` and Datasette find the index on their own.
    db.table("documents").enable_fts(["name", "text", "field_values"], tokenize="trigram", create_triggers=True)


_INVOICE = (
    "invoice_code",
    "invoice_no",
    "date",
    "check_code",
    "buyer_name",
    "buyer_tax_no",
    "seller_name",
    "seller_tax_no",
    "net",
    "tax",
    "total",
    "total_words",
)
_RECEIPT = ("merchant", "date", "receipt_no", "tax_no", "net", "tax", "rounding", "total", "paid", "change")
_VIEWS = {"invoices": (_INVOICE, ("invoice_no",)), "receipts": (_RECEIPT, ("merchant", "receipt_no"))}
"""View -> its fields, and those of which it needs one."""


def _views(db: Database) -> None:
    for name, (fields, marks) in _VIEWS.items():
        db.create_view(name, _one_row_per_document(fields, marks))


def _papers(db: Database) -> None:
    create_papers(db)
    for name, (fields, marks) in _VIEWS.items():
        db.view(name).drop()
        index = ", CAST(0 AS INTEGER) AS paper_index"  # with the affinity of the table's, so that indexes are used
        first = _one_row_per_document(fields, marks).replace(" FROM documents\n", f"{index} FROM documents\n")
        db.create_view(name, f"{first}\nUNION ALL\n{further_rows(fields, marks)}")


def _one_row_per_document(fields: Iterable[str], marks: Iterable[str]) -> str:
    """Return a SELECT with two columns per field (value, level) of the documents whose rule knows one of ``marks``.

    Each column is a lookup of its own: a query pays only for the columns that it names.
    """
    lookup = "(SELECT {what} FROM fields WHERE document_id = documents.id AND name = '{name}') AS {column}"
    columns = [
        lookup.format(what=what, name=name, column=column)
        for name in fields
        for what, column in (("value", name), ("level", f"{name}_level"))
    ]
    named = " OR ".join(f"name = '{name}'" for name in marks)
    return (
        "SELECT documents.id AS document_id, documents.name AS name, rule, status,\n    "
        + ",\n    ".join(columns)
        + ",\n    archive_path, received_at, recorded_at FROM documents\n"
        + f"WHERE EXISTS (SELECT 1 FROM fields WHERE document_id = documents.id AND ({named}))"
    )


def _hooks(db: Database) -> None:
    db.execute("ALTER TABLE jobs ADD COLUMN hook_at TEXT")
    db.execute("CREATE INDEX jobs_hook_at ON jobs (hook_at) WHERE hook_at IS NOT NULL")


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


def _evidence(db: Database) -> None:
    # A CHECK can only be changed in a new table, and a table that a view names cannot be replaced.
    views = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
    for name, _ in views:
        db.view(name).drop()
    for statement in _FIELDS.split(";\n")[:-1]:
        db.execute(statement)
    for _, sql in views:
        db.execute(sql)


def _sums(db: Database) -> None:
    # Counts and sums per kind come from this index alone, whatever the filters are.
    db.execute("CREATE INDEX summaries_sums ON summaries (rule, status, date, total_cents, levels, seller)")


_SUSPECTS = (
    "ALTER TABLE jobs ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1))",
    "ALTER TABLE jobs ADD COLUMN deaths_alone INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_suspect ON jobs (deaths_alone, id) WHERE suspect = 1 AND state IN ('claimed', 'waiting')",
)


def _suspects(db: Database) -> None:
    for statement in _SUSPECTS:
        db.execute(statement)


def _blind_spots(db: Database) -> None:
    db.execute(
        "CREATE TABLE blind_spots (path TEXT PRIMARY KEY, inbox TEXT NOT NULL, problem TEXT NOT NULL,"
        " since TEXT NOT NULL) STRICT"
    )


def _change_times(db: Database) -> None:
    db.execute("ALTER TABLE jobs ADD COLUMN ctime_ns INTEGER")


def _looks(db: Database) -> None:
    db.execute("ALTER TABLE jobs ADD COLUMN look_at TEXT")
    db.execute("CREATE INDEX jobs_look_at ON jobs (look_at) WHERE look_at IS NOT NULL")


_STEPS = {
    "001_tables": _tables,
    "002_full_text": _full_text,
    "003_views": _views,
    "004_hooks": _hooks,
    "005_evidence": _evidence,
    "006_desk": create_desk,
    "007_sums": _sums,
    "008_papers": _papers,
    "009_checks": create_checks,
    "010_counts": create_counts,
    "011_exports": create_exports,
    "012_packed": create_packed,
    "013_words": create_words,
    "014_suspects": _suspects,
    "015_page_faults": add_faults,
    "016_stacks": create_stacks,
    "017_blind_spots": _blind_spots,
    "018_renames": create_renames,
    "019_long_work": create_long_work,
    "020_change_times": _change_times,
    "021_kind_sums": create_kind_sums,
    "022_looks": _looks,
}

migrations = Migrations("ingestd")
for _name, _step in _STEPS.items():
    migrations(name=_name)(_step)


def migrate(db: Database) -> None:
    """Bring the schema up to date; call it in a write transaction, so that two starts do not collide."""
    migrations.apply(db)


def require_ours(db: Database, path: Path) -> None:
    """Refuse a database of another program or of a newer ingestd.

    Raises:
        ConfigError: saying which of the two, and what to do.
    """
    tables = db.table_names()
    [(application_id,)] = db.execute("PRAGMA application_id").fetchall()
    if tables and application_id != APPLICATION_ID:
        raise ConfigError(
            [
                f"{path}: found a database of another program (tables {', '.join(tables[:5])}),"
                " expected a new file or one of ingestd; give record.database a path of its own"
            ]
        )
    newer = [migration.name for migration in migrations.applied(db) if migration.name not in _STEPS]
    if newer:
        raise ConfigError(
            [
                f"{path}: found schema {newer[-1]} of a newer ingestd, expected {list(_STEPS)[-1]} or older;"
                " upgrade ingestd, or restore the backup made before the upgrade"
            ]
        )


def require_current(db: Database, path: Path) -> None:
    """Refuse a database whose schema is older than this program, which only a writer may change.

    Raises:
        ConfigError: naming the first migration that is missing.
    """
    pending = migrations.pending(db)
    if pending:
        raise ConfigError(
            [
                f"{path}: found a database without schema {pending[0].name}, expected {list(_STEPS)[-1]};"
                " (re)start 'ingestd run', which brings it up to date"
            ]
        )
    require_converted(db, path)


def require_converted(db: Database, path: Path) -> None:
    """Refuse a database whose lines are still being packed.

    Raises:
        ConfigError: naming the command that goes on with it.
    """
    if conversion.left(db):
        raise ConfigError(
            [
                f"{path}: found lines that an older ingestd recorded, expected packed ones;"
                " start 'ingestd run', which packs them and goes on where it was interrupted"
            ]
        )
