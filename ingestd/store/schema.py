"""Tables, views and their migrations.

Names are a contract with users' queries (docs/database.md). A migration that has been released is
never edited: change the schema by adding one. Rows of ``lines``, ``codes``, ``fields`` and ``items``
go with their document (ON DELETE CASCADE).
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database, Migrations

from ingestd.errors import ConfigError
from ingestd.store import conversion
from ingestd.store.compact_schema import create_compact, extend_timings
from ingestd.store.desk_schema import create_desk
from ingestd.store.document_schema import DOCUMENT_TABLES, add_evidence, create_full_text, create_sums
from ingestd.store.exports import create_exports
from ingestd.store.job_schema import JOB_TABLE, add_change_times, add_hooks, add_looks, add_suspects, create_blind_spots
from ingestd.store.large_schema import (
    add_faults,
    create_checks,
    create_counts,
    create_kind_sums,
    create_packed,
    create_words,
)
from ingestd.store.long_work import create_long_work
from ingestd.store.papers_schema import create_stacks
from ingestd.store.renames import create_renames
from ingestd.store.supersessions import create_supersessions
from ingestd.store.table_rows import create_tables, shorten_cells
from ingestd.store.view_schema import add_papers, create_views

APPLICATION_ID = 0x494E4744
"""``INGD``: marks a SQLite file as ours (PRAGMA application_id)."""


def _tables(db: Database) -> None:
    db.executescript(DOCUMENT_TABLES + JOB_TABLE)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")


_STEPS = {
    "001_tables": _tables,
    "002_full_text": create_full_text,
    "003_views": create_views,
    "004_hooks": add_hooks,
    "005_evidence": add_evidence,
    "006_desk": create_desk,
    "007_sums": create_sums,
    "008_papers": add_papers,
    "009_checks": create_checks,
    "010_counts": create_counts,
    "011_exports": create_exports,
    "012_packed": create_packed,
    "013_words": create_words,
    "014_suspects": add_suspects,
    "015_page_faults": add_faults,
    "016_stacks": create_stacks,
    "017_blind_spots": create_blind_spots,
    "018_renames": create_renames,
    "019_long_work": create_long_work,
    "020_change_times": add_change_times,
    "021_kind_sums": create_kind_sums,
    "022_looks": add_looks,
    "023_compact": create_compact,
    "024_supersessions": create_supersessions,
    "025_tables": create_tables,
    "026_short_cells": shorten_cells,
    "027_timings": extend_timings,
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
    """Refuse a database whose rows are still being packed.

    Raises:
        ConfigError: naming the command that goes on with it.
    """
    if conversion.left(db):
        raise ConfigError(
            [
                f"{path}: found rows that an older ingestd recorded, expected packed ones;"
                " start 'ingestd run', which packs them and goes on where it was interrupted"
            ]
        )
