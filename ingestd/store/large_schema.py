"""Tables that keep large databases quick: numbers that are asked for often, and checks of the file."""

from __future__ import annotations

from sqlite_utils import Database

_CHECKS = """
CREATE TABLE checks (
    id INTEGER PRIMARY KEY,
    begun_at TEXT NOT NULL,
    ended_at TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('start', 'crash', 'age', 'request')),
    found TEXT NOT NULL
) STRICT;
"""

_COUNTS = """
CREATE TABLE counts (
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (what, state)
) STRICT, WITHOUT ROWID;
INSERT INTO counts SELECT 'documents', status, count(*) FROM documents GROUP BY status;
INSERT INTO counts SELECT 'pages', '', count(*) FROM pages WHERE true HAVING count(*) > 0;
INSERT INTO counts SELECT 'jobs', state, count(*) FROM jobs GROUP BY state;
CREATE INDEX jobs_failed ON jobs (updated_at, id) WHERE state = 'failed';
"""

_PACKED = """
ALTER TABLE lines RENAME TO lines_unpacked;
CREATE TABLE lines (
    document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page_index INTEGER NOT NULL,
    line_index INTEGER NOT NULL,
    text TEXT NOT NULL,
    confidence REAL NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('ocr', 'text-layer')),
    PRIMARY KEY (document_id, line_index)
) STRICT, WITHOUT ROWID;
CREATE TABLE readings (
    document_id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    packed BLOB NOT NULL
) STRICT;
"""

_WORDS = """
CREATE VIRTUAL TABLE documents_fts_terms USING fts5vocab(documents_fts, instance);
CREATE INDEX documents_name_end ON documents (lower(substr(name, -2)));
CREATE INDEX documents_text_end ON documents (lower(substr(text, -2)));
CREATE INDEX documents_field_values_end ON documents (lower(substr(field_values, -2)));
"""

_KIND_SUMS = """
CREATE TABLE kind_sums (
    rule TEXT NOT NULL,
    status TEXT NOT NULL,
    documents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    PRIMARY KEY (rule, status)
) STRICT, WITHOUT ROWID;
INSERT INTO kind_sums SELECT rule, status, count(*), coalesce(sum(total_cents), 0) FROM summaries GROUP BY rule, status;
CREATE INDEX summaries_rule_status ON summaries (rule, status, document_id);
CREATE INDEX summaries_status_id ON summaries (status, document_id);
"""

_COUNTED = (("documents", "status"), ("jobs", "state"), ("pages", None))
"""Tables, and the column by which their rows are counted."""


def create_checks(db: Database) -> None:
    """Create the table of checks."""
    _execute(db, _CHECKS)


def create_packed(db: Database) -> None:
    """Make room for packed lines; ``conversion`` moves those of before, which may take long."""
    views = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall()
    for name, _ in views:  # renaming a table would rename it in views too
        db.view(name).drop()
    _execute(db, _PACKED)
    for _, sql in views:
        db.execute(sql)
    if db.execute("SELECT 1 FROM lines_unpacked LIMIT 1").fetchone() is None:
        db.execute("DROP TABLE lines_unpacked")


def create_words(db: Database) -> None:
    """Let words of two characters be found by the full-text index."""
    _execute(db, _WORDS)


def add_faults(db: Database) -> None:
    """Let a page say why it could not be read, while the others of its document were."""
    db.execute("ALTER TABLE pages ADD COLUMN fault TEXT")


def create_counts(db: Database) -> None:
    """Count what is recorded; from then on triggers do."""
    _execute(db, _COUNTS)
    for table, column in _COUNTED:
        new, old = (f"{row}.{column}" if column else "''" for row in ("NEW", "OLD"))
        first = f"INSERT INTO counts VALUES ('{table}', {new}, 1)"
        more = f"{first} ON CONFLICT (what, state) DO UPDATE SET number = number + 1"
        less = f"UPDATE counts SET number = number - 1 WHERE what = '{table}' AND state = {old}"
        db.execute(f"CREATE TRIGGER {table}_counts_insert AFTER INSERT ON {table} BEGIN {more}; END")
        db.execute(f"CREATE TRIGGER {table}_counts_delete AFTER DELETE ON {table} BEGIN {less}; END")
        if column:
            changed = f"AFTER UPDATE OF {column} ON {table} WHEN {old} <> {new}"
            db.execute(f"CREATE TRIGGER {table}_counts_update {changed} BEGIN {less}; {more}; END")


def create_kind_sums(db: Database) -> None:
    """Count and add up what is recorded per kind and status; from then on triggers do."""
    _execute(db, _KIND_SUMS)
    more = (
        "INSERT INTO kind_sums VALUES (NEW.rule, NEW.status, 1, coalesce(NEW.total_cents, 0))"
        " ON CONFLICT (rule, status) DO UPDATE SET documents = documents + 1,"
        " total_cents = total_cents + coalesce(NEW.total_cents, 0)"
    )
    less = (
        "UPDATE kind_sums SET documents = documents - 1, total_cents = total_cents - coalesce(OLD.total_cents, 0)"
        " WHERE rule = OLD.rule AND status = OLD.status"
    )
    changed = " OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in ("rule", "status", "total_cents"))
    update = f"AFTER UPDATE OF rule, status, total_cents ON summaries WHEN {changed}"
    db.execute(f"CREATE TRIGGER summaries_sums_insert AFTER INSERT ON summaries BEGIN {more}; END")
    db.execute(f"CREATE TRIGGER summaries_sums_delete AFTER DELETE ON summaries BEGIN {less}; END")
    db.execute(f"CREATE TRIGGER summaries_sums_update {update} BEGIN {less}; {more}; END")


def _execute(db: Database, statements: str) -> None:
    for statement in statements.split(";\n")[:-1]:
        db.execute(statement)
