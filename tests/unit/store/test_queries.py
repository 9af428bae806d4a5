from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.document import Status
from ingestd.store import queries, words
from ingestd.store.database import connect
from ingestd.store.jobs import Jobs
from tests.support import jobs
from tests.support.records import NOON, record, save


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with connect(tmp_path / "ingestd.db") as db:
        yield db


@pytest.fixture
def scans(db: Database) -> Database:
    save(db, record("发票一.pdf", text=("深圳市腾讯计算机系统有限公司", "价税合计 113.00"), fields={"total": "113.00"}))
    save(
        db, record("receipt.jpg", text=("KEDAI PAPAN YEW CHUAN", "Total RM 50%", "a_b"), fields={"date": "2018-12-25"})
    )
    save(db, record("Fax 003.tif", text=('say "hello" AND OR (NOT)', "NEAR(x)"), fields={}))
    return db


def names(db: Database, text: str, limit: int = 20) -> list[str]:
    return sorted(hit.document.name for hit in queries.search(db, text, limit))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("腾讯计算机", ["发票一.pdf"]),
        ("腾讯", ["发票一.pdf"]),  # two characters: too short for the trigram index
        ("讯", ["发票一.pdf"]),
        ("腾讯 价税合计", ["发票一.pdf"]),
        ("腾讯 kedai", []),
        ("papan", ["receipt.jpg"]),
        ("PAPAN 50%", ["receipt.jpg"]),
        ("2018-12-25", ["receipt.jpg"]),  # a value that the paper says otherwise
        ("receipt", ["receipt.jpg"]),
        ("发票", ["发票一.pdf"]),
        ("0%", ["receipt.jpg"]),  # LIKE's own signs are taken literally
        ("_b", ["receipt.jpg"]),
        ("_x", []),
        ('"hello"', ["Fax 003.tif"]),  # and so are those of FTS5
        ("(NOT)", ["Fax 003.tif"]),
        ("NEAR(x)", ["Fax 003.tif"]),
        ("AND", ["Fax 003.tif"]),
        ("*", []),
        ("", []),
        ("   ", []),
    ],
)
def test_search(scans: Database, text: str, found: list[str]) -> None:
    assert names(scans, text) == found


def test_search_composes_what_is_typed_in_pieces(db: Database) -> None:
    save(db, record("café.pdf"))
    assert names(db, "cafe\u0301") == ["café.pdf"]


def test_search_gives_no_more_than_asked_for_newest_first(db: Database) -> None:
    save(db, record("a", text=("total total total",)))
    save(db, record("b", text=("total " + "and many other words " * 50,)))
    save(db, record("c", text=("nothing",)))
    assert [hit.document.name for hit in queries.search(db, "total", 20)] == ["b", "a"]
    assert [hit.document.name for hit in queries.search(db, "total", 1)] == ["b"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("超市", ["1", "2", "3", "4 超市"]),  # inside, at the end of a text, of a value, of a name
        ("超市 Total", ["1"]),
        ("超市 12", ["1", "2"]),
        ("ＡＢ", []),
        ("aB", ["5"]),
        ("AB cd", ["5"]),
        ("市 超", ["1", "2", "3", "4 超市"]),
        ("超市 市场", []),
    ],
)
def test_words_of_two_characters_are_found_wherever_they_stand(db: Database, text: str, found: list[str]) -> None:
    save(db, record("1", text=("永辉超市 Total 12",), fields={}))
    save(db, record("2", text=("12 永辉超市",), fields={}))
    save(db, record("3", text=("nothing",), fields={"merchant": "永辉超市"}))
    save(db, record("4 超市", text=("nothing",), fields={}))
    save(db, record("5", text=("xABcdx",), fields={}))
    assert names(db, text) == found


def test_a_word_of_very_many_trigrams_is_looked_for_in_the_newest(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "_MAX_TRIGRAMS", 2)
    for name, text in (("1", "abc abx abe"), ("2", "abf abg"), ("3", "x ab")):
        save(db, record(name, text=(text,), fields={}))
    assert names(db, "ab") == ["1", "2", "3"]
    assert names(db, "ab abe") == ["1"]


@pytest.mark.parametrize("given", ["1", "/inbox/a.png", "/archive/a.png", "a.png", "abcdef"])
def test_no_search_for_a_document_reads_the_whole_table(db: Database, given: str) -> None:
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    queries.find(db, given)
    db.conn.set_trace_callback(None)
    for sql in [sql for sql in asked if sql.startswith("SELECT d.")]:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]
        assert not [step for step in plan if step.startswith("SCAN")], sql


def test_short_words_find_the_newest_first(db: Database) -> None:
    for day in range(3):
        save(db, record(f"{day}", text=("超市",)), at=NOON + timedelta(days=day))
    assert [hit.document.name for hit in queries.search(db, "超市", 2)] == ["2", "1"]


def test_excerpt_shows_the_place_on_one_line() -> None:
    text = "\n".join(f"line number {n}" for n in range(40)) + "\fTOTAL 12.50\nthanks"
    assert words.excerpt(text, ["total"]) == "…r 38 / line number 39 / TOTAL 12.50 / thanks"


def test_excerpt_of_a_text_without_the_word_is_its_beginning() -> None:
    assert words.excerpt("\n\nKEDAI " + "x" * 100, ["other"]) == "KEDAI " + "x" * 64 + "…"


def test_documents_are_found_by_id_path_name_and_hash(scans: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in (
        "1",
        "/inbox/发票一.pdf",
        "/archive/发票一.pdf",
        "发票一.pdf",
        record("发票一.pdf").sha256[:6].upper(),
    ):
        assert [document.id for document in queries.find(scans, given)] == [1], given
    monkeypatch.chdir("/")
    assert [document.id for document in queries.find(scans, "archive/receipt.jpg")] == [2]


@pytest.mark.parametrize("given", ["99", "nothing.pdf", "abc", "9" * 30, ""])
def test_names_of_nothing_find_nothing(scans: Database, given: str) -> None:
    assert queries.find(scans, given) == []


def test_a_name_used_twice_finds_both_newest_first(db: Database) -> None:
    first = save(db, record("scan.pdf"))
    other = record("other.pdf")
    second = save(db, other, archive=Path("/archive/2"))
    db.execute("UPDATE documents SET name = 'scan.pdf' WHERE id = ?", [second])
    assert [document.id for document in queries.find(db, "scan.pdf")] == [second, first]


def test_a_name_that_is_not_printable_is_found_as_it_is(db: Database) -> None:
    saved = save(db, record("a\nb\udcff.pdf"))
    assert [document.id for document in queries.find(db, "a\nb\udcff.pdf")] == [saved]


def test_latest_are_the_newest(db: Database) -> None:
    for day in range(3):
        save(db, record(f"{day}"), at=NOON + timedelta(days=day))
    assert [(document.name, document.recorded_at) for document in queries.latest(db, 2)] == [
        ("2", NOON + timedelta(days=2)),
        ("1", NOON + timedelta(days=1)),
    ]
    assert queries.all_ids(db) == [1, 2, 3]


def test_status_of_an_empty_database(db: Database) -> None:
    assert queries.status(db, NOON, 10) == queries.Overview(0, 0, 0, 0, 0, {}, None, [])


def test_status_counts_documents_and_their_age(db: Database) -> None:
    save(db, record("a", pages=2), at=NOON - timedelta(minutes=59))
    save(db, record("b", status=Status.REVIEW), at=NOON - timedelta(hours=2))
    save(db, record("c"), at=NOON - timedelta(days=2))
    status = queries.status(db, NOON, 10)
    assert (status.documents, status.review, status.pages) == (3, 1, 4)
    assert (status.last_hour, status.last_day) == (1, 2)


def test_status_names_the_oldest_file_that_waits(db: Database) -> None:
    ledger = Jobs(db)
    jobs.done(ledger, "done.pdf", save(db, record("done.pdf")), at=NOON - timedelta(days=9))
    oldest = jobs.waiting(ledger, "stuck\n.pdf", NOON - timedelta(hours=3), "disk full").id
    jobs.arrived(ledger, "new.pdf", NOON - timedelta(minutes=1))
    status = queries.status(db, NOON, 10)
    assert status.jobs == {"arrived": 1, "done": 1, "waiting": 1}
    assert status.oldest == queries.Waiting(
        job_id=oldest,
        name="stuck\\x0a.pdf",
        inbox="inbox",
        state="waiting",
        since=NOON - timedelta(hours=3),
        age_s=10_800.0,
        reason="disk full",
    )


def test_status_lists_the_last_failures_with_reasons(db: Database) -> None:
    ledger = Jobs(db)
    reason = {"code": "encrypted", "found": "a password", "expected": "an open PDF", "fix": "remove the password"}
    for hour in range(3):
        at = NOON - timedelta(hours=hour)
        jobs.failed(ledger, f"{hour}.pdf", json.dumps(reason), at)
    status = queries.status(db, NOON, failures=2)
    assert status.jobs == {"failed": 3}
    assert [failure.name for failure in status.failures] == ["0.pdf", "1.pdf"]
    assert status.failures[0].code == "encrypted"
    assert status.failures[0].reason == "a password; expected an open PDF; remove the password"
    assert status.failures[0].kept_path == "/failed/0.pdf"
    assert status.failures[0].failed_at == datetime(2026, 8, 3, 12, 0, 0, 250_000, tzinfo=UTC)


def test_queries_leave_no_transaction_open(scans: Database) -> None:
    queries.search(scans, "total", 1)
    queries.status(scans, NOON, 1)
    queries.find(scans, "1")
    assert not scans.conn.in_transaction
