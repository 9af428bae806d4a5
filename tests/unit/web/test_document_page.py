"""One document, its pictures and its original; failed files; status."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from ingestd.admin.correct import Corrector, Wanted
from ingestd.document import FieldCandidate, Level, PageRole, Paper, Status
from ingestd.engine import Machine
from ingestd.engine.machines import MachinesFile
from ingestd.files.identity import look
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs
from ingestd.web.pages import status
from ingestd.web.tokens import Role
from tests.support import records
from tests.support.desk import OWN, Desk, shipped_rules
from tests.support.world import png

HTML = {"Accept": "text/html"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def save(desk: Desk, name: str = "发票 1.pdf", **changes: object) -> bytes:
    """Record a document whose original lies in the archive."""
    content = png(name)
    folder = desk.root / "archive"
    folder.mkdir(exist_ok=True)
    record = dataclasses.replace(records.record(name), sha256=hashlib.sha256(content).hexdigest(), **changes)  # type: ignore[arg-type]
    (folder / name).write_bytes(content)
    records.save(desk.db, record, archive=folder)
    return content


def test_page_shows_tables_with_spans_and_headers(desk: Desk) -> None:
    save(desk, reading=records.with_table().reading)
    page = desk.client.get("/documents/1").text
    assert '<th colspan="2">Total</th>' in page
    assert "<td>=1+1</td><td></td>" in page


def test_page_shows_fields_with_reasons_text_items_and_history(desk: Desk) -> None:
    save(desk)
    page = desk.client.get("/documents/1").text
    for part in ("永辉超市", "12.50", "net + tax = total", "牛奶", "Total 12.50", "rules r0", "proved"):
        assert part in page, part
    assert '<image href="/v1/documents/1/pages/0.png"' in page
    assert 'href="/v1/documents/1/original"' in page


def test_other_files_of_the_same_invoice_are_linked(desk: Desk) -> None:
    fields = {"receipt_no": "4711", "date": "2026-08-03", "total": "12.50", "merchant": "<b>永辉超市"}
    for name in ("a.pdf", "b.jpg"):
        records.save(desk.db, records.record(name, fields={**fields}))
    page = desk.client.get("/documents/1").text
    assert '<a href="/documents/2">b.jpg</a>' in page
    assert "same number 4711, date 2026-08-03, total 12.50 and seller &lt;b&gt;永辉超市" in page


def test_papers_of_a_file_and_pages_of_none_are_listed(desk: Desk) -> None:
    base = records.record("stack.pdf", pages=3)
    roles = (PageRole.BEGINS, PageRole.SEPARATOR, PageRole.BEGINS)
    infos = tuple(dataclasses.replace(page, role=role) for page, role in zip(base.reading.pages, roles, strict=True))
    part = ((10.0, 20.0), (300.0, 20.0), (300.0, 500.0), (10.0, 500.0))
    second = Paper((2,), part, "invoice", (records.field("total", "99.50"),), (), Status.REVIEW)
    extraction = dataclasses.replace(base.extraction, pages=(0,), further=(second,))
    reading = dataclasses.replace(base.reading, pages=infos)
    records.save(desk.db, dataclasses.replace(base, reading=reading, extraction=extraction))
    page = desk.client.get("/documents/1").text
    assert "Papers in this file" in page and "99.50" in page
    assert '<a href="?page=2">page 2</a> separator' in page
    assert 'class="paper"' not in page
    assert 'class="paper" points="10' in desk.client.get("/documents/1?page=3").text
    records.save(desk.db, records.record("one.pdf"))
    assert "Papers in this file" not in desk.client.get("/documents/2").text


def test_rivals_and_markup_are_shown_as_text(desk: Desk) -> None:
    hostile = "<script>alert(1)</script>"
    base = records.record(text=(hostile,), fields={"merchant": hostile}, status=Status.REVIEW)
    field = dataclasses.replace(
        base.extraction.fields[0], raw=hostile * 2, candidates=(FieldCandidate(hostile * 3, hostile, Level.READ),)
    )
    extraction = dataclasses.replace(base.extraction, fields=(field,))
    records.save(desk.db, dataclasses.replace(base, name=f"{hostile}.pdf", extraction=extraction))
    page = desk.client.get("/documents/1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" * 3 in page
    assert 'href="/review/1"' in page


def test_pages_are_shown_one_at_a_time(desk: Desk) -> None:
    records.save(desk.db, records.record("long.pdf", pages=3))
    page = desk.client.get("/documents/1?page=2").text
    assert "/pages/1.png" in page and "/pages/0.png" not in page
    for wrong in ("0", "4", "x", "-1", "²", "9" * 99):
        assert desk.client.get(f"/documents/1?page={wrong}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/documents/7",
        "/documents/99999999999999999999",
        "/documents/7/sidecar",
        "/v1/documents/7/original",
        "/v1/documents/7/pages/0.png",
        "/v1/documents/99999999999999999999/original",
        "/documents/x",
        "/documents/-1",
    ],
)
def test_what_is_not_there_is_404(desk: Desk, path: str) -> None:
    assert desk.client.get(path).status_code == 404


def test_original_is_an_attachment_of_its_type(desk: Desk) -> None:
    content = save(desk)
    answer = desk.client.get("/v1/documents/1/original")
    assert answer.content == content
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8%201.pdf"


def test_original_of_an_unlisted_type_is_bytes(desk: Desk) -> None:
    save(desk, media_type="text/html")
    assert desk.client.get("/v1/documents/1/original").headers["content-type"] == "application/octet-stream"


def test_original_that_changed_or_is_gone_is_not_sent(desk: Desk) -> None:
    save(desk)
    path = desk.root / "archive" / "发票 1.pdf"
    path.write_bytes(b"other")
    assert desk.client.get("/v1/documents/1/original").json()["code"] == "changed"
    path.unlink()
    assert desk.client.get("/v1/documents/1/original").status_code == 410


def test_name_of_an_original_puts_nothing_into_headers(desk: Desk) -> None:
    save(desk, name='a"\r\nSet-Cookie: x=1;.pdf')
    answer = desk.client.get("/v1/documents/1/original")
    assert "set-cookie" not in answer.headers
    assert "\n" not in answer.headers["content-disposition"]


def test_pictures_are_drawn_by_a_worker_from_the_original(desk: Desk) -> None:
    save(desk)
    answer = desk.client.get("/v1/documents/1/pages/0.png")
    assert answer.headers["content-type"] == "image/png"
    [(path, sha256, index)] = desk.painter.drawn
    assert (path, index) == (desk.root / "archive" / "发票 1.pdf", 0)
    assert answer.content == f"PNG {sha256} 0".encode()


def test_sidecar_is_downloaded(desk: Desk) -> None:
    save(desk)
    answer = desk.client.get("/documents/1/sidecar")
    assert json.loads(answer.content)["id"] == 1
    assert answer.headers["content-disposition"].startswith("attachment")


# -- failed files


def fail(desk: Desk, name: str) -> Job:
    path = desk.root / "inbox" / name
    path.write_bytes(png(name))
    identity = look(path)
    assert identity is not None
    jobs = Jobs(desk.db)
    claimed = jobs.claim(jobs.arrive("inbox", path, identity, desk.clock.now()), desk.clock.now())
    assert isinstance(claimed, Job)
    reason = {"code": "damaged", "found": "a <b>torn page", "expected": "a whole one", "fix": "scan it again"}
    failed = jobs.fail(claimed, json.dumps(reason), desk.root / "failed" / name, None, desk.clock.now())
    assert isinstance(failed, Job)
    return failed


def test_failed_files_say_why_and_can_be_tried_again(desk: Desk) -> None:
    first, second = fail(desk, "a.png"), fail(desk, "b.png")
    page = desk.client.get("/failed").text
    assert "a &lt;b&gt;torn page; expected a whole one" in page and "scan it again" in page
    assert desk.client.post(f"/failed/{first.id}/retry", headers=OWN).status_code == 303
    assert [job.name for job in Jobs(desk.db).in_states((State.FAILED,))] == ["b.png"]
    assert desk.client.post(f"/failed/{first.id}/retry", headers=OWN).status_code == 409
    assert desk.client.post("/failed/99/retry", headers=OWN).status_code == 409
    assert desk.client.post("/failed/retry", headers=OWN).status_code == 303
    assert "Nothing has failed" in desk.client.get("/failed").text
    assert second.name == "b.png"


def test_only_administrators_try_again(desk: Desk) -> None:
    job = fail(desk, "a.png")
    reviewer = desk.with_token(Role.REVIEW)
    assert reviewer.post("/failed/retry").status_code == 403
    assert reviewer.post(f"/failed/{job.id}/retry").status_code == 403
    assert "/retry" not in reviewer.get("/failed").text
    assert desk.with_token(Role.ADMIN).post("/failed/retry").status_code == 303


# -- status


def test_status_counts_and_names_what_is_wrong(desk: Desk) -> None:
    save(desk)
    fail(desk, "a.png")
    page = desk.client.get("/status").text
    assert "The daemon does not run" in page
    assert str(desk.root / "inbox") in page and "✓ there" in page
    (desk.root / "inbox").rename(desk.root / "moved")
    assert "the folder is not there" in desk.client.get("/status").text


def test_fields_that_are_corrected_again_and_again_are_named(desk: Desk) -> None:
    corrector = Corrector(desk.db, shipped_rules(), desk.clock, sidecars=False)
    for number in range(3):
        assert "Corrected again" not in desk.client.get("/status").text
        made = records.record(f"{number}.pdf", fields={"merchant": "KEDAI & CO", "total": "1.00"}, rule="en-receipt")
        document = records.save(desk.db, made)
        corrector.correct(document, [Wanted("total", f"{number + 2}")], by="anna")
    page = desk.client.get("/status").text
    assert "Corrected again" in page and "3 documents" in page
    assert 'href="/documents?seller=KEDAI+%26+CO&amp;kind=en-receipt"' in page


def test_status_shows_other_machines_in_both_languages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "daemon_runs", lambda _: True)
    work = desk.config.spool.work
    work.mkdir(exist_ok=True)
    one = Machine("one <b>", "tls://a:1", slots=4, in_work=3, documents=1234, restarts=2)
    refused = Machine("two", "tls://b:1", slots=0, in_work=0, problem="is gone with its scheduler")
    MachinesFile(work).note((one, refused), 10.0)
    english = desk.client.get("/status").text
    assert "one &lt;b&gt;" in english and "3 of 4 in work" in english and "1,234 documents" in english
    chinese = desk.client.get("/status", headers={"Accept-Language": "zh"}).text
    assert "已断开" in chinese and "机器" in chinese
    monkeypatch.setattr(status, "daemon_runs", lambda _: False)
    assert "3 of 4" not in desk.client.get("/status").text
