"""Lists of documents: filters, pages, sums, and the summaries behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from ingestd.document import Level, Status
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from ingestd.store.listing import Filters, ids_query, kinds, listed, sums
from tests.support import records


@pytest.fixture
def db(tmp_path: Path) -> Database:
    db = connect(tmp_path / "ingestd.db")
    invoice = {"seller_name": "深圳市腾讯计算机系统有限公司", "invoice_no": "81440426", "date": "2026-07-01"}
    records.save(db, records.record("a.pdf", fields={**invoice, "total": "106.00"}, rule="cn-vat-invoice"))
    records.save(
        db,
        records.record(
            "b.pdf",
            fields={"merchant": "KEDAI PAPAN", "date": "2026-07-15", "total": "12.50"},
            text=("KEDAI PAPAN", "TOTAL 12.50"),
            status=Status.REVIEW,
        ),
    )
    records.save(db, records.record("c.pdf", fields={**invoice, "date": "2026-08-01", "total": None}, rule="x-50%_y"))
    return db


def ids(db: Database, **filters: object) -> list[int]:
    return [document.id for document in listed(db, Filters(**filters), 50)]  # type: ignore[arg-type]


def test_newest_come_first_with_what_a_list_shows(db: Database) -> None:
    assert ids(db) == [3, 2, 1]
    document = listed(db, Filters(), 50)[2]
    assert (document.kind, document.seller, document.number) == (
        "cn-vat-invoice",
        "深圳市腾讯计算机系统有限公司",
        "81440426",
    )
    assert (document.date, document.total, document.status) == ("2026-07-01", "106.00", "done")
    assert document.levels == ("proved",)
    assert listed(db, Filters(), 50)[0].levels == ("proved", "missing")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "en-receipt"}, [2]),
        ({"kind": "x-50%_y"}, [3]),
        ({"status": "review"}, [2]),
        ({"seller": "腾讯"}, [3, 1]),
        ({"seller": "papan"}, [2]),
        ({"seller": "81440426"}, []),
        ({"seller": "%"}, []),
        ({"seller": '"'}, []),
        ({"date_from": "2026-07-15"}, [3, 2]),
        ({"date_to": "2026-07-15"}, [2, 1]),
        ({"date_from": "2026-07-02", "date_to": "2026-07-31"}, [2]),
        ({"total_from": 1251}, [1]),
        ({"total_to": 1250}, [2]),
        ({"level": "missing"}, [3]),
        ({"level": "proved", "status": "done"}, [3, 1]),
        ({"text": "腾讯计算机"}, [3, 1]),
        ({"text": "腾讯"}, [3, 1]),
        ({"text": "12.5 total"}, [3, 2, 1]),
        ({"text": "kedai"}, [2]),
        ({"text": "kedai 腾讯"}, []),
        ({"text": "50% OR 1=1 --"}, []),
        ({"text": '"'}, []),
        ({"text": "*"}, []),
        ({"text": " "}, [3, 2, 1]),
        ({"text": "kedai\0papan"}, [2]),
        ({"text": "腾讯计算机", "seller": "腾讯", "date_from": "2026-08-01"}, [3]),
    ],
)
def test_filters(db: Database, filters: dict[str, object], expected: list[int]) -> None:
    assert ids(db, **filters) == expected


@pytest.mark.parametrize("text", [None, "腾讯计算机", "腾讯"])
def test_pages_follow_each_other_whatever_is_added_meanwhile(tmp_path: Path, text: str | None) -> None:
    db = connect(tmp_path / "many.db")
    filters = Filters(text=text)
    for number in range(7):
        records.save(db, records.record(f"{number}.pdf", text=("腾讯计算机系统",)))
    seen: list[int] = []
    while page := listed(db, filters, 3, seen[-1] if seen else None):
        seen += [document.id for document in page]
        records.save(db, records.record(f"later {len(seen)}.pdf", text=("腾讯计算机系统",)))
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_sums_are_of_all_that_the_filters_let_through(db: Database) -> None:
    found = {one.kind: (one.documents, one.total) for one in sums(db, Filters())}
    assert found == {"cn-vat-invoice": (1, "106.00"), "en-receipt": (1, "12.50"), "x-50%_y": (1, "0.00")}
    assert [one.kind for one in sums(db, Filters(text="腾讯计算机", total_from=1))] == ["cn-vat-invoice"]


def test_kinds_that_there_are(db: Database) -> None:
    assert kinds(db) == ["cn-vat-invoice", "en-receipt", "x-50%_y"]


def test_summaries_follow_extraction_and_sql_of_users(db: Database) -> None:
    extraction = documents.load_extraction(db, 2)
    changed = replace(
        extraction,
        rule="receipt-2",
        status=Status.DONE,
        fields=(replace(extraction.fields[0], value="NEW NAME", level=Level.CONFLICT),),
    )
    with transaction(db):
        documents.replace_extraction(db, 2, changed, rules_hash="r1")
    [document] = listed(db, Filters(level="conflict"), 1)
    assert (document.id, document.kind, document.status) == (2, "receipt-2", "done")
    assert (document.seller, document.total, document.date) == ("NEW NAME", None, None)
    db.execute("UPDATE fields SET value = 'BY HAND' WHERE document_id = 2")
    assert listed(db, Filters(seller="BY HAND"), 1)[0].id == 2
    db.execute("DELETE FROM documents WHERE id = 2")
    assert ids(db) == [3, 1]


@pytest.mark.parametrize("total", ["-0.05", "99999999999999999999999999.00", "1e400", "-1e400", "nonsense", ""])
def test_totals_of_any_size_do_not_stop_recording(db: Database, total: str) -> None:
    document = records.save(db, records.record("odd.pdf", fields={"total": total}))
    assert listed(db, Filters(), 1)[0].id == document


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("腾讯", [3, 1]),
        ("司", [3, 1]),
        ("公司", [3, 1]),
        ("df", [3, 2, 1]),
        ("ap TO", [2]),
        ("50", [3, 2, 1]),
        ("腾讯 106", [1]),
        ("zz", []),
    ],
)
def test_words_of_two_characters_are_found_by_the_index(db: Database, text: str, expected: list[int]) -> None:
    filters = Filters(text=text)
    assert ids(db, text=text) == expected
    assert sum(one.documents for one in sums(db, filters)) == len(ids(db, text=text))
    query, values = ids_query(db, filters)
    assert sorted(one for (one,) in db.execute(query, values).fetchall()) == sorted(ids(db, text=text))
    steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()]
    assert len(text) == 1 or "SCAN d" not in steps


def counted(db: Database) -> list[tuple[object, ...]]:
    """The sums as they are without triggers."""
    return db.execute(
        "SELECT rule, status, count(*), coalesce(sum(total_cents), 0) FROM summaries"
        " GROUP BY rule, status ORDER BY rule, status"
    ).fetchall()


def test_sums_per_kind_follow_every_change(db: Database) -> None:
    def kept() -> list[tuple[object, ...]]:
        return db.execute("SELECT * FROM kind_sums WHERE documents > 0 ORDER BY rule, status").fetchall()

    assert kept() == counted(db)
    statements = (
        "UPDATE fields SET value = '7.05' WHERE document_id = 1 AND name = 'total'",
        "UPDATE documents SET status = 'review', rule = 'receipt' WHERE id = 1",
        "DELETE FROM fields WHERE document_id = 2",
        "UPDATE fields SET value = '1.00', level = 'read' WHERE document_id = 3 AND name = 'total'",
        "DELETE FROM documents WHERE id = 2",
    )
    for statement in statements:
        db.execute(statement)
        assert kept() == counted(db), statement
    narrowed = [Filters(), Filters(kind="receipt"), Filters(status="review"), Filters(kind="receipt", status="done")]
    for filters in narrowed:
        slow = replace(filters, total_from=-1_000_000)
        assert sums(db, filters) == sums(db, slow)


def test_kind_and_status_are_walked_by_index(db: Database) -> None:
    wanted = (("rule = 'x' AND status = 'y'", "summaries_rule_status"), ("status = 'y'", "summaries_status_id"))
    for condition, index in wanted:
        sql = f"SELECT document_id FROM summaries WHERE {condition} ORDER BY document_id DESC LIMIT 51"
        [(*_, step)] = db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        assert index in step


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(seller="腾讯"), Filters(text="Total"), Filters(text="腾讯"), Filters(date_from="2026-07-10")],
)
@pytest.mark.parametrize("before", [None, 3])
def test_few_documents_are_listed_as_many_are(db: Database, filters: Filters, before: int | None) -> None:
    number = sum(one.documents for one in sums(db, filters))
    assert listed(db, filters, 2, before, number) == listed(db, filters, 2, before)


def test_many_documents_are_met_on_a_walk_whatever_statistics_say(db: Database) -> None:
    """With the statistics of a million documents, SQLite would look thousands of them up and sort them."""
    db.execute("ANALYZE")
    db.execute("DELETE FROM sqlite_stat1 WHERE tbl IN ('summaries', 'documents')")
    db.execute("INSERT INTO sqlite_stat1 VALUES ('documents', 'documents_status', '1000000 500000')")
    statistics = {
        "summaries_sums": "1000000 500000 333334 5236 1 1 1",
        "summaries_status": "1000000 500000 2 1",
        "summaries_rule_status": "1000000 500000 333334 1",
    }
    db.conn.executemany("INSERT INTO sqlite_stat1 VALUES ('summaries', ?, ?)", statistics.items())
    db.execute("ANALYZE sqlite_schema")
    asked: list[tuple[str, Any]] = []
    filters = Filters(date_from="2026-02-01", date_to="2026-02-28", total_from=50_000, total_to=90_000)
    with db.tracer(lambda sql, values: asked.append((sql, values))):
        listed(db, filters, 50, matching=6669)
    [(sql, values)] = [one for one in asked if one[0].startswith("SELECT")]
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]
    assert plan[0] == "SCAN s"
    assert not [step for step in plan if "TEMP B-TREE" in step]
