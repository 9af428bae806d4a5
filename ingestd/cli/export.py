"""The command export: write recorded documents as CSV, JSON lines, a workbook, or for an accounting program."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlite_utils import Database

from ingestd.cli.common import config_option, output_file, recorded, require_writable
from ingestd.cli.progress import counted, steps
from ingestd.config import load
from ingestd.errors import IngestdError
from ingestd.files.encoding import escape
from ingestd.files.identity import digest
from ingestd.output.bookings import Bookings, bookings
from ingestd.output.export import FORMATS, TABLES, Rows, writer
from ingestd.output.layout import Layout, load_layout
from ingestd.store import exports
from ingestd.store.database import connect, faults, transaction
from ingestd.store.queries import counts

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--format", "form", type=click.Choice(FORMATS), help="Format of the file.")
@click.option(
    "--table", default="documents", show_default=True, type=click.Choice(list(TABLES)), help="Table to write."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: stdout]"
)
@click.option("--since", type=_DAY, help="Only documents recorded on this day or later.")
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, so that Excel reads it as UTF-8.")
@click.option("--layout", help="Write bookings: datev, yonyou, kingdee, or a YAML file of yours.")
@click.option("--from", "first", type=_DAY, help="With --layout: only documents of this day or later.")
@click.option("--to", "last", type=_DAY, help="With --layout: only documents of this day or earlier.")
@click.option("--new", is_flag=True, help="With --layout: only what is not exported yet; mark it as exported.")
@config_option
def export(
    form: str | None,
    table: str,
    output: Path | None,
    since: datetime | None,
    bom: bool,
    layout: str | None,
    first: datetime | None,
    last: datetime | None,
    new: bool,
    config_path: Path | None,
) -> None:
    """Write all documents with their fields as CSV, JSON lines or an Excel workbook, or bookings with --layout.

    CSV cells that a spreadsheet would run as a formula get a leading apostrophe.
    """
    if layout is not None:
        if form is not None or bom or since is not None or output is None:
            raise click.UsageError("--layout needs --output, and goes without --format, --bom and --since")
        _export_bookings(layout, output, (_iso(first), _iso(last)), new, config_path)
        return
    if first or last or new:
        raise click.UsageError("--from, --to and --new go with --layout")
    if form is None:
        raise click.UsageError("Missing option '--format'. Choose from:\n\t" + ",\n\t".join(FORMATS))
    if bom and form != "csv":
        raise click.UsageError("--bom is for CSV only")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook cannot be printed on a terminal; name a file with --output")
    write = writer(form, bom=bom)
    with recorded(load(config_path)) as db:
        rows = TABLES[table](db, since.astimezone() if since else None)
        if output is None and sys.stdout.isatty():
            write(rows, sys.stdout.buffer)
            return
        total = sum(counts(db, "documents").values()) if table == "documents" and since is None else None
        with steps("exporting") as progress:
            shown = Rows(rows.columns, counted(rows.rows, progress, total))
            if output is None:
                write(shown, sys.stdout.buffer)
            else:
                with output_file(output) as target:
                    write(shown, target)


def _iso(day: datetime | None) -> str:
    return "" if day is None else day.date().isoformat()


def _export_bookings(name: str, output: Path, days: tuple[str, str], new: bool, config_path: Path | None) -> None:
    layout = load_layout(name)
    key = Path(name).stem
    require_writable(output)
    if new and output.exists():
        raise IngestdError(
            f"{output}: exists already, and may be an export that is not imported yet; name another file"
        )
    database = load(config_path).record.database
    with faults(database), closing(connect(database, "write" if new else "read")) as db:
        if new:
            with transaction(db):
                exports.settle_batches(db, key, lambda path: digest(path) if path.is_file() else None)
        made = _made(db, layout, key if new else None, days)
        if new and made.exported:
            _write_new(db, key, output, made)
        elif made.exported:
            with output_file(output) as target:
                target.write(made.content)
    for paper, reason in made.left_out:
        click.echo(escape(f"left out: document {paper.document_id} ({paper.name}) {reason}"), err=True)
    where = f" to {output}" if made.exported else ", no file written"
    click.echo(escape(f"exported {len(made.exported)} papers{where}"), err=True)


def _made(db: Database, layout: Layout, key: str | None, days: tuple[str, str]) -> Bookings:
    first, last = days
    papers = (
        paper
        for paper in exports.papers_for(db, key)
        if first <= paper.values.get("date", "") and (not last or paper.values.get("date", last) <= last)
    )
    return bookings(layout, papers, datetime.now().astimezone())


def _write_new(db: Database, key: str, output: Path, made: Bookings) -> None:
    """Note what is in the file, then write it: a crash in between exports nothing twice and loses nothing."""
    try:
        with transaction(db):
            batch = exports.begin_batch(db, key, output, made.sha256, made.exported, datetime.now(UTC))
    except sqlite3.IntegrityError as error:
        raise IngestdError("another export of this layout runs at the same time; run this one again") from error
    with output_file(output) as target:
        target.write(made.content)
    with transaction(db):
        exports.finish_batch(db, batch)
