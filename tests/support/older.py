"""Databases of older versions."""

from __future__ import annotations

from sqlite_utils import Database

from ingestd.store import schema


def migrated(old: Database, count: int) -> None:
    """Execute the first migrations."""
    for migration in schema.migrations.pending(old)[:count]:
        migration.fn(old)
        old.table("_sqlite_migrations").insert({"migration_set": "ingestd", "name": migration.name, "applied_at": "x"})
