"""Options, configuration, database and reading that several commands share."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
from sqlite_utils import Database

from ingestd.config import Config, InboxConfig, load
from ingestd.config.shipped import shipped
from ingestd.document import Claim
from ingestd.engine import R
from ingestd.errors import ConfigError, IngestdError, TransientError
from ingestd.files import durable
from ingestd.files.encoding import escape, time_text
from ingestd.files.identity import digest, kind
from ingestd.store import queries
from ingestd.store.database import connect, faults

if TYPE_CHECKING:
    from ingestd.app.engines import Build

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),
    help="Configuration file.  [default: ./config.yaml, then /etc/ingestd/config.yaml]",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


# -- configuration


def config_or_defaults(path: Path | None) -> Config:
    """Return the configuration, or the defaults where none exists."""
    try:
        return load(path)
    except ConfigError:
        if path is not None or Path("config.yaml").exists():
            raise
    return Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),))


def config_or_shipped(path: Path | None) -> Config:
    """Return the configuration, or the one that ships with ingestd where none exists."""
    return load(path if path or Path("config.yaml").exists() else shipped("config.yaml"))


def command_line(*words: str, config: Path | None) -> str:
    """Write a command of ingestd as a user can paste it into a shell."""
    if shutil.which("ingestd"):
        program = ["ingestd"]
    else:
        program = [sys.executable, "-m", "ingestd"] if sys.argv[0].endswith("__main__.py") else [sys.argv[0]]
    return shlex.join([*program, *words, *(["-c", str(config)] if config else [])])


# -- the database


@contextmanager
def recorded(config: Config) -> Iterator[Database]:
    """Open the database for reading.

    Raises:
        ConfigError: the database does not exist, or is damaged.
        TransientError: the database is locked, or the disk fails.
    """
    with faults(config.record.database), connect(config.record.database, "read") as db:
        yield db


def the_document(db: Database, name: str) -> queries.Summary:
    """Find the one document that a name means.

    Raises:
        click.ClickException: none or several match.
    """
    match queries.find(db, name):
        case [document]:
            return document
        case []:
            raise click.ClickException(escape(f"no document {name!r}; 'ingestd search TEXT' finds them by content"))
        case several:
            ids = ", ".join(f"{document.id} ({document.name})" for document in several)
            raise click.ClickException(escape(f"{name!r} names {len(several)} documents, say which: {ids}"))


def print_json(data: Any) -> None:
    """Print plain data as JSON; times are written as in the database."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)


# -- files that the user names


@contextmanager
def output_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file for results; it appears whole when the block ends well, or not at all.

    Raises:
        IngestdError: the file cannot be written.
    """
    require_writable(path)
    try:
        with durable.replacing(path) as file:
            yield file
    except TransientError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise IngestdError(f"{path}: cannot be written: {error.__cause__.strerror}; {_NAME_ANOTHER}") from error


def require_writable(path: Path) -> None:
    """Check that a file can be created or replaced, before work is spent on its content.

    Raises:
        IngestdError: its folder is missing or read-only, or something other than a file is in its place.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise IngestdError(f"{path}: found no folder {folder}; create it, or name another place")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise IngestdError(f"{path}: no permission to write in {folder}; {_NAME_ANOTHER}")
    if path.exists() and (other := kind(path.stat().st_mode)):
        raise IngestdError(f"{path}: found {other}, expected a file or a free name; {_NAME_ANOTHER}")


_NAME_ANOTHER = "name a file in another place"


# -- reading files at once


@contextmanager
def reading(config: Config, build: Build[R], files: Sequence[Path]) -> Iterator[list[tuple[Path, Callable[[], R]]]]:
    """Start reading files in workers, under the limits of the daemon.

    Yields:
        Each file with a function that waits for its result or raises its error.
    """
    # Imported late, because it loads the libraries of the models; queries start faster without.
    from ingestd.app.engines import start_engine, worker_count

    workers = min(len(files), worker_count(config))
    engine = start_engine(config, build, workers)
    try:
        yield [(path, engine.submit(_claim(path)).result) for path in files]
    finally:
        engine.close(finish=False)


def _claim(path: Path) -> Claim:
    place = path.absolute()
    return Claim(place, place, size_bytes=path.stat().st_size, sha256=digest(path), attempt=1)
