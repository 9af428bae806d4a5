"""Commands that query the database: status, search, show."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ingestd.admin.space import little_space
from ingestd.cli import EX_CONFIG, document_view, terminal
from ingestd.cli.common import config_option, json_option, print_json, recorded, the_document
from ingestd.config import load
from ingestd.engine.machines import machines_of
from ingestd.files.lock import daemon_runs
from ingestd.output import sidecar
from ingestd.output.export import write_grids
from ingestd.store import documents, queries, soundness
from ingestd.store.exports import exported
from ingestd.store.same_invoice import same_invoices
from ingestd.store.supersessions import predecessors, successor

_FAILURES = 10
_NEWEST = 5


@click.command()
@config_option
@json_option
def status(config_path: Path | None, as_json: bool) -> None:
    """Show the queue, the oldest waiting file, failures and throughput.

    Exit status 78 if the database is damaged.
    """
    config = load(config_path)
    damage = soundness.damage(config.record.database)
    with recorded(config) as db:
        now = queries.status(db, datetime.now(UTC), _FAILURES)
        newest = queries.latest(db, _NEWEST)
    runs, warnings = daemon_runs(config.spool.work), list(little_space(config))
    machines = () if runs is False else machines_of(config.spool.work)
    if as_json:
        documents_of = [asdict(document) for document in newest]
        told = {"daemon_runs": runs, "warnings": warnings, "machines": [asdict(machine) for machine in machines]}
        print_json({**asdict(now), "newest": documents_of, **told, "damage": damage})
    else:
        if runs is False:
            warnings.insert(0, "the daemon does not run, so nothing is read; start it: ingestd run")
        terminal.console().print(terminal.status_view(now, newest, [*damage, *warnings], machines))
    sys.exit(EX_CONFIG if damage else 0)


@click.command()
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="Most documents shown.")
@config_option
@json_option
def search(words: tuple[str, ...], limit: int, config_path: Path | None, as_json: bool) -> None:
    """Find documents by any part of their name, text or values; all words must be in one document."""
    with recorded(load(config_path)) as db:
        hits = queries.search(db, " ".join(words), limit)
    if as_json:
        print_json([{**asdict(hit.document), "excerpt": hit.excerpt} for hit in hits])
        return
    terminal.console().print(terminal.hits_view(hits, " ".join(words).split()))
    if not hits:
        click.echo("nothing found", err=True)
    elif len(hits) == limit:
        click.echo(f"the newest {limit}; --limit shows more", err=True)


@click.command()
@click.argument("document", metavar="DOC")
@click.option("--tables", is_flag=True, help="Print the tables on its pages as CSV, an empty line between two.")
@config_option
@json_option
def show(document: str, tables: bool, config_path: Path | None, as_json: bool) -> None:
    """Show one document: fields with level and reasons, items, text.

    DOC is an id, a file name, a path (dropped or archived) or the beginning of a SHA-256. --json
    prints the sidecar.
    """
    if tables and as_json:
        raise click.UsageError("--tables and --json exclude each other")
    with recorded(load(config_path)) as db:
        found = the_document(db, document)
        if as_json:
            click.echo(sidecar.render(db, found.id), nl=False)
        elif tables:
            write_grids(documents.load_reading(db, found.id).tables, sys.stdout.buffer)
        else:
            terminal.console().print(
                document_view.view(
                    documents.load_document(db, found.id),
                    same_invoices(db, found.id),
                    exported(db, found.id),
                    successor(db, found.id),
                    predecessors(db, found.id),
                )
            )
