"""What the commands share that work on recorded documents."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
from sqlite_utils import Database

from ingestd.config import Config
from ingestd.files.encoding import escape, time_text
from ingestd.store import queries
from ingestd.store.database import connect, faults


@contextlib.contextmanager
def reading(config: Config) -> Iterator[Database]:
    """The database for reading; what SQLite says about the file becomes an error with advice."""
    with faults(config.record.database), connect(config.record.database, "read") as db:
        yield db


def print_json(data: Any) -> None:
    """Print plain data; moments as the database writes them."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)


def the_document(db: Database, name: str) -> queries.Summary:
    """The one document that a name means.

    Raises:
        click.ClickException: there is none, or more than one.
    """
    match queries.find(db, name):
        case [document]:
            return document
        case []:
            raise click.ClickException(escape(f"no document {name!r}; 'ingestd search TEXT' finds them by content"))
        case several:
            ids = ", ".join(f"{document.id} ({document.name})" for document in several)
            raise click.ClickException(escape(f"{name!r} names {len(several)} documents, say which: {ids}"))
