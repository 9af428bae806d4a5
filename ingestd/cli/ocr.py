"""The command ocr: read files now, without inbox or database."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
import regex

from ingestd.app import build_annotating, build_expecting, build_pipeline
from ingestd.cli import terminal
from ingestd.cli.logs import set_up
from ingestd.cli.options import config_option, json_option
from ingestd.cli.reading import configuration, reading
from ingestd.document import Record
from ingestd.errors import AttemptError, DocumentError
from ingestd.files.durable import write_atomic
from ingestd.files.encoding import escape
from ingestd.output import sidecar
from ingestd.pipeline import Annotated
from ingestd.store import documents
from ingestd.store.database import connect, transaction

UNLIKELY = 0.001
"""Readings of a line that are less probable are not printed."""


def _pattern(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        regex.compile(value or "")
    except regex.error as error:
        raise click.BadParameter(f"found {value!r}, expected a regular expression: {error}") from error
    return value


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--annotate", type=click.Path(path_type=Path), help="Draw lines and fields of one file into this PNG.")
@click.option(
    "--expect",
    metavar="PATTERN",
    callback=_pattern,
    help="Each file is a picture of one line that matches this regular expression as a whole; print what it may say.",
)
@config_option
@json_option
def ocr(
    files: tuple[Path, ...], annotate: Path | None, expect: str | None, config_path: Path | None, as_json: bool
) -> None:
    """Read FILES now and print their text and fields. Nothing is recorded or moved."""
    if annotate and len(files) > 1:
        raise click.UsageError("--annotate takes one file")
    if annotate and expect:
        raise click.UsageError("--annotate and --expect do not go together")
    config = configuration(config_path)
    set_up(config.log)
    build: Any = build_annotating if annotate else build_pipeline
    if expect:
        build = partial(build_expecting, expect)
    with reading(config, build, files) as results:
        failed = [_printed(path, result_of, annotate, as_json) for path, result_of in results].count(False)
    sys.exit(1 if failed else 0)


def _printed(path: Path, result_of: Callable[[], Any], annotate: Path | None, as_json: bool) -> bool:
    """Print the result of one file; False, and the error printed, where there is none."""
    try:
        result = result_of()
    except (DocumentError, AttemptError) as error:
        click.echo(escape(f"ingestd: {path}: {error}"), err=True)
        return False
    if isinstance(result, list):
        return _print_readings(result, path, as_json)
    if isinstance(result, Annotated):
        _write_pictures(result.pictures, annotate or path)
        result = result.record
    if as_json:
        click.echo(json.dumps(_content(result, path), ensure_ascii=False, indent=2))
    else:
        _print_text(result, path)
    return True


def _print_readings(readings: list[tuple[str, float]], path: Path, as_json: bool) -> bool:
    """What a line may say; False where nothing that matches is likely."""
    likely = [(text, probability) for text, probability in readings if probability >= UNLIKELY]
    if as_json:
        named = [{"text": text, "probability": round(probability, 4)} for text, probability in likely]
        click.echo(json.dumps({"name": path.name, "readings": named}, ensure_ascii=False, indent=2))
    else:
        for text, probability in likely:
            click.echo(escape(f"{probability:6.1%}  {text}"))
    if not likely:
        click.echo(escape(f"ingestd: {path}: nothing that matches the pattern can be read in it"), err=True)
    return bool(likely)


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
            document_id = documents.save(
                db, record, source_path=path.absolute(), archive_path=None, received_at=now, recorded_at=now
            )
        content = json.loads(sidecar.render(db, document_id))
        db.close()
    return content


def _print_text(record: Record, path: Path) -> None:
    console = terminal.console()
    console.rule(escape(path.name), align="left")
    console.print(terminal.reading_view(record.reading))
    console.print()
    console.print(terminal.fields_table(record.extraction))
