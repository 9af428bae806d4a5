"""The command ``ingestd``. Exit status: 0 done, 1 some documents failed, 2 usage, 78 configuration."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

import ingestd
from ingestd.errors import ConfigError, IngestdError
from ingestd.files.encoding import escape

EX_CONFIG = 78
"""Exit status for a wrong configuration (sysexits.h); systemd does not restart the service on it."""

_MODULES = {
    "init": "init",
    "run": "run",
    "web": "web",
    "cluster": "cluster",
    "worker": "cluster",
    "ocr": "ocr",
    "status": "query",
    "search": "query",
    "show": "query",
    "correct": "correct",
    "export": "export",
    "extract": "extract",
    "explain": "admin",
    "retry": "admin",
    "rename": "rename",
    "separator": "separator",
    "rules": "rules",
    "models": "admin",
    "service": "service",
    "check": "admin",
    "backup": "admin",
    "verify": "admin",
    "prune": "prune",
}
"""Command -> its module. Only the module of the called command is imported, which keeps queries fast."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"ingestd.cli.{_MODULES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(ingestd.__version__, prog_name="ingestd")
def cli() -> None:
    """Watch folders for scans, read them, prove what they say, record it in SQLite."""


def main() -> None:
    """Run a command; turn errors into messages and exit statuses."""
    # NumPy and OpenCV would start one thread per core in every worker; workers are the parallelism.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    try:
        with _standard_output():
            cli(prog_name="ingestd")
    except ConfigError as error:
        for problem in error.problems:
            click.echo(f"ingestd: {escape(problem)}", err=True)
        sys.exit(EX_CONFIG)
    except IngestdError as error:
        click.echo(f"ingestd: {escape(str(error))}", err=True)
        sys.exit(1)


_OUTPUT_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a write that names no file: ingestd writes its files through files/durable, which names them."""


@contextmanager
def _standard_output() -> Iterator[None]:
    """Turn a full disk behind standard output into an error of one line.

    Raises:
        IngestdError: what was printed could not be written.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None or error.errno not in _OUTPUT_FAULTS:
            raise
        # Python flushes once more at its end, which would fail in the same way.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise IngestdError(f"standard output: cannot be written: {error.strerror}; send it to another place") from error
