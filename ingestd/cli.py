"""The command ``ingestd``. Exit status: 0 done, 1 some documents failed, 2 usage, 78 configuration."""

from __future__ import annotations

import os
import sys

import click

import ingestd
from ingestd.commands import maintain, ocr, query, run
from ingestd.errors import ConfigError, IngestdError
from ingestd.logs import escape

EX_CONFIG = 78
"""sysexits.h; systemd is told not to restart on it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(ingestd.__version__, prog_name="ingestd")
def cli() -> None:
    """Watch folders for scans, read them, prove what they say, record it in SQLite."""


for _command in (*run.COMMANDS, *ocr.COMMANDS, *query.COMMANDS, *maintain.COMMANDS):
    cli.add_command(_command)


def main() -> None:
    """Entry point: turns errors into messages and exit statuses."""
    # numpy and OpenCV would start a thread a core in every worker; workers are the parallelism
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    try:
        cli(prog_name="ingestd")
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"ingestd: {escape(problem)}", err=True)
        sys.exit(EX_CONFIG)
    except IngestdError as error:
        click.echo(f"ingestd: {escape(str(error))}", err=True)
        sys.exit(1)
