"""The command extract: apply today's rules to stored text."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

import ingestd
from ingestd.admin.reextract import BATCH, Change, Standing, Unreadable, apply, changes
from ingestd.app.engines import worker_count
from ingestd.app.pipelines import rules_of
from ingestd.cli import terminal
from ingestd.cli.common import config_option, json_option, print_json, recorded, the_document
from ingestd.cli.progress import Step, steps
from ingestd.cli.terminal import LEVEL_STYLES, grid, safe_text
from ingestd.clock import SystemClock
from ingestd.config import Config, load
from ingestd.extract import RuleSet
from ingestd.files.encoding import path_text
from ingestd.store import long_work, queries
from ingestd.store.database import connect, faults, transaction


@click.command()
@click.argument("names", metavar="[DOC]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All documents.")
@click.option("--diff", "only_diff", is_flag=True, help="Show what would change and write nothing.")
@config_option
@json_option
def extract(names: tuple[str, ...], everything: bool, only_diff: bool, config_path: Path | None, as_json: bool) -> None:
    """Apply today's rules to stored text, without reading a page again.

    Names what changes, and writes it to the database and the sidecars unless --diff is given. With --all, a run that
    is interrupted goes on where it was, as long as the rules stay the same.
    """
    if bool(names) == everything:
        raise click.UsageError("name documents, or --all")
    config = load(config_path)
    rules = rules_of(config)
    with recorded(config) as db:
        ids = queries.all_ids(db) if everything else [the_document(db, name).id for name in names]
        key = f"{ingestd.__version__} {rules.hash} {rules.review_below}" if everything and not only_diff else None
        after = long_work.reached(db, key) if key else 0
    if after:
        click.echo(f"goes on after document {after}, where a run with the same rules was interrupted", err=True)
        ids = [document_id for document_id in ids if document_id > after]
    changed = failed = 0
    data = []
    with steps("applying rules") as progress:
        for result in results(config, ids, rules, write=not only_diff, key=key, progress=progress):
            changed += isinstance(result, Change)
            failed += isinstance(result, Unreadable)
            if as_json:
                data.append(data_of(result))
            else:
                terminal.console().print(view(result))
    if as_json:
        print_json(data)
    else:
        click.echo(f"{len(ids)} documents: {changed} {'would change' if only_diff else 'changed'}, {failed} failed")
    sys.exit(1 if failed else 0)


def results(
    config: Config,
    ids: list[int],
    rules: RuleSet,
    *,
    write: bool,
    key: str | None = None,
    progress: Step = lambda _done, _total: None,
) -> Iterator[Change | Unreadable]:
    """Yield the changes by today's rules, document by document.

    Args:
        config: names the database.
        ids: of the documents, ascending.
        rules: today's.
        write: write changes before they are yielded.
        key: names a run over all documents, so that it goes on after an interruption; None: it is not one.
        progress: told how many documents are done.
    """
    database = config.record.database
    today = SystemClock().today()
    with faults(database), contextlib.ExitStack() as stack:
        db = stack.enter_context(connect(database, "write")) if write else None
        for number, batch in enumerate(changes(database, ids, rules, today, worker_count(config), config.engine), 1):
            changed = [result for result in batch if isinstance(result, Change)]
            if db is not None and changed:
                for path in apply(db, changed, rules.hash, with_sidecars=bool(config.record.sidecar)):
                    click.echo(f"ingestd: {path_text(path)} no longer exists and was not written again", err=True)
            yield from batch
            done = min(number * BATCH, len(ids))
            progress(done, len(ids))
            if db is not None and key is not None:
                with transaction(db):
                    long_work.note_reached(db, key, ids[done - 1])
        if db is not None and key is not None:
            with transaction(db):
                long_work.forget_reached(db)


def view(result: Change | Unreadable) -> RenderableType:
    """Render the changes in one document, one line per field."""
    if isinstance(result, Unreadable):
        return safe_text(f"document {result.document_id}: today's rules fail: {result.error}", "bold red")
    rows = [(name, _arrow(_standing(before), _standing(after))) for name, (before, after) in result.fields.items()]
    old, new = result.before, result.after
    if old.status is not new.status:
        rows.insert(0, ("status", _arrow(Text(old.status.value), Text(new.status.value))))
    if old.rule != new.rule:
        rows.insert(0, ("rule", _arrow(safe_text(old.rule), safe_text(new.rule))))
    if old.items != new.items:
        rows.append(("items", _arrow(Text(str(len(old.items))), Text(str(len(new.items))))))
    details = grid(rows) if rows else Text("only reasons and places", style="dim")
    return Group(
        Text.assemble((str(result.document_id), "bold"), "  ", safe_text(result.name)), Padding(details, (0, 0, 0, 2))
    )


def _arrow(before: Text, after: Text) -> Text:
    return Text.assemble(before, " → ", after)


def _standing(standing: Standing | None) -> Text:
    if standing is None:
        return Text("(no such field)", style="dim")
    value, level = standing
    return safe_text(level.value if value is None else f"{value} {level.value}", LEVEL_STYLES[level])


def data_of(result: Change | Unreadable) -> dict[str, object]:
    """Return the same as plain data."""
    if isinstance(result, Unreadable):
        return {"document_id": result.document_id, "error": result.error}
    old, new = result.before, result.after
    return {
        "document_id": result.document_id,
        "name": result.name,
        "rule": [old.rule, new.rule],
        "status": [old.status.value, new.status.value],
        "fields": {
            name: [None if side is None else {"value": side[0], "level": side[1].value} for side in pair]
            for name, pair in result.fields.items()
        },
    }
