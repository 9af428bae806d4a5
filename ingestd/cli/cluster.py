"""Commands for more than one machine: cluster certificates, cluster scheduler, worker."""

from __future__ import annotations

import importlib.util
import os
import platform
from pathlib import Path

import click

from ingestd.cli.logs import set_up
from ingestd.clock import SystemClock
from ingestd.config import LogConfig
from ingestd.errors import ConfigError

_folder = click.Path(path_type=Path, file_okay=False)
_certificates = click.option(
    "--certificates", type=_folder, help="Folder with ca.pem and the certificate and key of this kind of process."
)


@click.group()
def cluster() -> None:
    """Make certificates for worker machines, and run their scheduler. See docs/cluster.md."""


@cluster.command()
@click.argument("folder", metavar="DIR", type=_folder)
@click.option("--days", default=3650, show_default=True, type=click.IntRange(min=1), help="Days that they are valid.")
def certificates(folder: Path, days: int) -> None:
    """Make an authority, and certificates for scheduler, workers and daemon, in DIR.

    Who holds one of the keys can run programs on all machines of the cluster.
    """
    _require("cryptography")
    from ingestd.engine.certificates import make

    for path in make(folder, SystemClock().now(), days):
        click.echo(path)
    click.echo(f"keep {folder / 'ca-key.pem'} off the machines: it is needed only for more certificates", err=True)


@cluster.command()
@click.option("--listen", default="tls://0.0.0.0:8786", show_default=True, help="Address to serve on.")
@_certificates
def scheduler(listen: str, certificates: Path | None) -> None:
    """Connect the daemon with its worker machines until stopped."""
    _require("distributed")
    from ingestd.engine.scheduler import serve

    set_up(LogConfig())
    serve(listen, certificates)


@click.command()
@click.argument("scheduler")
@_certificates
@click.option("--name", default=platform.node, help="Name of this machine.  [default: its host name]")
@click.option("--slots", type=click.IntRange(min=1), help="Documents at the same time.  [default: one per core]")
@click.option("--memory-limit-mb", default=4096, show_default=True, type=click.IntRange(min=1), help="Per process.")
@click.option("--models", type=_folder, help="Folder with manifest.yaml.  [default: the models of ingestd]")
@click.option(
    "--work", type=_folder, help="Folder for documents in work, best in memory.  [default: a new one in /tmp]"
)
@click.option("--listen", metavar="HOST:PORT", help="Where the scheduler reaches it.  [default: any free port]")
def worker(
    scheduler: str,
    certificates: Path | None,
    name: str,
    slots: int | None,
    memory_limit_mb: int,
    models: Path | None,
    work: Path | None,
    listen: str | None,
) -> None:
    """Read documents for the daemon of another machine until stopped.

    SCHEDULER is the address of 'ingestd cluster scheduler', tls://HOST:PORT. Rules and reading
    options come from the daemon. See docs/cluster.md.
    """
    _require("distributed")
    from ingestd.app.engines import machine_engine
    from ingestd.engine.node import NodeOptions, serve

    set_up(LogConfig())
    slots = slots or len(os.sched_getaffinity(0))
    options = NodeOptions(scheduler, certificates, name, slots, work, listen)
    serve(options, machine_engine(slots, memory_limit_mb, models))


def _require(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ConfigError(
            [f"more than one machine needs the extra 'cluster': pip install 'ingestd[cluster]' ({module})"]
        )
