"""The command export: write recorded documents as CSV, JSON lines, a workbook, or for an accounting program."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
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
from ingestd.output.export import FORMATS, Writer, writer
from ingestd.output.layout import Layout, load_layout
from ingestd.output.tables import TABLES, Choice, Rows, Value
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
@click.option("--new", is_flag=True, help="Only what is done and not exported yet; mark it as exported.")
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
    if first or last:
        raise click.UsageError("--from and --to go with --layout")
    if new and output is None:
        raise click.UsageError("--new needs --output")
    if form is None:
        raise click.UsageError("Missing option '--format'. Choose from:\n\t" + ",\n\t".join(FORMATS))
    if bom and form != "csv":
        raise click.UsageError("--bom is for CSV only")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook cannot be printed on a terminal; name a file with --output")
    write = writer(form, bom=bom)
    choice = Choice(since.astimezone() if since else None)
    if new and output is not None:
        _export_new(table, write, choice, output, config_path)
    else:
        _export_table(table, write, choice, output, config_path)


def _export_table(table: str, write: Writer, choice: Choice, output: Path | None, config_path: Path | None) -> None:
    with recorded(load(config_path)) as db:
        rows = TABLES[table](db, choice)
        if output is None and sys.stdout.isatty():
            write(rows, sys.stdout.buffer)
            return
        total = sum(counts(db, "documents").values()) if table == "documents" and choice.since is None else None
        with steps("exporting") as progress:
            shown = replace(rows, rows=counted(rows.rows, progress, total))
            if output is None:
                write(shown, sys.stdout.buffer)
            else:
                with output_file(output) as target:
                    write(shown, target)


def _export_new(table: str, write: Writer, choice: Choice, output: Path, config_path: Path | None) -> None:
    """Write the rows of documents that no export of this table with --new has had."""
    key = f"table {table}"
    _require_new(output)
    database = load(config_path).record.database
    with faults(database), closing(connect(database, "write")) as db:
        _settle(db, key)
        papers: dict[tuple[int, int], None] = {}
        target = io.BytesIO()
        write(_noting(TABLES[table](db, replace(choice, new_for=key)), papers), target)
        content = target.getvalue()
        if papers:
            _write_new(db, key, output, content, papers)
    _tell(len(papers), output)


def _noting(rows: Rows, papers: dict[tuple[int, int], None]) -> Rows:
    """Return the same table, whose papers are noted while its rows are consumed."""
    document, paper = rows.paper
    at = rows.columns.index(document), None if paper is None else rows.columns.index(paper)

    def noted() -> Iterator[tuple[Value, ...]]:
        for row in rows.rows:
            papers[int(row[at[0]] or 0), 0 if at[1] is None else int(row[at[1]] or 0)] = None
            yield row

    return replace(rows, rows=noted())


def _iso(day: datetime | None) -> str:
    return "" if day is None else day.date().isoformat()


def _export_bookings(name: str, output: Path, days: tuple[str, str], new: bool, config_path: Path | None) -> None:
    layout = load_layout(name)
    key = Path(name).stem
    require_writable(output)
    if new:
        _require_new(output)
    database = load(config_path).record.database
    with faults(database), closing(connect(database, "write" if new else "read")) as db:
        if new:
            _settle(db, key)
        made = _made(db, layout, key if new else None, days)
        if new and made.exported:
            papers = [(paper.document_id, paper.paper_index) for paper in made.exported]
            _write_new(db, key, output, made.content, papers)
        elif made.exported:
            with output_file(output) as target:
                target.write(made.content)
    for paper, reason in made.left_out:
        click.echo(escape(f"left out: document {paper.document_id} ({paper.name}) {reason}"), err=True)
    _tell(len(made.exported), output)


def _require_new(output: Path) -> None:
    require_writable(output)
    if output.exists():
        raise IngestdError(
            f"{output}: exists already, and may be an export that is not imported yet; name another file"
        )


def _settle(db: Database, key: str) -> None:
    with transaction(db):
        exports.settle_batches(db, key, lambda path: digest(path) if path.is_file() else None)


def _tell(count: int, output: Path) -> None:
    where = f" to {output}" if count else ", no file written"
    click.echo(escape(f"exported {count} papers{where}"), err=True)


def _made(db: Database, layout: Layout, key: str | None, days: tuple[str, str]) -> Bookings:
    first, last = days
    papers = (
        paper
        for paper in exports.papers_for(db, key)
        if first <= paper.values.get("date", "") and (not last or paper.values.get("date", last) <= last)
    )
    return bookings(layout, papers, datetime.now().astimezone())


def _write_new(db: Database, key: str, output: Path, content: bytes, papers: Iterable[tuple[int, int]]) -> None:
    """Note what is in the file, then write it: a crash in between exports nothing twice and loses nothing."""
    try:
        with transaction(db):
            batch = exports.begin_batch(db, key, output, hashlib.sha256(content).hexdigest(), papers, datetime.now(UTC))
    except sqlite3.IntegrityError as error:
        raise IngestdError("another export of this layout runs at the same time; run this one again") from error
    with output_file(output) as target:
        target.write(content)
    with transaction(db):
        exports.finish_batch(db, batch)
