"""``ingestd correct`` in a terminal."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.cli import cli
from ingestd.extract import load_rules
from ingestd.output import sidecar
from ingestd.store import corrections
from ingestd.store.jobs import Jobs
from tests.support.corrections import Office
from tests.support.jobs import done

Run = Callable[..., Result]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """One document with doubts and a sidecar."""
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\nextract: {rules: rules}\n")
    office = Office(tmp_path)
    archive = tmp_path / "archive"
    archive.mkdir()
    document = office.record(archive=archive)
    done(Jobs(office.db), "a.pdf", document, archive)
    (archive / "a.pdf.json").write_bytes(sidecar.render(office.db, document))
    return office


@pytest.fixture
def run(office: Office) -> Run:
    def invoke(*words: str) -> Result:
        config = office.path.with_name("config.yaml")
        result = CliRunner().invoke(cli, ["correct", *words, "-c", str(config)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_doubts_are_shown_until_none_is_left(office: Office, run: Run) -> None:
    assert run("1").output.endswith("document 1 stays in review; in doubt: net, tax, total, tax_no\n")
    assert office.rows("corrections") == []
    first = run("a.pdf", "tax=6")
    assert (first.exit_code, first.output.splitlines()[-1]) == (0, "document 1 stays in review; in doubt: tax_no")
    assert "confirmed by" in " ".join(first.output.split())
    assert run("1", "tax_no=de136695976").output.endswith("document 1 is done\n")
    [one, _] = corrections.history(office.db, 1)
    assert one.correction.by == getpass.getuser()


def test_sidecar_shows_the_correction_and_what_was_read(office: Office, run: Run, tmp_path: Path) -> None:
    run("1", "tax=6", "--by", "Anna")
    content = (tmp_path / "archive" / "a.pdf.json").read_bytes()
    assert content == sidecar.render(office.db, 1)
    [tax] = [field for field in json.loads(content)["fields"] if field["name"] == "tax"]
    assert (tax["value"], tax["raw"], tax["level"]) == ("6.00", "8.00", "confirmed")
    [entry] = json.loads(content)["corrections"]
    assert (entry["field"], entry["from_value"], entry["to_value"], entry["corrected_by"]) == (
        "tax",
        "8.00",
        "6.00",
        "Anna",
    )
    assert corrections.sidecars_due(office.db, 9) == []
    assert "corrections" not in json.loads(sidecar.render(office.db, office.record("b.pdf")))


def test_undo_as_read_and_kind(run: Run) -> None:
    def fields() -> dict[str, str | None]:
        found = json.loads(run("1", "--json").output)["fields"]
        return {name: field["value"] for name, field in found.items()}

    run("1", "tax=6")
    run("1", "tax=7")
    assert run("1", "--undo").exit_code == 0
    assert fields()["tax"] == "6.00"
    assert run("1", "--as-read", "tax").exit_code == 0
    assert fields()["tax"] == "8.00"
    assert run("1", "--kind", "other").output.endswith("document 1 is done\n")
    assert fields() == {}
    assert run("1", "--as-read", "kind").exit_code == 0
    assert fields()["tax"] == "8.00"


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("1", "tax"), 2, "expected FIELD=VALUE"),
        (("1", "tax=6", "--undo"), 2, "--undo goes alone"),
        (("1", "tax=abc"), 1, "tax: 'abc' is not an amount"),
        (("1", "tax_no=DE136695977"), 1, "--anyway takes it all the same"),
        (("1", "colour=red"), 1, "expected one of net, tax, total, tax_no, date"),
        (("1", "--undo"), 1, "found no correction that could be undone"),
        (("1", "--kind", "letter"), 1, "expected one of sample"),
        (("9", "tax=6"), 1, "no document '9'"),
    ],
)
def test_what_cannot_be_done_is_said(
    office: Office, run: Run, words: tuple[str, ...], status: int, message: str
) -> None:
    result = run(*words)
    assert (result.exit_code, message in " ".join(result.output.split())) == (status, True), result.output
    assert office.rows("corrections") == []


def test_anyway(run: Run) -> None:
    found = json.loads(run("1", "tax_no=DE136695977", "--anyway", "--json").output)
    assert found["fields"]["tax_no"]["level"] == "confirmed"


def test_corrections_alike_are_proposed_as_a_rule(office: Office, run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    folder = tmp_path / "rules"
    rule = folder / "sample.yaml"
    text = rule.read_text(encoding="utf-8").replace("fields:", "fields:\n  merchant: {type: name, labels: Shop}", 1)
    rule.write_text(text, encoding="utf-8")
    office.rules = load_rules(folder)
    for number in range(3):
        document = office.record(f"{number}.pdf", f"Shop  Kedai Papan\nJumlah Bayar  {number + 7}.50")
        run(str(document), f"total={number + 7}.50")
    before = rule.read_bytes()
    shown = CliRunner().invoke(cli, ["rules", "propose", "-c", str(config)])
    assert shown.exit_code == 0, shown.output
    assert "# total of Kedai Papan stands at 'jumlah bayar' (documents 2, 3, 4)" in shown.output
    assert "labels: [JUMLAH BAYAR, Total]" in shown.output and "1 proposals" in shown.output
    office.record("9.pdf", "Shop  Kedai Papan\nJumlah Bayar  70.00")
    [one] = json.loads(CliRunner().invoke(cli, ["rules", "propose", "--json", "-c", str(config)]).output)
    changed = {change["document_id"]: change["fields"].get("total") for change in one["changes"]}
    assert changed[5][1]["value"] == "70.00"
    assert rule.read_bytes() == before
