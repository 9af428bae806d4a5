"""The command prune: remove old documents with their files."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ingestd.admin.prune import Old, Wanted, finish, old_documents
from ingestd.admin.prune import prune as remove
from ingestd.cli.common import config_option, json_option, print_json
from ingestd.cli.progress import steps
from ingestd.config import load
from ingestd.files.encoding import escape, path_text
from ingestd.store.database import connect, faults


@click.command()
@click.option("--older-than", "days", type=click.IntRange(min=1), metavar="DAYS", help="Recorded so many days ago.")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), help="Recorded before this day.")
@click.option("--kind", help="Only documents of this kind.")
@click.option("--with-review", is_flag=True, help="Also documents that wait for a person.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
@json_option
def prune(
    days: int | None,
    before: datetime | None,
    kind: str | None,
    with_review: bool,
    dry_run: bool,
    yes: bool,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Remove old documents: rows, archived originals, sidecars and searchable copies. Nothing brings them back.

    Documents whose original stayed in its inbox are kept. The database file keeps its size and fills the freed space.
    """
    if (days is None) == (before is None):
        raise click.UsageError("give --older-than or --before")
    moment = before.astimezone(UTC) if before is not None else datetime.now(UTC) - timedelta(days=days or 0)
    wanted = Wanted(moment, kind, with_review)
    database = load(config_path).record.database
    kinds: Counter[str] = Counter()
    size, listed = 0, []
    with faults(database), closing(connect(database, "read")) as db:
        for batch in old_documents(db, wanted):
            kinds.update(old.kind for old in batch)
            size += sum(old.size_bytes for old in batch)
            if as_json:  # else all of them need not be held
                listed += [_data(old) for old in batch]
    count = kinds.total()
    if as_json:
        print_json(listed)
    else:
        for name, number in sorted(kinds.items()):
            click.echo(escape(f"{number:8}  {name}"))
    what = f"{count} documents with {size} bytes of originals"
    if dry_run:
        click.echo(f"would remove {what}", err=True)
        return
    if count and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask on; look with --dry-run, then say --yes")
        click.confirm(f"Remove {what}?", abort=True, err=True)
    with faults(database), closing(connect(database, "write")) as db, steps("removing") as progress:
        finish(db)
        done = 0
        for batch in old_documents(db, wanted):
            remove(db, batch)
            done += len(batch)
            progress(done, count)
    click.echo(f"removed {done} documents", err=True)


def _data(old: Old) -> dict[str, object]:
    return {
        "document_id": old.id,
        "name": old.name,
        "kind": old.kind,
        "recorded_at": old.recorded_at,
        "original": None if old.original is None else path_text(old.original),
    }
