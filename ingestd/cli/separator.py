"""The command separator: write the sheet that separates papers of a stack."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ingestd.cli.common import output_file
from ingestd.output.separator import SIZES, separator_sheet


@click.command()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--size", type=click.Choice(list(SIZES)), default="a4", show_default=True, help="Size of the paper.")
def separator(output: Path | None, size: str) -> None:
    """Write a separator sheet as PDF, to print and put between the documents of a stack before scanning.

    It separates in every inbox but those with `split: none`, and may be fed in any direction.
    """
    if output is None and sys.stdout.isatty():
        raise click.UsageError("a PDF cannot be printed on a terminal; name a file with --output")
    content = separator_sheet(size)
    if output is None:
        sys.stdout.buffer.write(content)
        return
    with output_file(output) as target:
        target.write(content)
