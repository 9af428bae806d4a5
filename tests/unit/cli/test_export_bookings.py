from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from ingestd.cli import cli
from ingestd.document import Paper, Status
from ingestd.errors import IngestdError
from ingestd.files import durable
from ingestd.store.database import connect
from ingestd.store.exports import exported
from tests.support import records
from tests.support.desk import Desk

FIELDS = {"invoice_no": "4711", "date": "2026-03-09", "net": "100.00", "tax": "19.00", "total": "119.00"}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\n")
    with closing(connect(tmp_path / "ingestd.db")) as db:
        yield db


def save(db: Database, name: str, status: Status = Status.DONE, **changes: str) -> int:
    return records.save(db, records.record(name, rule="invoice", fields={**FIELDS, **changes}, status=status))


def export(folder: Path, output: str, *words: str) -> Result:
    config = ["-c", str(folder / "config.yaml")]
    result = CliRunner().invoke(cli, ["export", "--layout", "datev", "-o", str(folder / output), *words, *config])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def numbers(path: Path) -> list[str]:
    return [row.split(";")[10].strip('"') for row in path.read_text(encoding="cp1252").splitlines()[2:]]


def test_each_document_is_exported_once(tmp_path: Path, db: Database) -> None:
    save(db, "a.xml", invoice_no="1")
    save(db, "in review.xml", Status.REVIEW, invoice_no="2")
    assert export(tmp_path, "1.csv", "--new").output.startswith("exported 1 papers to ")
    save(db, "b.xml", invoice_no="3")
    export(tmp_path, "2.csv", "--new")
    assert export(tmp_path, "3.csv", "--new").output == "exported 0 papers, no file written\n"
    assert [numbers(tmp_path / f"{n}.csv") for n in (1, 2)] == [["1"], ["3"]]
    assert not (tmp_path / "3.csv").exists()
    export(tmp_path, "all.csv")
    assert numbers(tmp_path / "all.csv") == ["1", "3"]


def test_every_paper_of_a_file_is_exported(tmp_path: Path, db: Database) -> None:
    fields = tuple(records.field(name, value) for name, value in {**FIELDS, "invoice_no": "2"}.items())
    record = records.record("stack.pdf", rule="invoice", fields={**FIELDS, "invoice_no": "1"})
    second = Paper((1,), None, "invoice", fields, (), Status.DONE)
    records.save(db, dataclasses.replace(record, extraction=dataclasses.replace(record.extraction, further=(second,))))
    export(tmp_path, "1.csv", "--new")
    assert numbers(tmp_path / "1.csv") == ["1", "2"]


def test_days_choose_documents(tmp_path: Path, db: Database) -> None:
    save(db, "a.xml", invoice_no="1", date="2025-12-31")
    save(db, "b.xml", invoice_no="2")
    with pytest.raises(IngestdError, match="documents of 2025 and 2026"):
        export(tmp_path, "1.csv", "--new")
    export(tmp_path, "1.csv", "--new", "--to", "2025-12-31")
    export(tmp_path, "2.csv", "--new", "--from", "2026-01-01")
    assert [numbers(tmp_path / f"{n}.csv") for n in (1, 2)] == [["1"], ["2"]]


def test_what_is_left_out_is_told(tmp_path: Path, db: Database) -> None:
    save(db, "a\x1b.xml", date="")
    assert export(tmp_path, "1.csv", "--new").output.startswith("left out: document 1 (a\\x1b.xml) has no date\n")


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path, db: Database) -> None:
    save(db, "a.xml")
    (tmp_path / "1.csv").write_text("kept")
    with pytest.raises(IngestdError, match="exists already"):
        export(tmp_path, "1.csv", "--new")
    assert (tmp_path / "1.csv").read_text() == "kept"


@pytest.mark.parametrize("is_written", [True, False])
def test_a_crash_exports_nothing_twice_and_loses_nothing(
    tmp_path: Path, db: Database, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    save(db, "a.xml", invoice_no="1")
    sync = durable.sync_folder

    def killed(folder: Path) -> None:
        if is_written:
            sync(folder)
        else:
            (folder / "1.csv").rename(folder / "lost in the power cut")
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(durable, "sync_folder", killed)
        with pytest.raises(Killed):
            export(tmp_path, "1.csv", "--new")
    said = export(tmp_path, "2.csv", "--new").output
    assert said.startswith("exported 0 papers" if is_written else "exported 1 papers to ")
    assert (tmp_path / "1.csv").exists() == is_written


@pytest.mark.parametrize("words", [["--layout", "datev"], ["--format", "csv", "--from", "2026-01-01"]])
def test_options_that_do_not_go_together(words: list[str]) -> None:
    result = CliRunner().invoke(cli, ["export", *words])
    assert result.exit_code == 2
    assert "--layout" in result.output


def export_table(folder: Path, table: str, output: str, *words: str) -> str:
    config = ["-c", str(folder / "config.yaml")]
    arguments = ["export", "--format", "csv", "--table", table, "-o", str(folder / output), *words, *config]
    result = CliRunner().invoke(cli, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.mark.parametrize("table", ["documents", "invoices", "items"])
def test_tables_are_exported_once_too(tmp_path: Path, db: Database, table: str) -> None:
    save(db, "a.xml", invoice_no="1")
    save(db, "in review.xml", Status.REVIEW, invoice_no="2")
    assert export_table(tmp_path, table, "1.csv", "--new").startswith("exported 1 papers to ")
    save(db, "b.xml", invoice_no="3")
    export_table(tmp_path, table, "2.csv", "--new")
    assert export_table(tmp_path, table, "3.csv", "--new") == "exported 0 papers, no file written\n"
    first, second = ((tmp_path / f"{n}.csv").read_text() for n in (1, 2))
    assert "a.xml" in first and "review.xml" not in first and "a.xml" not in second and "b.xml" in second
    assert export(tmp_path, "datev.csv", "--new").output.startswith("exported 2 papers")
    with pytest.raises(IngestdError, match="exists already"):
        export_table(tmp_path, table, "1.csv", "--new")


def test_the_mark_is_shown(tmp_path: Path, db: Database) -> None:
    document_id = save(db, "a.xml")
    export(tmp_path, "1.csv", "--new")
    [mark] = exported(db, document_id)
    assert (mark.layout, mark.paper_index, mark.path) == ("datev", 0, str(tmp_path / "1.csv"))
    shown = CliRunner().invoke(cli, ["show", str(document_id), "-c", str(tmp_path / "config.yaml")]).output
    assert "exported for datev on " in shown
    assert "exported for datev" in Desk(tmp_path).client.get(f"/documents/{document_id}").text


def test_new_rows_need_a_file() -> None:
    result = CliRunner().invoke(cli, ["export", "--new", "--format", "csv"])
    assert (result.exit_code, "--new needs --output" in result.output) == (2, True)
