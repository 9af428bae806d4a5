from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Cell
from ingestd.store.database import connect
from ingestd.store.documents import load_reading
from ingestd.store.table_rows import cell_quad
from tests.support.records import TABLE, line, record, save, with_table


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


def test_tables_come_back_as_they_were_saved(db: Database) -> None:
    assert load_reading(db, save(db, with_table())).tables == (TABLE,)


def test_the_view_has_a_row_per_cell(db: Database) -> None:
    save(db, with_table())
    rows = db.query("SELECT * FROM table_cells ORDER BY row_index, column_index")
    shown = [(row["row_index"], row["column_index"], row["text"], row["column_span"], row["is_header"]) for row in rows]
    assert shown == [(0, 0, "Total", 2, 1), (1, 0, "=1+1", 1, 0), (1, 1, "", 1, 0)]


def test_cells_take_few_bytes(db: Database) -> None:
    save(db, with_table())
    [(cells,)] = db.execute("SELECT cells FROM tables").fetchall()
    assert cells == '[[0,0,"Total",[0,1],1,2],[1,0,"=1+1",1],[1,1]]'


def test_cells_with_the_text_of_their_line_take_its_number(db: Database) -> None:
    """Whatever stands before the line in the text, and beside cells that say it in full."""
    save(db, record("another.pdf", text=("another", "line", "of", "text")))
    texts = ("永辉超市", "=1+1", "two", "x")
    lines = tuple(line(text, page=row // 2, row=row) for row, text in enumerate(texts))
    lines = (*lines, replace(lines[0], page_index=1, text="nul\0"))
    cells = (
        Cell(0, 0, "永辉超市", lines=(0,)),
        Cell(0, 1, ""),
        Cell(1, 0, "two", lines=(2,)),
        Cell(1, 1, "x!", lines=(3,)),
    )
    table = replace(TABLE, row_edges=(0, 0.5, 1), column_edges=(0, 0.5, 1), cells=cells)
    other = replace(table, cells=(*cells[:2], Cell(1, 0, "nul\0", lines=(4,)), Cell(1, 1, "x", lines=(3,))))
    read = record(text=texts, pages=2)
    document_id = save(db, replace(read, reading=replace(read.reading, lines=lines, tables=(table, other))))
    assert load_reading(db, document_id).tables == (table, other)
    assert db.execute("SELECT cells FROM tables").fetchall() == [('[0,null,2,[1,1,"x!",3]]',), ("[0,null,4,3]",)]
    sql = "SELECT row_index, column_index, text FROM table_cells WHERE table_index = 0"
    assert db.execute(sql).fetchall() == [(0, 0, "永辉超市"), (0, 1, ""), (1, 0, "two"), (1, 1, "x!")]


def test_cells_of_the_schema_before_are_read(db: Database) -> None:
    document_id = save(db, with_table())
    db.execute("""UPDATE tables SET cells = '[[0,0,"Total",[0,1],1,2],[1,0,"=1+1",1],[1,1]]'""")
    assert load_reading(db, document_id).tables == (TABLE,)


def test_a_document_of_an_older_version_has_no_tables(db: Database) -> None:
    assert load_reading(db, save(db, record())).tables == ()


def test_a_cell_lies_between_its_edges_on_a_turned_page() -> None:
    turned = replace(TABLE, quad=((300, 0), (300, 400), (200, 400), (200, 0)))
    assert cell_quad(turned, Cell(1, 1, "")) == ((250, 100), (250, 400), (200, 400), (200, 100))
