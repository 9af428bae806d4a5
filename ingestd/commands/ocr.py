"""The command ocr: read files now, without inbox or database."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ingestd import display
from ingestd.admit import digest
from ingestd.app import build_annotating, build_pipeline, start_engine
from ingestd.commands.options import config_option, json_option
from ingestd.config import Config, InboxConfig, load
from ingestd.document import Claim, Record
from ingestd.engine.local import LocalEngine
from ingestd.errors import AttemptError, ConfigError, DocumentError
from ingestd.logs import escape, set_up
from ingestd.pipeline import Annotated
from ingestd.record import sidecar, store
from ingestd.record.database import connect, transaction
from ingestd.spool import write_atomic


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--annotate", type=click.Path(path_type=Path), help="Draw lines and fields of one file into this PNG.")
@config_option
@json_option
def ocr(files: tuple[Path, ...], annotate: Path | None, config_path: Path | None, as_json: bool) -> None:
    """Read FILES now and print their text and fields. Nothing is recorded or moved."""
    if annotate and len(files) > 1:
        raise click.UsageError("--annotate takes one file")
    config = _configuration(config_path)
    set_up(config.log)
    workers = min(len(files), config.engine.workers or len(os.sched_getaffinity(0)))
    engine: LocalEngine[Any] = start_engine(config, build_annotating if annotate else build_pipeline, workers)
    try:
        failed = _print_all([(path, _submit(engine.submit, path)) for path in files], annotate, as_json)
    finally:
        engine.close(finish=False)
    sys.exit(1 if failed else 0)


def _configuration(path: Path | None) -> Config:
    """The configuration if there is one; reading files needs none."""
    try:
        return load(path)
    except ConfigError:
        if path is not None or Path("config.yaml").exists():
            raise
    return Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),))


def _submit(submit: Any, path: Path) -> Future[Any]:
    claim = Claim(
        job_id=0,
        work_path=path.absolute(),
        source_path=path.absolute(),
        inbox="",
        size_bytes=path.stat().st_size,
        claimed_at=datetime.now(UTC),
        attempt=1,
    )
    future: Future[Any] = submit(claim, digest(path))
    return future


def _print_all(results: Iterable[tuple[Path, Future[Any]]], annotate: Path | None, as_json: bool) -> bool:
    failed = False
    for path, future in results:
        try:
            result = future.result()
        except (DocumentError, AttemptError) as error:
            click.echo(escape(f"ingestd: {path}: {error}"), err=True)
            failed = True
            continue
        if isinstance(result, Annotated):
            _write_pictures(result.pictures, annotate or path)
            result = result.record
        if as_json:
            click.echo(json.dumps(_content(result, path), ensure_ascii=False, indent=2))
        else:
            _print_text(result, path)
    return failed


def _write_pictures(pictures: tuple[bytes, ...], target: Path) -> None:
    """The first page under the name asked for, others with their page number."""
    for number, picture in enumerate(pictures, start=1):
        write_atomic(target if number == 1 else target.with_stem(f"{target.stem}-{number}"), picture)


def _content(record: Record, path: Path) -> Any:
    """The record as a sidecar shows it, rendered the same way: through a database."""
    with tempfile.TemporaryDirectory() as folder:
        db = connect(Path(folder) / "one.db")
        now = datetime.now(UTC)
        with transaction(db):
            document_id = store.save(
                db, record, source_path=path.absolute(), archive_path=None, received_at=now, recorded_at=now
            )
        content = json.loads(sidecar.render(db, document_id))
        db.close()
    return content


def _print_text(record: Record, path: Path) -> None:
    console = display.console()
    console.rule(escape(path.name), align="left")
    console.print(display.reading_view(record.reading))
    console.print()
    console.print(display.fields_table(record.extraction))
