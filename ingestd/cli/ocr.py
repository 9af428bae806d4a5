"""The command ocr: read files now, without inbox or database."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
import regex

from ingestd.app.engines import Build
from ingestd.app.pipelines import build_annotating, build_expecting, build_pipeline
from ingestd.cli import document_view, terminal
from ingestd.cli.common import (
    config_option,
    config_or_defaults,
    json_option,
    output_file,
    print_json,
    reading,
    require_writable,
)
from ingestd.cli.logs import set_up
from ingestd.config import Config
from ingestd.document import Record
from ingestd.engine import R
from ingestd.errors import AttemptError, DocumentError
from ingestd.files.encoding import escape
from ingestd.output import sidecar
from ingestd.pipeline import Annotated
from ingestd.store import documents
from ingestd.store.database import connect, transaction

MIN_PROBABILITY = 0.001
"""Less probable texts of a line are not printed."""


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
    help="Read each file as a picture of one line that matches this regular expression; print the probable texts.",
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
        raise click.UsageError("--annotate and --expect exclude each other")
    if annotate:
        require_writable(annotate)
    config = config_or_defaults(config_path)
    set_up(config.log)
    if expect:
        show_texts = partial(_show_texts, as_json=as_json)
        done = _each(config, partial(build_expecting, expect), files, show_texts)
    elif annotate:
        draw = partial(_show_and_draw, target=annotate, as_json=as_json)
        done = _each(config, build_annotating, files, draw)
    else:
        done = _each(config, build_pipeline, files, partial(_show_record, as_json=as_json))
    sys.exit(0 if done else 1)


def _each(config: Config, build: Build[R], files: Sequence[Path], show: Callable[[R, Path], bool]) -> bool:
    """Read files and show each result; False if a file failed or its result is empty."""
    with reading(config, build, files) as results:
        return all([_shown(path, wait, show) for path, wait in results])


def _shown(path: Path, wait: Callable[[], R], show: Callable[[R, Path], bool]) -> bool:
    try:
        result = wait()
    except (DocumentError, AttemptError) as error:
        click.echo(escape(f"ingestd: {path}: {error}"), err=True)
        return False
    return show(result, path)


# -- documents


def _show_record(record: Record, path: Path, *, as_json: bool) -> bool:
    if as_json:
        print_json(_content(record, path))
        return True
    console = terminal.console()
    console.rule(escape(path.name), align="left")
    console.print(document_view.reading_view(record.reading))
    console.print()
    console.print(document_view.fields_table(record.extraction))
    return True


def _show_and_draw(annotated: Annotated, path: Path, *, target: Path, as_json: bool) -> bool:
    """Write the first page under the name asked for, others with their page number."""
    for number, picture in enumerate(annotated.pictures, start=1):
        with output_file(target if number == 1 else target.with_stem(f"{target.stem}-{number}")) as file:
            file.write(picture)
    return _show_record(annotated.record, path, as_json=as_json)


def _content(record: Record, path: Path) -> Any:
    """Return the record as its sidecar shows it, rendered the same way: through a database."""
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


# -- single lines


def _show_texts(texts: list[tuple[str, float]], path: Path, *, as_json: bool) -> bool:
    """Print the texts that a line may have; False where none is probable."""
    probable = [(text, probability) for text, probability in texts if probability >= MIN_PROBABILITY]
    if as_json:
        named = [{"text": text, "probability": round(probability, 4)} for text, probability in probable]
        print_json({"name": path.name, "readings": named})
    else:
        for text, probability in probable:
            click.echo(escape(f"{probability:6.1%}  {text}"))
    if not probable:
        click.echo(
            escape(f"ingestd: {path}: found no text that matches the pattern; check the pattern, or cut out one line"),
            err=True,
        )
    return bool(probable)
