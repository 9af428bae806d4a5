"""Names in the archive brought up to date with corrected fields, on request only.

A rename is in the database before a file moves, and is forgotten after the last one has: what a crash cuts off is
finished by the next start or the next rename.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlite_utils import Database

from ingestd.config import Config
from ingestd.files import durable
from ingestd.files.archive_layout import archive_folder
from ingestd.files.identity import digest
from ingestd.files.names import HASH_DIGITS, copy_path, sidecar_path
from ingestd.output import sidecar
from ingestd.store import renames
from ingestd.store.database import transaction
from ingestd.store.job_queries import JobQueries
from ingestd.store.renames import Archived, Rename


def wanted(db: Database, config: Config, document_id: int) -> Rename | None:
    """Return the rename that the present layout and fields ask for; None where the name is right or nothing is kept."""
    document = renames.archived(db, document_id)
    if document is None or not document.path.exists():
        return None
    folder, name = archive_folder(
        config.spool.archive,
        config.spool.layout,
        received=document.received_at,
        name=document.name,
        inbox=document.inbox,
        rule=document.rule,
        values=document.values,
    )
    if _is_named(document, folder, name):
        return None
    target = JobQueries(db).free_target(folder, name, document.sha256, document.job_id)
    return Rename(document_id, document.path, target)


def _is_named(document: Archived, folder: Path, name: str) -> bool:
    """Tell whether the original has this name, or this name with the digits that tell files of one name apart."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 (as free_target does)
    apart = f"{stem}-{document.sha256[:HASH_DIGITS]}"
    found = document.path
    if found.parent != folder:
        return False
    return found.name == name or (found.name.startswith(apart) and found.name.endswith(suffix))


def carry_out(db: Database, rename: Rename) -> None:
    """Rename an original and the files beside it.

    Args:
        db: open for writing, without a transaction.
        rename: from :func:`wanted`.

    Raises:
        TransientError: a file cannot be moved; the rename stays pending.
    """
    with transaction(db):
        renames.begin(db, rename)
    _go_on(db, rename)


def resume(db: Database) -> int:
    """Finish renames that a crash cut off; return how many there were.

    Raises:
        TransientError: a file cannot be moved; the rename stays pending.
    """
    left = renames.pending(db)
    durable.sync_names({path.parent for rename in left for path in (rename.old, rename.new)})
    for rename in left:
        _go_on(db, rename)
    return len(left)


def _go_on(db: Database, rename: Rename) -> None:
    _move(rename.old, rename.new)
    with transaction(db):
        renames.place(db, rename)
        old = sidecar_path(rename.old)
        if old.exists():
            durable.write_atomic(sidecar_path(rename.new), sidecar.render_like(db, rename.document_id, old))
    _move(copy_path(rename.old), copy_path(rename.new))
    durable.remove(old)
    with transaction(db):
        renames.finish(db, rename.document_id)


def _move(old: Path, new: Path) -> None:
    """Move a file, unless that was done before; a power cut may have left it under both names."""
    if not old.exists():
        return
    if not os.path.lexists(new):
        durable.move(old, new)
    elif digest(old) == digest(new):
        durable.remove(old)
