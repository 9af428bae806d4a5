from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from ingestd.admin import reextract
from ingestd.admin.reextract import Change, Unreadable, apply, changes
from ingestd.cli import cli
from ingestd.config import EngineConfig
from ingestd.document import Level, Reading
from ingestd.errors import TransientError
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.files import durable
from ingestd.output import sidecar
from ingestd.store import corrections, documents
from ingestd.store.database import connect
from ingestd.store.jobs import Jobs
from tests.support.jobs import done
from tests.support.records import record, save
from tests.support.rules import write_rules

TODAY = date(2026, 8, 3)
TEXT = ("NOTE", "TOTAL 12.50", "PAID 20.00")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


@pytest.fixture
def old_rules(tmp_path: Path) -> RuleSet:
    return load_rules(write_rules(tmp_path / "old"))


@pytest.fixture
def new_rules(tmp_path: Path) -> RuleSet:
    return load_rules(write_rules(tmp_path / "new", label="PAID"))


def recorded(db: Database, rules: RuleSet, name: str, archive: Path, text: tuple[str, ...] = TEXT) -> int:
    """Save a document as the daemon does: read by these rules, with a finished job and a sidecar."""
    saved = record(name, text=text)
    saved = replace(saved, extraction=extract(saved.reading, rules, TODAY))
    document_id = save(db, saved, archive=archive)
    done(Jobs(db), name, document_id, archive)
    archive.mkdir(exist_ok=True)
    (archive / f"{name}.json").write_bytes(sidecar.render(db, document_id))
    return document_id


def found(db_path: Path, ids: list[int], rules: RuleSet) -> list[Change | Unreadable]:
    return [result for batch in changes(db_path, ids, rules, TODAY, 2, EngineConfig()) for result in batch]


def test_the_same_rules_change_nothing(db: Database, old_rules: RuleSet, tmp_path: Path) -> None:
    document_id = recorded(db, old_rules, "a.pdf", tmp_path / "archive")
    assert documents.load_extraction(db, document_id).fields[0].value == "12.50"
    assert found(tmp_path / "ingestd.db", [document_id], old_rules) == []


def test_a_document_that_no_rule_matches_is_unchanged_by_the_same_rules(
    db: Database, old_rules: RuleSet, tmp_path: Path
) -> None:
    document_id = recorded(db, old_rules, "a.pdf", tmp_path / "archive", text=("nothing known",))
    assert documents.load_extraction(db, document_id).rule == "unknown"
    assert found(tmp_path / "ingestd.db", [document_id], old_rules) == []


def test_new_rules_change_values_and_sidecars(
    db: Database, old_rules: RuleSet, new_rules: RuleSet, tmp_path: Path
) -> None:
    document_id = recorded(db, old_rules, "a.pdf", tmp_path / "archive")
    (change,) = found(tmp_path / "ingestd.db", [document_id], new_rules)
    assert isinstance(change, Change)
    assert (change.document_id, change.name) == (document_id, "a.pdf")
    assert change.fields == {"total": (("12.50", Level.READ), ("20.00", Level.READ))}
    assert documents.load_extraction(db, document_id) == change.before  # looking writes nothing

    assert apply(db, [change], new_rules.hash, with_sidecars=True) == []
    after = documents.load_document(db, document_id).record
    assert after.extraction == change.after
    assert after.provenance["rules"] == new_rules.hash
    content = (tmp_path / "archive" / "a.pdf.json").read_bytes()
    assert content == sidecar.render(db, document_id)
    assert json.loads(content)["fields"][0]["value"] == "20.00"
    assert found(tmp_path / "ingestd.db", [document_id], new_rules) == []


def test_a_sidecar_that_was_moved_away_is_named_and_not_made_anew(
    db: Database, old_rules: RuleSet, new_rules: RuleSet, tmp_path: Path
) -> None:
    document_id = recorded(db, old_rules, "a.pdf", tmp_path / "archive")
    path = tmp_path / "archive" / "a.pdf.json"
    path.unlink()
    (change,) = found(tmp_path / "ingestd.db", [document_id], new_rules)
    assert isinstance(change, Change)
    assert apply(db, [change], new_rules.hash, with_sidecars=True) == [path]
    assert not path.exists()
    assert documents.load_extraction(db, document_id) == change.after


@pytest.mark.parametrize("with_job", [True, False])
def test_without_sidecars_only_the_database_changes(
    db: Database, old_rules: RuleSet, new_rules: RuleSet, tmp_path: Path, with_job: bool
) -> None:
    document_id = recorded(db, old_rules, "a.pdf", tmp_path / "archive")
    if not with_job:
        db.execute("DELETE FROM jobs")
    before = (tmp_path / "archive" / "a.pdf.json").read_bytes()
    (change,) = found(tmp_path / "ingestd.db", [document_id], new_rules)
    assert isinstance(change, Change)
    assert apply(db, [change], new_rules.hash, with_sidecars=not with_job) == []
    assert (tmp_path / "archive" / "a.pdf.json").read_bytes() == before
    assert documents.load_extraction(db, document_id) == change.after


def test_sidecars_of_a_run_that_is_cut_off_stay_due(
    db: Database, old_rules: RuleSet, new_rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [recorded(db, old_rules, name, tmp_path / "archive") for name in ("a.pdf", "b.pdf")]
    batch = [result for result in found(tmp_path / "ingestd.db", ids, new_rules) if isinstance(result, Change)]
    write = durable.write_atomic

    def fills_up(path: Path, data: bytes) -> None:
        if path.name == "b.pdf.json":
            raise TransientError("disk full")
        write(path, data)

    monkeypatch.setattr(durable, "write_atomic", fills_up)
    with pytest.raises(TransientError, match="disk full"):
        apply(db, batch, new_rules.hash, with_sidecars=True)
    monkeypatch.undo()
    assert [documents.load_extraction(db, document_id).fields[0].value for document_id in ids] == ["20.00", "20.00"]
    assert all(corrections.is_sidecar_due(db, document_id) for document_id in ids)

    assert sidecar.refresh_due(db, 9, wanted=True) == 2
    for document_id, name in zip(ids, ("a.pdf", "b.pdf"), strict=True):
        assert (tmp_path / "archive" / f"{name}.json").read_bytes() == sidecar.render(db, document_id)
    assert db.execute("SELECT count(*) FROM extractions").fetchone() == (0,), "only corrected documents keep a row"


def test_a_rule_that_breaks_on_one_document_leaves_the_others_alone(
    db: Database,
    old_rules: RuleSet,
    new_rules: RuleSet,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    texts = {"a.pdf": TEXT, "b.pdf": ("NOTE BAD", *TEXT[1:]), "c.pdf": TEXT}
    ids = [recorded(db, old_rules, name, tmp_path / "archive", text) for name, text in texts.items()]

    def breaks(reading: Reading, rules: RuleSet, today: date) -> object:
        if reading.lines[0].text == "NOTE BAD":
            raise ZeroDivisionError("division by zero")
        return extract(reading, rules, today)

    monkeypatch.setattr(reextract, "extract", breaks)
    with caplog.at_level(logging.ERROR):
        results = found(tmp_path / "ingestd.db", ids, new_rules)
    assert [type(result) for result in results] == [Change, Unreadable, Change]
    assert results[1] == Unreadable(ids[1], "ZeroDivisionError: division by zero")
    assert f"document {ids[1]}" in caplog.text


def test_many_documents_are_shared_out_among_processes(
    db: Database, old_rules: RuleSet, new_rules: RuleSet, tmp_path: Path
) -> None:
    ids = [recorded(db, old_rules, f"{n}.pdf", tmp_path / "archive") for n in range(reextract.BATCH + 1)]
    batches = list(changes(tmp_path / "ingestd.db", ids, new_rules, TODAY, 2, EngineConfig()))
    assert [len(batch) for batch in batches] == [reextract.BATCH, 1]
    assert [result.document_id for batch in batches for result in batch] == ids


def test_rows_are_parsed_in_the_workers_and_a_damaged_one_costs_only_its_document(
    db: Database, old_rules: RuleSet, new_rules: RuleSet, tmp_path: Path
) -> None:
    ids = [recorded(db, old_rules, f"{n}.pdf", tmp_path / "archive") for n in range(reextract.BATCH + 1)]
    db.execute("UPDATE readings SET packed = x'01ff' WHERE document_id = ?", [ids[7]])
    results = found(tmp_path / "ingestd.db", ids, new_rules)
    assert [result.document_id for result in results] == ids
    (broken,) = [result for result in results if isinstance(result, Unreadable)]
    assert broken.document_id == ids[7]
    assert broken.error.startswith("ValueError: packed lines")


def test_a_run_over_all_goes_on_where_it_was_interrupted(
    db: Database, old_rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reextract, "BATCH", 1)
    monkeypatch.setattr("ingestd.cli.extract.BATCH", 1)
    names = [f"{letter}.pdf" for letter in "abcd"]
    ids = [recorded(db, old_rules, name, tmp_path / "archive") for name in names]
    new = write_rules(tmp_path / "new", label="PAID")
    config = tmp_path / "config.yaml"
    config.write_text(f"inboxes: [{{path: inbox}}]\nextract: {{rules: {new}}}\nengine: {{workers: 1}}\n")

    def extract_all(*more: str) -> Result:
        return CliRunner().invoke(cli, ["extract", "--all", *more, "-c", str(config)])

    write, written = durable.write_atomic, list[str]()

    def fails_at_third(path: Path, data: bytes) -> None:
        if path.name == "c.pdf.json":
            raise TransientError("disk full")
        written.append(path.name)
        write(path, data)

    monkeypatch.setattr(durable, "write_atomic", fails_at_third)
    assert isinstance(extract_all().exception, TransientError)
    monkeypatch.undo()
    monkeypatch.setattr(reextract, "BATCH", 1)
    monkeypatch.setattr("ingestd.cli.extract.BATCH", 1)
    said = extract_all()
    assert "goes on after document 2" in said.stderr
    assert "2 documents: 1 changed" in said.stdout, "the third was committed, its sidecar is due"
    assert written == ["a.pdf.json", "b.pdf.json"]
    assert [documents.load_extraction(db, document_id).fields[0].value for document_id in ids] == ["20.00"] * 4
    assert "4 documents: 0 changed" in extract_all().stdout
