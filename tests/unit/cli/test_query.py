from __future__ import annotations

import csv
import fcntl
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

from ingestd.admin.reextract import Change, Unreadable
from ingestd.cli import EX_CONFIG, cli
from ingestd.cli.extract import view
from ingestd.document import Extraction, Reason, ReasonKind, Status
from ingestd.errors import ConfigError
from ingestd.extract import extract, load_rules
from ingestd.output import sidecar
from ingestd.store import documents
from ingestd.store.database import connect
from ingestd.store.jobs import Jobs
from tests.support.jobs import done
from tests.support.records import TABLE, field, record, save, with_table
from tests.support.rules import write_rules
from tests.support.terminal import HARMLESS, HOSTILE, shown


class Shell:
    """Runs commands in a folder with a configuration, a database of three documents, and rules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.config.write_text("inboxes: [{path: inbox}]\nextract: {rules: rules}\nengine: {workers: 1}\n")
        self.rules = write_rules(folder / "rules")
        self.db = connect(folder / "ingestd.db")
        rules = load_rules(self.rules)
        archive = folder / "archive"
        archive.mkdir()
        for name, text in (("发票.pdf", "腾讯"), ("a\nb.jpg", "KEDAI"), ("note.tif", "[red]x")):
            saved = record(name, text=("NOTE", "TOTAL 12.50", "PAID 20.00", text))
            saved = replace(saved, extraction=extract(saved.reading, rules, date(2026, 8, 3)))
            document_id = save(self.db, saved, archive=archive)
            done(Jobs(self.db), name, document_id, archive)
            (archive / f"{name}.json").write_bytes(sidecar.render(self.db, document_id))

    def run(self, name: str, *words: str) -> Result:
        """Run a command that is expected to end by itself; anything but SystemExit is raised here."""
        result = CliRunner().invoke(cli, [name, *words, "-c", str(self.config)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    with shell.db:
        yield shell


def test_every_command_of_the_contract_is_there() -> None:
    context = click.Context(cli)
    reading = ["init", "run", "ocr", "status", "search", "show", "explain", "retry"]
    changing = ["extract", "correct", "export", "rules", "models", "check", "backup", "verify", "web"]
    contract = [*reading, *changing, "prune", "rename", "separator", "service", "cluster", "worker"]
    assert sorted(cli.list_commands(context)) == sorted(contract)
    assert [command.name for name in contract if (command := cli.get_command(context, name))] == contract


@pytest.mark.parametrize("words", [["status"], ["search", "x"], ["show", "1"], ["export", "--format", "csv"]])
def test_asking_before_the_first_run_says_what_to_do(tmp_path: Path, words: list[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("inboxes: [{path: inbox}]\n")
    result = CliRunner().invoke(cli, [*words, "-c", str(config)])
    assert isinstance(result.exception, ConfigError)
    assert "'ingestd run' creates it" in str(result.exception)
    assert not (tmp_path / "ingestd.db").exists()


def test_a_database_that_is_damaged_in_the_middle_is_a_configuration_error(shell: Shell) -> None:
    shell.db.close()
    path = shell.folder / "ingestd.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\x5a" * (len(whole) - 8192))
    with pytest.raises(ConfigError, match="a damaged database"):
        shell.run("show", "1")


def test_status_and_check_of_a_damaged_database_say_what_is_damaged_and_the_way_back(shell: Shell) -> None:
    [(root,)] = shell.db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'codes_document_id'").fetchall()
    [(size,)] = shell.db.execute("PRAGMA page_size").fetchall()
    shell.db.close()
    assert shell.run("status").exit_code == 0
    with (shell.folder / "ingestd.db").open("r+b") as file:  # an index that no number of the status comes from
        file.seek(size * (root - 1))
        file.write(b"\xa5" * size)
    result = shell.run("status")
    assert result.exit_code == EX_CONFIG
    assert "3 (3 pages)" in result.output, "what can be told is told"
    said = " ".join(result.output.split())
    assert "found a damaged database (" in said
    assert "put the file made by 'ingestd backup' here" in said
    as_json = shell.run("status", "--json")
    assert as_json.exit_code == EX_CONFIG
    [damage] = json.loads(as_json.output)["damage"]
    assert "restore a backup" in damage
    checked = shell.run("check")
    assert checked.exit_code == EX_CONFIG
    assert "a damaged database" in checked.output, "a start would refuse it"


def test_status(shell: Shell) -> None:
    text = shell.run("status").output
    assert "3 (3 pages)" in text
    assert "发票.pdf" in text
    assert "a\\x0ab.jpg" in text
    data = json.loads(shell.run("status", "--json").output)
    assert data["documents"] == 3
    assert data["jobs"] == {"done": 3}
    assert data["damage"] == []
    assert data["newest"][0]["recorded_at"] == "2026-08-03T12:00:00.250Z"


def test_search(shell: Shell) -> None:
    result = shell.run("search", "腾讯")
    assert "1  发票.pdf" in result.output
    assert "PAID 20.00 / 腾讯" in result.output
    (hit,) = json.loads(shell.run("search", "--json", "kedai", "total").output)
    assert (hit["id"], hit["name"]) == (2, "a\\x0ab.jpg")


def test_search_says_when_there_is_nothing_and_when_there_is_more(shell: Shell) -> None:
    nothing = shell.run("search", "nowhere")
    assert (nothing.exit_code, nothing.stdout.strip(), nothing.stderr) == (0, "", "nothing found\n")
    assert shell.run("search", "-n", "2", "total").stderr == "the newest 2; --limit shows more\n"


def test_show(shell: Shell) -> None:
    result = shell.run("show", "发票.pdf")
    assert result.exit_code == 0
    assert "total  12.50" in result.output
    assert "腾讯" in result.output


def test_show_as_json_is_the_sidecar(shell: Shell) -> None:
    shown_bytes = shell.run("show", "1", "--json").stdout_bytes
    assert shown_bytes == (shell.folder / "archive" / "发票.pdf.json").read_bytes()


def test_show_tables_is_csv_that_no_spreadsheet_runs(shell: Shell) -> None:
    saved = with_table()
    document_id = save(shell.db, replace(saved, reading=replace(saved.reading, tables=(TABLE, TABLE))))
    one = "Total,\r\n'=1+1,\r\n"
    assert shell.run("show", str(document_id), "--tables").stdout_bytes.decode() == f"{one}\r\n{one}"
    assert "2 rows, 2 columns" in shell.run("show", str(document_id)).stdout
    assert shell.run("show", str(document_id), "--tables", "--json").exit_code == 2


def test_show_of_nothing_and_of_several(shell: Shell) -> None:
    nothing = shell.run("show", "nothing.pdf")
    assert nothing.exit_code == 1
    assert "no document 'nothing.pdf'" in nothing.stderr
    shell.db.execute("UPDATE documents SET name = 'same.pdf'")
    several = shell.run("show", "same.pdf")
    assert several.exit_code == 1
    assert "names 3 documents, say which: 3 (same.pdf), 2 (same.pdf), 1 (same.pdf)" in several.stderr


def test_export_to_standard_output(shell: Shell) -> None:
    result = shell.run("export", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout_bytes.decode(), newline="")))
    assert [(row["name"], row["total"]) for row in rows] == [
        ("发票.pdf", "12.50"),
        ("a\\x0ab.jpg", "12.50"),
        ("note.tif", "12.50"),
    ]
    assert len(shell.run("export", "--format", "jsonl", "--table", "items").stdout_bytes.splitlines()) == 0


def test_export_into_files(shell: Shell) -> None:
    for form in ("csv", "jsonl", "xlsx"):
        path = shell.folder / f"out.{form}"
        result = shell.run("export", "--format", form, "-o", str(path))
        assert (result.exit_code, result.output) == (0, "")
        assert path.stat().st_size > 100
    assert zipfile.is_zipfile(shell.folder / "out.xlsx")
    shell.run("export", "--format", "csv", "--bom", "-o", str(shell.folder / "bom.csv"))
    assert (shell.folder / "bom.csv").read_bytes().startswith(b"\xef\xbb\xbfid,name,")


def test_export_since_a_day(shell: Shell) -> None:
    assert len(shell.run("export", "--format", "jsonl", "--since", "2026-08-05").stdout_bytes.splitlines()) == 0
    assert len(shell.run("export", "--format", "jsonl", "--since", "2026-08-01").stdout_bytes.splitlines()) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "--format", "xlsx", "--bom"], "--bom is for CSV"),
        (["export"], "--format"),
        (["export", "--format", "pdf"], "pdf"),
        (["extract"], "name documents, or --all"),
        (["extract", "--all", "1"], "name documents, or --all"),
        (["search"], "TEXT"),
        (["show"], "DOC"),
    ],
)
def test_wrong_usage(shell: Shell, words: list[str], said: str) -> None:
    result = shell.run(*words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_extract_with_the_same_rules_changes_nothing(shell: Shell) -> None:
    result = shell.run("extract", "--all")
    assert (result.exit_code, result.output) == (0, "3 documents: 0 changed, 0 failed\n")


def test_extract_diff_shows_and_writes_nothing(shell: Shell) -> None:
    write_rules(shell.rules, label="PAID")
    result = shell.run("extract", "--diff", "发票.pdf")
    assert "total  12.50 read → 20.00 read" in result.output
    assert result.output.endswith("1 documents: 1 would change, 0 failed\n")
    assert documents.load_extraction(shell.db, 1).fields[0].value == "12.50"


def test_extract_writes_to_the_database_and_the_sidecars(shell: Shell) -> None:
    write_rules(shell.rules, label="PAID", name="paid")
    (shell.folder / "archive" / "note.tif.json").unlink()
    result = shell.run("extract", "--all", "--json")
    data = json.loads(result.stdout)
    assert [change["document_id"] for change in data] == [1, 2, 3]
    assert data[0]["fields"] == {
        "paid": [None, {"value": "20.00", "level": "read"}],
        "total": [{"value": "12.50", "level": "read"}, None],
    }
    assert f"{shell.folder}/archive/note.tif.json no longer exists" in result.stderr
    content = json.loads((shell.folder / "archive" / "a\nb.jpg.json").read_text(encoding="utf-8"))
    assert [(entry["name"], entry["value"]) for entry in content["fields"]] == [("paid", "20.00")]
    assert documents.load_extraction(shell.db, 3).fields[0].name == "paid"


def test_extract_says_when_rules_fail_on_a_document(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> Extraction:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("ingestd.admin.reextract.extract", breaks)
    result = shell.run("extract", "2")
    assert result.exit_code == 1
    assert "document 2: today's rules fail: ZeroDivisionError: division by zero" in result.output
    assert json.loads(shell.run("extract", "2", "--json").stdout) == [
        {"document_id": 2, "error": "ZeroDivisionError: division by zero"}
    ]


def test_extract_refuses_wrong_rules_before_it_touches_anything(shell: Shell) -> None:
    (shell.rules / "note.yaml").write_text("rule: note\nfields: [\n")
    with pytest.raises(ConfigError, match=r"note\.yaml"):
        shell.run("extract", "--all")


def lines(change: Change | Unreadable) -> list[str]:
    return [" ".join(line.split()) for line in shown(view(change)).splitlines()]


def change(name: str, before: Extraction, after: Extraction) -> Change:
    return Change(4, name, before, after, read=after, last_correction=0)


def test_a_change_names_old_and_new() -> None:
    before = Extraction("unknown", (field("total", "12.50"), field("date", None)), (), Status.REVIEW)
    after = Extraction("note", (field("total", "12.60"), field("paid", "20.00")), (), Status.DONE)
    assert lines(change("a.pdf", before, replace(after, items=record().extraction.items))) == [
        "4 a.pdf",
        "rule unknown → note",
        "status review → done",
        "total 12.50 proved → 12.60 proved",
        "paid (no such field) → 20.00 proved",
        "date missing → (no such field)",
        "items 0 → 2",
    ]


def test_a_change_of_reasons_alone_is_said_to_be_so() -> None:
    one = field("total", "12.50")
    before = Extraction("note", (one,), (), Status.DONE)
    after = Extraction("note", (replace(one, reasons=(Reason(ReasonKind.NOTE, "better"),)),), (), Status.DONE)
    assert lines(change("a", before, after)) == ["4 a", "only reasons and places"]


def test_changes_of_hostile_text_cannot_steer_the_terminal() -> None:
    fields = (field(HOSTILE, HOSTILE),)
    hostile = change(HOSTILE, Extraction(HOSTILE, (), (), Status.DONE), Extraction(HOSTILE, fields, (), Status.DONE))
    for text in (shown(view(hostile), width=500), shown(view(Unreadable(4, HOSTILE)), width=500)):
        assert "\x1b" not in text
        assert HARMLESS in text


def test_status_says_that_the_daemon_does_not_run_and_that_a_disk_is_full(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10 << 30, used=10 << 30, free=5 << 20))
    told = " ".join(shell.run("status").output.split())
    assert "the daemon does not run, so nothing is read" in told
    assert "record.database: 5 MiB are free at" in told
    assert "documents wait while none is free" in told
    as_json = json.loads(shell.run("status", "--json").output)
    assert as_json["daemon_runs"] is False
    assert len(as_json["warnings"]) == 3


def test_status_of_a_running_daemon_with_room_says_no_more(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10 << 30, used=0, free=10 << 30))
    (shell.folder / "work").mkdir()
    with (shell.folder / "work" / ".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = shell.run("status").output
    assert "does not run" not in told
    assert "are free" not in told
