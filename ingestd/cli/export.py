"""The command export: write recorded documents as CSV, JSON lines or a workbook."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from ingestd.cli.common import config_option, output_file, recorded
from ingestd.config import load
from ingestd.output.export import FORMATS, TABLES, writer


@click.command()
@click.option("--format", "form", required=True, type=click.Choice(FORMATS), help="Format of the file.")
@click.option(
    "--table", default="documents", show_default=True, type=click.Choice(list(TABLES)), help="Table to write."
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: stdout]"
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only documents recorded on this day or later.")
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, so that Excel reads it as UTF-8.")
@config_option
def export(
    form: str, table: str, output: Path | None, since: datetime | None, bom: bool, config_path: Path | None
) -> None:
    """Write all documents with their fields as CSV, JSON lines or an Excel workbook.

    CSV cells that a spreadsheet would run as a formula get a leading apostrophe.
    """
    if bom and form != "csv":
        raise click.UsageError("--bom is for CSV only")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("a workbook cannot be printed on a terminal; name a file with --output")
    write = writer(form, bom=bom)
    with recorded(load(config_path)) as db:
        rows = TABLES[table](db, since.astimezone() if since else None)
        if output is None:
            write(rows, sys.stdout.buffer)
        else:
            with output_file(output) as target:
                write(rows, target)
