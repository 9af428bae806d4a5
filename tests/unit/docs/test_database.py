"""docs/database.md says what is so: columns are compared, queries are executed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import Database
from sqlite_utils.cli import cli as sqlite_utils

from ingestd.document import Status
from ingestd.store.database import connect
from ingestd.store.jobs import Jobs
from tests.support.jobs import failed
from tests.support.places import ROOT
from tests.support.records import TABLE, record, save

PAGE = (ROOT / "docs" / "database.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [row for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for row in block.splitlines()]
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", PAGE, re.DOTALL | re.MULTILINE))
TABLES = (
    *("documents", "pages", "lines", "codes", "fields", "items", "jobs"),
    *("summaries", "corrections", "extractions", "reviews", "papers", "counts", "checks", "readings", "proofs"),
    *("exports", "export_batches", "renames", "blind_spots", "reextractions", "removals", "kind_sums"),
    "supersessions",
    "tables",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scans of one invoice, a document for review, and a file that failed."""
    path = tmp_path_factory.mktemp("docs") / "ingestd.db"
    with connect(path) as db:
        fields = {"invoice_no": "12345678", "date": "2026-07-31", "seller_name": "腾讯", "total": "113.00"}
        for name in ("front.pdf", "again.pdf"):
            saved = record(name, text=("深圳市腾讯计算机系统有限公司",), fields=dict(fields), rule="cn-vat-invoice")
            save(db, replace(saved, reading=replace(saved.reading, tables=(TABLE,))))
        save(db, record("receipt.jpg", status=Status.REVIEW))
        reason = {"code": "encrypted", "found": "a password", "expected": "none", "fix": "remove it"}
        failed(Jobs(db), "bad.pdf", json.dumps(reason))
    return path


@pytest.fixture
def db(database: Path) -> Iterator[Database]:
    with connect(database, "read") as db:
        yield db


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_those_of_the_database(db: Database, table: str) -> None:
    documented = re.findall(r"^\| (\w+) \| (\w+) \|", SECTIONS[table], re.MULTILINE)[1:]
    columns = db.execute("SELECT name, type FROM pragma_table_xinfo(?)", [table]).fetchall()
    # Columns of a view that are computed have no type; that of generated columns says so.
    found = {(name, kind.split()[0] if kind else dict(documented).get(name)) for name, kind in columns}
    assert set(documented) == found


def test_every_table_is_documented(db: Database) -> None:
    ours = {name for name in db.table_names() if not name.startswith(("_", "sqlite_", "documents_fts"))}
    assert ours | {"lines"} == {*TABLES, "paper_fields"}
    assert "the columns of `fields`" in SECTIONS["paper_fields"]


def test_cells_have_the_documented_columns(db: Database) -> None:
    columns = [column.name for column in db.view("table_cells").columns]
    assert re.findall(r"`(\w+)`", SECTIONS["table_cells"]) == columns


@pytest.mark.parametrize("view", ["invoices", "receipts"])
def test_views_have_the_documented_columns(db: Database, view: str) -> None:
    (names,) = re.findall(rf"^- {view}: (.*?)(?=^- |^## )", PAGE, re.DOTALL | re.MULTILINE)
    (common,) = re.findall(r"^- both: (.*)$", PAGE, re.MULTILINE)
    fields = re.findall(r"`(\w+)`", names)
    levels = [f"{name}_level" for name in fields]
    assert set(db[view].columns_dict) == {*re.findall(r"`(\w+)`", common), *fields, *levels}


@pytest.mark.parametrize("query", QUERIES)
def test_queries_give_an_answer(db: Database, query: str) -> None:
    assert db.execute(query).fetchall()


@pytest.mark.parametrize("command", COMMANDS)
def test_sqlite_utils_gives_an_answer(database: Path, command: str) -> None:
    program, *words = shlex.split(command)
    assert program == "sqlite-utils"
    result = CliRunner().invoke(sqlite_utils, [str(database) if word == "ingestd.db" else word for word in words])
    assert result.exit_code == 0, result.output
    assert any(value in result.output for value in ("front.pdf", "12345678"))
