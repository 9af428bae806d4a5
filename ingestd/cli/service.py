"""The command service: put the files of the systemd service in place, or take them away."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ingestd.admin import service_files
from ingestd.admin.service_files import Placed
from ingestd.errors import IngestdError
from ingestd.files.encoding import escape

_root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path("/"),
    show_default=True,
    help="Root of the system, such as that of an image.",
)


@click.group()
def service() -> None:
    """Install ingestd as a systemd service, or remove the service."""


@service.command()
@_root
def install(root: Path) -> None:
    """Write units, user, folders, /etc/ingestd/config.yaml and rules; existing configuration and rules stay.

    The units start this installation. Starting them is up to you; the command for it is printed.
    """
    command = service_files.program()
    try:
        for placed in service_files.install(root, command):
            _tell(placed)
    except OSError as error:
        raise _refused(error) from error
    problems = list(service_files.apply(root.absolute()))
    for problem in problems:
        click.echo(escape(f"ingestd: {problem}"), err=True)
    click.echo("\nDrop scans into /var/lib/ingestd/inbox and start:\n  systemctl enable --now ingestd")
    sys.exit(1 if problems else 0)


@service.command()
@_root
def uninstall(root: Path) -> None:
    """Remove the units; configuration, rules, documents and database stay. Stop the service first."""
    try:
        for placed in service_files.uninstall(root):
            _tell(placed)
    except OSError as error:
        raise _refused(error) from error


def _tell(placed: Placed) -> None:
    click.echo(escape(f"{placed.deed:8} {placed.path}"))


def _refused(error: OSError) -> IngestdError:
    return IngestdError(f"{error.filename}: cannot be changed: {error.strerror}; run this command as root (sudo)")
