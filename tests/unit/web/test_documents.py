"""The list of documents, its exports, and uploads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from ingestd.document import Status
from ingestd.files.identity import look
from ingestd.store import blind_spots
from ingestd.store.job import Job
from ingestd.store.jobs import Jobs
from ingestd.web.pages.documents import PAGE
from ingestd.web.tokens import Role
from tests.support import records
from tests.support.desk import OWN, Desk
from tests.support.world import png

SCRIPT = {**OWN, "Accept": "application/json"}
HTML = {**OWN, "Accept": "text/html"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    invoice = {"seller_name": "深圳市腾讯计算机系统有限公司", "invoice_no": "81440426", "date": "2026-07-01"}
    records.save(desk.db, records.record("a.pdf", fields={**invoice, "total": "1106.00"}, rule="cn-vat-invoice"))
    receipt: dict[str, str | None] = {"merchant": "KEDAI <b>PAPAN", "date": "2026-07-15", "total": "12.50"}
    records.save(desk.db, records.record("<i>b.pdf", fields=receipt, status=Status.REVIEW))
    return desk


def test_newest_come_first_with_sums_per_kind(desk: Desk) -> None:
    page = desk.client.get("/documents").text
    assert page.index("/documents/2") < page.index("/documents/1")
    assert "1,106.00" in page and "81440426" in page and "2026-07-15" in page
    assert "<b>1</b>" in page
    assert 'class="count">1<' in page


def test_markup_in_names_and_values_is_inert(desk: Desk) -> None:
    page = desk.client.get('/documents?text=<script>alert(1)</script>&seller="><script>').text
    assert "<script>alert" not in page and '"><script>' not in page
    page = desk.client.get("/documents").text
    assert "<b>PAPAN" not in page and "<i>b.pdf" not in page
    assert "KEDAI &lt;b&gt;PAPAN" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=腾讯", [1]),
        ("text=腾讯计算机", [1]),
        ("status=review", [2]),
        ("total_from=1000", [1]),
        ("seller=papan&level=proved", [2]),
        ("date_to=2026-06-30", []),
    ],
)
def test_filters_are_the_address(desk: Desk, query: str, found: list[int]) -> None:
    page = desk.client.get(f"/documents?{query}").text
    assert [number for number in (1, 2) if f'href="/documents/{number}"' in page] == found
    assert ("No document is like this" in page) == (not found)


def test_wrong_filter_says_which(desk: Desk) -> None:
    page = desk.client.get("/documents?date_from=yesterday", headers=HTML)
    assert page.status_code == 422 and "date_from: found" in page.text


def test_pages_follow_each_other_and_keep_the_filters(desk: Desk) -> None:
    for number in range(PAGE):
        records.save(desk.db, records.record(f"{number}.pdf", fields={"merchant": f"shop {number}"}))
    page = desk.client.get("/documents?kind=en-receipt").text
    assert "/documents?kind=en-receipt&amp;before=3" in page
    older = desk.client.get("/documents?kind=en-receipt&before=3").text
    assert 'href="/documents/2"' in older and 'href="/documents/3"' not in older
    assert 'href="/documents?kind=en-receipt"' in older
    for wrong in ("x", "-1", "9" * 30):
        assert desk.client.get(f"/documents?before={wrong}").status_code == 422


def test_export_holds_what_is_listed(desk: Desk) -> None:
    answer = desk.client.get("/documents/export.csv?text=腾讯")
    assert answer.headers["content-disposition"] == 'attachment; filename="documents-2026-08-03.csv"'
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert (row["id"], row["seller_name"], row["total"]) == ("1", "深圳市腾讯计算机系统有限公司", "1106.00")
    rows = [json.loads(line) for line in desk.client.get("/documents/export.jsonl").text.splitlines()]
    assert [row["id"] for row in rows] == [1, 2]
    assert desk.client.get("/documents/export.xlsx").content.startswith(b"PK")
    assert desk.client.get("/documents/export.exe").status_code == 404


# -- uploads


def inbox(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.root / "inbox").iterdir())


def test_upload_goes_into_the_inbox_under_a_free_name(desk: Desk) -> None:
    for content in ("one", "two"):
        answer = desk.client.post("/documents", files={"document": ("发票.png", png(content))}, headers=SCRIPT)
        assert answer.status_code == 202
    names = inbox(desk)
    assert "发票.png" in names and len(names) == 2
    assert {(desk.root / "inbox" / name).read_bytes() for name in names} == {png("one"), png("two")}


def test_upload_works_without_javascript(desk: Desk) -> None:
    files = [("document", ("a.png", png("a"))), ("document", ("b.png", png("b")))]
    answer = desk.client.post("/documents", files=files, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents")
    assert inbox(desk) == ["a.png", "b.png"]


def test_name_of_an_upload_is_no_path(desk: Desk) -> None:
    for name in ("../../outside.png", "C:\\temp\\outside.png", "/etc/outside.png"):
        assert desk.client.post("/documents", files={"document": (name, png(name))}, headers=SCRIPT).status_code == 202
    assert all(name.startswith("outside") for name in inbox(desk))
    assert len(inbox(desk)) == 3


def test_refusals_leave_nothing_behind(desk: Desk) -> None:
    statuses = [
        desk.client.post("/documents", files={"document": (name, content)}, headers=SCRIPT).status_code
        for name, content in ((".hidden.png", b"x"), ("a.tmp", b"x"), ("empty.png", b""))
    ]
    assert statuses == [422, 422, 422]
    (desk.root / "inbox").rmdir()
    gone = desk.client.post("/documents", files={"document": ("a.png", b"x")}, headers=SCRIPT)
    assert (gone.status_code, gone.json()["code"]) == (503, "no-inbox")
    assert not list(desk.app.state.services.reader.folder.iterdir())


def test_readers_and_other_sites_upload_nothing(desk: Desk) -> None:
    files = {"document": ("a.png", png("a"))}
    assert desk.client.post("/documents", files=files).status_code == 403
    assert desk.with_token(Role.READ).post("/documents", files=files).status_code == 403
    assert desk.with_token(Role.REVIEW).post("/documents", files=files).status_code == 303
    assert inbox(desk) == ["a.png"]


def test_sentinel_that_is_missing_stops_uploads(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    section = desk.config.inboxes[0].model_copy(update={"sentinel": ".mounted"})
    config = desk.config.model_copy(update={"inboxes": (section,)})
    object.__setattr__(desk.app.state.services, "config", config)
    answer = desk.client.post("/documents", files={"document": ("a.png", b"x")}, headers=SCRIPT)
    assert answer.status_code == 503


def sent(desk: Desk) -> dict[str, str]:
    answer = desk.client.post("/documents", files={"document": ("a.png", png("a"))}, headers=SCRIPT)
    file: dict[str, str] = answer.json()["files"][0]
    return file


def arrive(desk: Desk) -> tuple[Jobs, Job]:
    path = desk.root / "inbox" / "a.png"
    jobs = Jobs(desk.db)
    identity = look(path)
    assert identity is not None
    return jobs, jobs.arrive("inbox", path, identity, desk.clock.now())


def test_script_follows_an_upload_to_its_document(desk: Desk) -> None:
    file = sent(desk)
    assert desk.client.get("/documents/arrived", params=file).json() == {"state": "unseen"}
    jobs, job = arrive(desk)
    assert desk.client.get("/documents/arrived", params=file).json()["state"] == "arrived"
    assert "1 waiting" in desk.client.get("/documents/now").text
    claimed = jobs.claim(job, desk.clock.now())
    assert isinstance(claimed, Job)
    assert "Reading a.png" in desk.client.get("/documents/now").text
    reason = {"code": "damaged", "found": "a torn page", "expected": "a whole one", "fix": "scan it again"}
    jobs.fail(claimed, json.dumps(reason), desk.root / "failed" / "a.png", None, desk.clock.now())
    answer = desk.client.get("/documents/arrived", params=file).json()
    assert answer == {"state": "failed", "document_id": None, "reason": "a torn page; scan it again"}


def test_earlier_file_of_the_same_name_is_not_the_upload(desk: Desk) -> None:
    (desk.root / "inbox" / "a.png").write_bytes(png("earlier"))
    arrive(desk)
    (desk.root / "inbox" / "a.png").unlink()
    desk.clock.move(60)
    assert desk.client.get("/documents/arrived", params=sent(desk)).json() == {"state": "unseen"}


@pytest.mark.parametrize("query", ["", "name=a.png", "name=a.png&since=x", "name=../a&since=2026-08-03T12:00:00.000Z"])
def test_wrong_questions_about_uploads(desk: Desk, query: str) -> None:
    assert desk.client.get(f"/documents/arrived?{query}").status_code == 422


def test_status_names_what_the_daemon_cannot_look_at(desk: Desk) -> None:
    spots = {
        desk.root / "inbox" / "locked": ("inbox", "Permission denied; let the user of ingestd read and enter it: x")
    }
    blind_spots.replace_all(desk.db, spots, desk.clock.now())
    english = desk.client.get("/status").text
    assert f"Nothing is taken from {desk.root}/inbox/locked: Permission denied" in english
    chinese = desk.client.get("/status", headers={"Accept-Language": "zh"}).text
    assert "没有权限" in chinese
