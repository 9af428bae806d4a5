"""The command ``ingestd``. Exit status: 0 done, 1 some documents failed, 2 usage, 78 configuration."""

from __future__ import annotations

import importlib
import os
import sys

import click

import ingestd
from ingestd.errors import ConfigError, IngestdError
from ingestd.files.encoding import escape

EX_CONFIG = 78
"""sysexits.h; systemd is told not to restart on it."""


_MODULES = {
    "init": "run",
    "run": "run",
    "ocr": "ocr",
    "status": "query",
    "search": "query",
    "show": "query",
    "export": "query",
    "extract": "extract",
    "explain": "admin",
    "retry": "admin",
    "rules": "rules",
    "models": "admin",
    "check": "admin",
    "backup": "keep",
    "verify": "keep",
}
"""Where each command is; only the module of the one that was called is loaded, the others cost a second."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"ingestd.cli.{_MODULES[cmd_name]}")
        found = [
            value for value in vars(module).values() if isinstance(value, click.Command) and value.name == cmd_name
        ]
        return found[0]


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(ingestd.__version__, prog_name="ingestd")
def cli() -> None:
    """Watch folders for scans, read them, prove what they say, record it in SQLite."""


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
