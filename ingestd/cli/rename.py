"""The command rename: give originals in the archive the names that the layout asks for now."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from ingestd.admin import rename as renaming
from ingestd.cli.common import config_option, the_document
from ingestd.config import load
from ingestd.files.encoding import escape, path_text
from ingestd.store import queries
from ingestd.store.database import connect, faults


@click.command()
@click.argument("documents", nargs=-1, metavar="[DOC]...")
@click.option("--all", "every", is_flag=True, help="All documents.")
@click.option("--dry-run", is_flag=True, help="Print what would be renamed, and rename nothing.")
@config_option
def rename(documents: tuple[str, ...], every: bool, dry_run: bool, config_path: Path | None) -> None:
    """Rename originals, with the files beside them, as `spool.layout` and their corrected fields say now.

    Nothing else renames an archived file: corrections leave names as they are.
    """
    if bool(documents) == every:
        raise click.UsageError("name documents, or all of them with --all")
    config = load(config_path)
    database = config.record.database
    count = 0
    with faults(database), closing(connect(database, "read" if dry_run else "write")) as db:
        if not dry_run:
            renaming.resume(db)
        ids = queries.all_ids(db) if every else [the_document(db, name).id for name in documents]
        for document_id in ids:
            found = renaming.wanted(db, config, document_id)
            if found is None:
                continue
            count += 1
            click.echo(escape(f"{document_id}: {path_text(found.old)} -> {path_text(found.new)}"))
            if not dry_run:
                renaming.carry_out(db, found)
    click.echo(f"{count} {'to rename' if dry_run else 'renamed'}", err=True)
