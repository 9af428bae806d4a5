"""Commands that ask the database: status, search, show, export, extract."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlite_utils import Database

from ingestd import display, export, query, reextract
from ingestd.app import rules_of
from ingestd.commands.options import config_option, json_option
from ingestd.config import Config, load
from ingestd.extract import RuleSet
from ingestd.logs import escape
from ingestd.record import sidecar, store
from ingestd.record.database import connect, faults
from ingestd.record.encoding import path_text, time_text

_FAILURES = 10
_NEWEST = 5


@contextlib.contextmanager
def _database(config: Config) -> Iterator[Database]:
    """The database for reading; what SQLite says about the file becomes an error with advice."""
    with faults(config.record.database), connect(config.record.database, "read") as db:
        yield db


def _print_json(data: Any) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)


def _the_document(db: Database, name: str) -> query.Summary:
    """The one document that a name means.

    Raises:
        click.ClickException: there is none, or more than one.
    """
    match query.find(db, name):
        case [document]:
            return document
        case []:
            raise click.ClickException(escape(f"no document {name!r}; 'ingestd search TEXT' finds them by content"))
        case several:
            ids = ", ".join(f"{document.id} ({document.name})" for document in several)
            raise click.ClickException(escape(f"{name!r} names {len(several)} documents, say which: {ids}"))


@click.command()
@config_option
@json_option
def status(config_path: Path | None, as_json: bool) -> None:
    """Show the queue, the oldest waiting file, failures and throughput."""
    with _database(load(config_path)) as db:
        now = query.status(db, datetime.now(UTC), _FAILURES)
        newest = query.latest(db, _NEWEST)
    if as_json:
        _print_json({**asdict(now), "newest": [asdict(document) for document in newest]})
    else:
        display.console().print(display.status_view(now, newest))


@click.command()
@click.argument("words", metavar="TEXT...", nargs=-1, required=True)
@click.option("-n", "--limit", default=20, show_default=True, type=click.IntRange(min=1), help="Most documents shown.")
@config_option
@json_option
def search(words: tuple[str, ...], limit: int, config_path: Path | None, as_json: bool) -> None:
    """Find documents by any part of their name, text or values; all words must be in one document."""
    with _database(load(config_path)) as db:
        hits = query.search(db, " ".join(words), limit)
    if as_json:
        _print_json([{**asdict(hit.document), "excerpt": hit.excerpt} for hit in hits])
        return
    display.console().print(display.hits_view(hits, " ".join(words).split()))
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
    with _database(load(config_path)) as db:
        found = _the_document(db, document)
        if as_json:
            click.echo(sidecar.render(db, found.id), nl=False)
        else:
            display.console().print(display.document_view(store.load_document(db, found.id)))


@click.command(name="export")
@click.option("--format", "form", required=True, type=click.Choice(list(export.WRITERS)), help="Format of the file.")
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
    write = export.WRITERS[form]
    if bom:
        write = functools.partial(export.write_csv, bom=True)
    with _database(load(config_path)) as db:
        rows = export.TABLES[table](db, since.astimezone() if since else None)
        if output is None:
            write(rows, click.get_binary_stream("stdout"))
        else:
            with export.replacing(output) as target:
                write(rows, target)


COMMANDS = (status, search, show, export_command, extract)
