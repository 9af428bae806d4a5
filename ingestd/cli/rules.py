"""The commands about rule files: rules check, rules test, rules explain, rules propose."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.table import Table

from ingestd.admin.proposals import Proposal, proposals
from ingestd.admin.reextract import Change, Unreadable
from ingestd.app.pipelines import build_annotating, rules_of
from ingestd.cli import terminal
from ingestd.cli.common import (
    config_option,
    config_or_defaults,
    config_or_shipped,
    json_option,
    output_file,
    print_json,
    reading,
    recorded,
    require_writable,
)
from ingestd.cli.extract import data_of, results, view
from ingestd.clock import SystemClock
from ingestd.config import load
from ingestd.config.shipped import shipped
from ingestd.extract import RuleSet, lint_rules, load_rules, run_rule_tests
from ingestd.extract.explanation import Explanation
from ingestd.extract.explanation import explain as explain_reading
from ingestd.files.encoding import escape, path_text
from ingestd.store import queries


@click.group()
def rules() -> None:
    """Check, test and explain rule files."""


def _rule_set(path: Path | None, config_path: Path | None) -> RuleSet:
    """Load the rules of a folder, of the folder of a file, or the configured ones."""
    if path is None:
        return rules_of(config_or_shipped(config_path))
    return load_rules(_folder(path))


def _folder(path: Path) -> Path:
    """Return the folder of rules that a path names or lies in."""
    folder = path if path.is_dir() else path.parent
    return folder.parent if folder.name == "lexicon" else folder


@rules.command("check")
@click.argument("path", metavar="[PATH]", required=False, type=click.Path(path_type=Path, exists=True))
@config_option
def rules_check(path: Path | None, config_path: Path | None) -> None:
    """Lint the rule and lexicon files in the folder PATH, or beside the file PATH (default: the configured ones)."""
    loaded = _rule_set(path, config_path)
    folder = config_or_shipped(config_path).extract.rules if path is None else _folder(path)
    problems = lint_rules(folder)
    for problem in problems:
        click.echo(problem)
    languages = len(loaded.lexicon.files) if loaded.lexicon is not None else 0
    state = f"load; {len(problems)} of their entries change nothing" if problems else "are right"
    click.echo(f"{len(loaded.rules)} rule files are right, {languages} lexicon files {state}")
    sys.exit(1 if problems else 0)


@rules.command("test")
@click.argument("path", metavar="[PATH]", required=False, type=click.Path(path_type=Path, exists=True))
@config_option
def rules_test(path: Path | None, config_path: Path | None) -> None:
    """Run the tests inside the rule files of the folder PATH, or inside the file PATH (default: the configured ones).

    The rules of the whole folder compete for every test, as they do for documents.
    """
    only = path.stem if path is not None and path.is_file() else None
    results = [result for result in run_rule_tests(_rule_set(path, config_path)) if only is None or result.rule == only]
    for result in results:
        for problem in result.problems:
            click.echo(f"FAILED  {result.rule}: {result.name}: {problem}")
    failed = sum(bool(result.problems) for result in results)
    click.echo(f"{len(results) - failed} tests passed, {failed} failed")
    sys.exit(1 if failed else 0)


@rules.command("explain")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--annotate", type=click.Path(path_type=Path), help="Draw what was found on the first page into this PNG."
)
@config_option
def rules_explain(file: Path, annotate: Path | None, config_path: Path | None) -> None:
    """Read FILE and show which labels were found, and which values lost to which and why."""
    if annotate:
        require_writable(annotate)
    config = config_or_defaults(config_path)
    with reading(config, build_annotating, [file]) as ((_, result),):
        drawn = result()
    explained = explain_reading(drawn.record.reading, rules_of(config), SystemClock().today())
    console = terminal.console()
    console.print(terminal.safe_text(f"rule {explained.rule or 'none'}: {explained.reason}", "bold"))
    for table in _tables(explained):
        console.print()
        console.print(table)
    if annotate:
        with output_file(annotate) as picture:
            picture.write(drawn.pictures[0])


@rules.command("propose")
@config_option
@json_option
def rules_propose(config_path: Path | None, as_json: bool) -> None:
    """Propose additions to rules that would have spared corrections; writes nothing.

    Where a field of three documents of one seller was corrected and the values stand at the same words,
    these words are a label that the rules lack. Each proposal comes with a test of its own, and with what
    'ingestd extract --all --diff' would say.
    """
    config = load(config_path)
    folder = config.extract.rules or shipped("rules")
    with recorded(config) as db:
        ids = queries.all_ids(db)
        found = list(proposals(db, folder, rules_of(config), SystemClock().today()))
    data = []
    for one in found:
        changed = list(results(config, ids, one.rules, write=False))
        if as_json:
            data.append(_proposal_data(one, [data_of(result) for result in changed]))
        else:
            _show(one, folder, changed)
    if as_json:
        print_json(data)
    else:
        click.echo(f"{len(found)} proposals")


def _show(one: Proposal, folder: Path, changed: list[Change | Unreadable]) -> None:
    named = ", ".join(map(str, one.document_ids))
    click.echo(escape(f"# {one.field} of {one.seller} stands at '{one.label}' (documents {named})"))
    for name, text in one.additions.items():
        click.echo(f"\n# add to {path_text(folder / name)}:\n\n{text}")
    click.echo("# then 'ingestd extract --all' would change:\n")
    for result in changed:
        terminal.console().print(view(result))
    click.echo()


def _proposal_data(one: Proposal, changed: list[dict[str, object]]) -> dict[str, object]:
    return {
        "seller": one.seller,
        "field": one.field,
        "label": one.label,
        "document_ids": list(one.document_ids),
        "additions": dict(one.additions),
        "changes": changed,
    }


def _tables(explained: Explanation) -> list[Table]:
    scores = terminal.table("rule", "weight", "signs found, each with its weight", "against it")
    for score in explained.scores:
        cells = (score.name, f"{score.weight:g}", score.signs_wording, "; ".join(score.objections))
        scores.add_row(*map(terminal.safe_text, cells))
    labels = terminal.table("label found", "page", "misread")
    for seen in explained.labels:
        labels.add_row(terminal.safe_text(seen.text), str(seen.page_index + 1), str(seen.edits or ""))
    values = terminal.table("field", "value", "where", "taken, or the reason against it")
    for tried in explained.tried:
        verdict = "taken" if tried.taken else tried.why_not
        values.add_row(*map(terminal.safe_text, (tried.field, tried.raw, tried.how, verdict)))
    rejected = terminal.table("field", "no value because")
    for name, reasons in explained.rejected.items():
        for reason in reasons:
            rejected.add_row(name, terminal.safe_text(reason))
    return [table for table in (scores, labels, values, rejected) if table.row_count]
