from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlite_utils import Database

from ingestd.document import Item, Paper, Status
from ingestd.errors import IngestdError
from ingestd.output import export, tables
from ingestd.output.tables import Choice, Kind, Rows, Value
from ingestd.store.database import connect
from tests.support.records import NOON, record, save, with_table

INVOICE = {"invoice_no": "25312000000012345678", "date": "2026-07-31", "total": "-113.00", "seller_name": "=CMD|A1"}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        save(db, record("发票.pdf", fields=dict(INVOICE), rule="cn-vat-invoice"))
        save(db, record("receipt.jpg", fields={"merchant": "+60 Kedai", "total": None}), at=NOON + timedelta(days=1))
        yield db


def written(write: export.Writer, table: Rows) -> bytes:
    target = io.BytesIO()
    write(table, target)
    return target.getvalue()


def read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_cells_have_a_row_each_empty_ones_too(db: Database) -> None:
    save(db, replace(with_table(), sha256="0" * 64, name="table.png"))
    rows = read_csv(written(export.write_csv, tables.cells(db, Choice())))
    assert [(row["row_index"], row["column_index"], row["is_header"], row["text"]) for row in rows] == [
        ("0", "0", "1", "Total"),
        ("1", "0", "0", "'=1+1"),
        ("1", "1", "0", ""),
    ]


def test_documents_have_two_columns_for_every_field_of_any_document(db: Database) -> None:
    table = tables.documents(db, Choice())
    assert table.columns[-10:] == (
        "invoice_no",
        "invoice_no_level",
        "date",
        "date_level",
        "total",
        "total_level",
        "seller_name",
        "seller_name_level",
        "merchant",
        "merchant_level",
    )
    invoice, receipt = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert (invoice["id"], invoice["name"], invoice["total"], invoice["merchant"]) == (1, "发票.pdf", "-113.00", None)
    assert (receipt["id"], receipt["total"], receipt["total_level"]) == (2, None, "missing")
    assert (receipt["merchant"], receipt["date_level"]) == ("+60 Kedai", None)


def test_a_document_without_fields_is_exported_too(db: Database) -> None:
    save(db, record("blank.png", text=(), fields={}))
    assert [row[1] for row in tables.documents(db, Choice()).rows] == ["发票.pdf", "receipt.jpg", "blank.png"]


@pytest.mark.parametrize(("table", "names"), [("invoices", ["发票.pdf"]), ("receipts", ["receipt.jpg"])])
def test_views_are_exported_as_they_are(db: Database, table: str, names: list[str]) -> None:
    rows = tables.TABLES[table](db, Choice())
    assert rows.columns == tuple(db[table].columns_dict)
    assert [row[rows.columns.index("name")] for row in rows.rows] == names


def test_items_name_their_document(db: Database) -> None:
    table = tables.items(db, Choice())
    assert next(dict(zip(table.columns, row, strict=True)) for row in table.rows) == {
        "document_id": 1,
        "document": "发票.pdf",
        "item_index": 0,
        "name": "牛奶",
        "quantity": "2",
        "unit_price": "5.00",
        "amount": "10.00",
        "rate": "13",
        "tax": "1.30",
        "paper_index": 0,
    }


def test_items_of_further_papers_follow(db: Database) -> None:
    made = record("stack.pdf")
    second = Paper((1,), None, "invoice", (), (Item("灯", "3", "2.50", "7.50"),), Status.DONE)
    save(db, replace(made, extraction=replace(made.extraction, further=(second,))))
    rows = list(tables.items(db, Choice()).rows)
    assert [row[1] for row in rows][-3:] == ["stack.pdf"] * 3
    assert rows[-1][2:] == (0, "灯", "3", "2.50", "7.50", None, None, 1)


@pytest.mark.parametrize(("table", "rows"), [("documents", 1), ("invoices", 0), ("receipts", 1), ("items", 2)])
def test_since_leaves_out_what_was_recorded_before(db: Database, table: str, rows: int) -> None:
    assert len(list(tables.TABLES[table](db, Choice(NOON + timedelta(hours=1))).rows)) == rows


def test_csv_cannot_smuggle_formulas_into_a_spreadsheet(db: Database) -> None:
    invoice, receipt = read_csv(written(export.write_csv, tables.documents(db, Choice())))
    assert invoice["seller_name"] == "'=CMD|A1"
    assert receipt["merchant"] == "'+60 Kedai"
    assert invoice["total"] == "-113.00"


@pytest.mark.parametrize(
    "value", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠A1", "-", "-1.5e3", "+1"]
)
def test_csv_neutralises_every_beginning_of_a_formula(value: str) -> None:
    data = written(export.write_csv, Rows(("x",), iter([(value,)])))
    assert read_csv(data) == [{"x": f"'{value}"}]


def test_csv_keeps_awkward_text_in_one_cell() -> None:
    value = 'a,"b"\nc;d'
    assert read_csv(written(export.write_csv, Rows(("x",), iter([(value,)])))) == [{"x": value}]


def test_csv_has_a_byte_order_mark_only_on_request() -> None:
    table = Rows(("名",), iter([]))
    assert written(export.write_csv, table) == "名\r\n".encode()
    target = io.BytesIO()
    export.write_csv(table, target, bom=True)
    assert target.getvalue() == b"\xef\xbb\xbf" + "名\r\n".encode()


def test_json_lines_have_the_values_of_the_database(db: Database) -> None:
    lines = written(export.write_jsonl, tables.documents(db, Choice())).decode().splitlines()
    invoice, receipt = map(json.loads, lines)
    assert invoice["seller_name"] == "=CMD|A1"
    assert invoice["page_count"] == 1
    assert receipt["total"] is None
    assert "发票.pdf" in lines[0]


def cells(data: bytes) -> dict[str, tuple[str | None, str]]:
    """Cell name -> type (None for numbers) and text, of the first sheet."""
    space = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return {cell.attrib["r"]: (cell.get("t"), "".join(cell.itertext())) for cell in sheet.iterfind(".//s:c", space)}


def test_a_workbook_has_numbers_dates_and_text_where_they_belong() -> None:
    row = ("25312000000012345678", "2026-07-31", "-113.00", "=1+1", None, 7, "2026-99-99", "a\0b", "0001-01-01", 0.5)
    kinds: dict[str, Kind] = {"b": "date", "c": "money", "d": "money", "g": "date", "i": "date"}
    sheet = cells(written(export.write_xlsx, Rows(tuple("abcdefghij"), iter([row]), kinds)))
    assert sheet["A2"] == ("inlineStr", "25312000000012345678")
    assert sheet["B2"] == (None, "46234")  # days since 1899-12-30
    assert sheet["C2"] == (None, "-113")
    assert sheet["D2"] == ("inlineStr", "=1+1")
    assert "E2" not in sheet
    assert sheet["F2"] == (None, "7")
    assert sheet["G2"] == ("inlineStr", "2026-99-99")
    assert sheet["H2"] == ("inlineStr", "a\\x00b")
    assert sheet["I2"] == ("inlineStr", "0001-01-01")
    assert sheet["J2"] == (None, "0.5")


def test_codes_that_look_like_amounts_and_dates_stay_text() -> None:
    row = ("007.50", "2024-01-31", "12.00")
    sheet = cells(written(export.write_xlsx, Rows(("invoice_no", "check_code", "name"), iter([row]))))
    assert [sheet[f"{column}2"] for column in "ABC"] == [("inlineStr", text) for text in row]


def test_numbers_that_a_sheet_would_round_stay_text() -> None:
    row = ("1234567890123.456", "1E5", "0.333333", "-2")
    kinds: dict[str, Kind] = dict.fromkeys("abcd", "number")
    sheet = cells(written(export.write_xlsx, Rows(tuple("abcd"), iter([row]), kinds)))
    assert [sheet[f"{column}2"][0] for column in "ABCD"] == ["inlineStr", "inlineStr", None, None]


def test_tables_tell_what_their_columns_mean(db: Database) -> None:
    items = cells(written(export.write_xlsx, tables.items(db, Choice())))
    assert [items[f"{column}2"] for column in "EFGHI"] == [(None, number) for number in ("2", "5", "10", "13", "1.3")]
    found = tables.TABLES["invoices"](db, Choice())
    invoices = cells(written(export.write_xlsx, found))
    by_name = {name: invoices.get(f"{_letters(at)}2") for at, name in enumerate(found.columns)}
    assert by_name["date"] == (None, "46234")
    assert by_name["total"] == (None, "-113")
    assert by_name["invoice_no"] == ("inlineStr", "25312000000012345678")
    recorded = by_name["recorded_at"]
    assert recorded is not None and recorded[0] is None


def _letters(at: int) -> str:
    return chr(65 + at) if at < 26 else f"{chr(64 + at // 26)}{chr(65 + at % 26)}"


def test_a_workbook_can_be_filtered(db: Database) -> None:
    data = written(export.write_xlsx, tables.items(db, Choice()))
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        assert b'<autoFilter ref="A1:J5"/>' in book.read("xl/worksheets/sheet1.xml")


def test_a_workbook_of_too_many_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_MAX_SHEET_ROWS", 3)
    table = Rows(("x",), iter([(n,) for n in range(3)]))
    with pytest.raises(IngestdError, match="more than 2 rows"):
        written(export.write_xlsx, table)


def test_rows_are_made_while_they_are_written() -> None:
    made = []

    def rows() -> Iterator[tuple[Value, ...]]:
        for n in range(3):
            made.append(n)
            yield (n,)

    table = Rows(("x",), rows())
    assert made == []
    assert next(table.rows) == (0,)
    assert made == [0]
