"""Table of jobs, and of places in the inboxes that cannot be looked at."""

from __future__ import annotations

from sqlite_utils import Database

JOB_TABLE = """
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


def add_hooks(db: Database) -> None:
    """Note which hooks are due."""
    db.execute("ALTER TABLE jobs ADD COLUMN hook_at TEXT")
    db.execute("CREATE INDEX jobs_hook_at ON jobs (hook_at) WHERE hook_at IS NOT NULL")


_SUSPECTS = (
    "ALTER TABLE jobs ADD COLUMN suspect INTEGER NOT NULL DEFAULT 0 CHECK (suspect IN (0, 1))",
    "ALTER TABLE jobs ADD COLUMN deaths_alone INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_suspect ON jobs (deaths_alone, id) WHERE suspect = 1 AND state IN ('claimed', 'waiting')",
)


def add_suspects(db: Database) -> None:
    """Note what was in work when ingestd died."""
    for statement in _SUSPECTS:
        db.execute(statement)


def create_blind_spots(db: Database) -> None:
    """Create the table of places that cannot be looked at."""
    db.execute(
        "CREATE TABLE blind_spots (path TEXT PRIMARY KEY, inbox TEXT NOT NULL, problem TEXT NOT NULL,"
        " since TEXT NOT NULL) STRICT"
    )


def add_change_times(db: Database) -> None:
    """Note when the metadata of a file changed."""
    db.execute("ALTER TABLE jobs ADD COLUMN ctime_ns INTEGER")


def add_looks(db: Database) -> None:
    """Note which files have to be looked at again."""
    db.execute("ALTER TABLE jobs ADD COLUMN look_at TEXT")
    db.execute("CREATE INDEX jobs_look_at ON jobs (look_at) WHERE look_at IS NOT NULL")
