"""The command correct: what a person says of a document, in a terminal."""

from __future__ import annotations

import getpass
import os
from contextlib import closing
from pathlib import Path

import click

from ingestd.admin.correct import CorrectionError, Corrector, Wanted
from ingestd.admin.review import State, state_of
from ingestd.app.pipelines import rules_of
from ingestd.cli import document_view, terminal
from ingestd.cli.common import config_option, json_option, print_json, the_document
from ingestd.clock import SystemClock
from ingestd.config import load
from ingestd.document import KIND
from ingestd.files.encoding import escape
from ingestd.store.database import connect, faults


@click.command()
@click.argument("document", metavar="DOC")
@click.argument("values", metavar="[FIELD=VALUE]...", nargs=-1)
@click.option("--kind", help="Kind of document: the name of a rule, or 'other'; its fields are read again.")
@click.option("--as-read", "as_read", metavar="FIELD", multiple=True, help="Let what was read hold again.")
@click.option("--undo", is_flag=True, help="Take back your last correction of this document.")
@click.option("--anyway", is_flag=True, help="Take values although a check fails: the paper says so.")
@click.option("--by", help="Name to record.  [default: the user of the terminal]")
@config_option
@json_option
def correct(
    document: str,
    values: tuple[str, ...],
    kind: str | None,
    as_read: tuple[str, ...],
    undo: bool,
    anyway: bool,
    by: str | None,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Correct or confirm fields of a document; without FIELD=VALUE show what is in doubt.

    Short forms will do: date=0312, total=1234,5. An empty value says that the document has none. What
    was read stays on record, and no re-extraction undoes a correction. DOC is as for 'ingestd show'.
    """
    wanted = _wanted(values, kind, as_read)
    if undo and wanted:
        raise click.UsageError("--undo goes alone")
    config = load(config_path)
    rules = rules_of(config)
    with faults(config.record.database), closing(connect(config.record.database, "write")) as db:
        found = the_document(db, document)
        corrector = Corrector(db, rules, SystemClock(), sidecars=bool(config.record.sidecar))
        try:
            if undo:
                state = corrector.undo(found.id, by=by or _user())
            elif wanted:
                state = corrector.correct(found.id, wanted, by=by or _user(), anyway=anyway)
            else:
                state = state_of(db, found.id, rules)
        except CorrectionError as error:
            hint = "; --anyway takes it all the same" if error.code == "check" else ""
            raise click.ClickException(escape(f"{error}{hint}")) from error
    if as_json:
        print_json(_data(state))
    else:
        terminal.console().print(document_view.fields_table(state.extraction))
        click.echo(escape(_verdict(state)))


def _wanted(values: tuple[str, ...], kind: str | None, as_read: tuple[str, ...]) -> list[Wanted]:
    wanted = [Wanted(KIND, kind)] if kind is not None else []
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            raise click.UsageError(f"found {value!r}, expected FIELD=VALUE such as total=12.50")
        wanted.append(Wanted(name.strip(), text))
    return wanted + [Wanted(KIND if name == "kind" else name, withdrawn=True) for name in as_read]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return f"user {os.getuid()}"


def _verdict(state: State) -> str:
    if not state.doubts:
        return f"document {state.document_id} is done"
    named = ", ".join("its kind (--kind)" if name == KIND else name for name in state.doubts)
    return f"document {state.document_id} stays in review; in doubt: {named}"


def _data(state: State) -> dict[str, object]:
    return {
        "document_id": state.document_id,
        "version": state.version,
        "rule": state.extraction.rule,
        "status": state.extraction.status.value,
        "doubts": list(state.doubts),
        "fields": {
            field.name: {"value": field.value, "raw": field.raw, "level": field.level.value}
            for field in state.extraction.fields
        },
    }
