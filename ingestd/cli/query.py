"""Commands that ask the database: status, search, show, export."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from ingestd.cli import terminal
from ingestd.cli.options import config_option, json_option
from ingestd.cli.recorded import print_json, reading, the_document
from ingestd.config import load
from ingestd.output import export, sidecar
from ingestd.store import documents, queries

_FAILURES = 10
_NEWEST = 5


@click.command()
@config_option
@json_option
def status(config_path: Path | None, as_json: bool) -> None:
    """Show the queue, the oldest waiting file, failures and throughput."""
    with reading(load(config_path)) as db:
        now = queries.status(db, datetime.now(UTC), _FAILURES)
        newest = queries.latest(db, _NEWEST)
    if as_json:
        print_json({**asdict(now), "newest": [asdict(document) for document in newest]})
    else:
        terminal.console().print(terminal.status_view(now, newest))


@click.command()
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="Most documents shown.")
@config_option
@json_option
def search(words: tuple[str, ...], limit: int, config_path: Path | None, as_json: bool) -> None:
    """Find documents by any part of their name, text or values; all words must be in one document."""
    with reading(load(config_path)) as db:
        hits = queries.search(db, " ".join(words), limit)
    if as_json:
        print_json([{**asdict(hit.document), "excerpt": hit.excerpt} for hit in hits])
        return
    terminal.console().print(terminal.hits_view(hits, " ".join(words).split()))
    if not hits:
        click.echo("nothing found", err=True)
    elif len(hits) == limit:
        click.echo(f"the best {limit}; --limit shows more", err=True)


@click.command()
@click.argument("document", metavar="DOC")
@config_option
@json_option
def show(document: str, config_path: Path | None, as_json: bool) -> None:
    """Show one document: fields with level and reasons, items, text.

    DOC is an id, a file name, a path (dropped or archived) or the beginning of a SHA-256. --json
    prints the sidecar.
    """
    with reading(load(config_path)) as db:
        found = the_document(db, document)
        if as_json:
            click.echo(sidecar.render(db, found.id), nl=False)
        else:
            terminal.console().print(terminal.document_view(documents.load_document(db, found.id)))


@click.command(name="export")
@click.option("--format", "form", required=True, type=click.Choice(export.FORMATS), help="Format of the file.")
@click.option(
    "--table", default="documents", show_default=True, type=click.Choice(list(export.TABLES)), help="What to export."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: stdout]"
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was recorded on this day or later.")
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, so that Excel reads it as UTF-8.")
@config_option
def export_command(
    form: str, table: str, output: Path | None, since: datetime | None, bom: bool, config_path: Path | None
) -> None:
    """Write all documents with their fields as CSV, JSON lines or an Excel workbook.

    Cells of CSV that a spreadsheet would run as a formula get an apostrophe in front.
    """
    if bom and form != "csv":
        raise click.UsageError("--bom is for CSV")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook is not for a terminal; name a file with --output")
    write = export.writer(form, bom=bom)
    with reading(load(config_path)) as db:
        rows = export.TABLES[table](db, since.astimezone() if since else None)
        if output is None:
            write(rows, sys.stdout.buffer)
        else:
            with export.replacing(output) as target:
                write(rows, target)
