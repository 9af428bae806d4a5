"""The first screen: reads a file at once, shows its lines beside its picture, records nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ingestd.document import Claim, Record
from ingestd.errors import DocumentError
from ingestd.web.tokens import Role
from tests.support import records
from tests.support.desk import OWN, Desk
from tests.support.world import png

PICTURE = {"image": ("发票.jpg", png("good"), "image/jpeg")}
HTML = {**OWN, "Accept": "text/html"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def reading(record: Record) -> object:
    def work(claim: Claim) -> Record:
        return dataclasses.replace(record, sha256=claim.sha256)

    return work


def test_lines_stand_beside_the_picture_without_javascript(desk: Desk) -> None:
    page = desk.client.post("/read", files=PICTURE, headers=HTML)
    assert page.status_code == 200 and page.text.startswith("<!doctype html>")
    assert "永辉超市" in page.text and "2 lines in 0.00 s" in page.text
    [address] = [part.partition('"')[0] for part in page.text.split('<image href="')[1:]]
    picture = desk.client.get(address)
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"PNG")
    assert 'points="10,0 58,0 58,20 10,20"' in page.text


def test_script_gets_the_part_that_changes(desk: Desk) -> None:
    part = desk.client.post("/read?part=1", files=PICTURE, headers=HTML)
    assert "永辉超市" in part.text and "<html" not in part.text


def test_nothing_is_recorded_or_left_behind(desk: Desk) -> None:
    desk.client.post("/read", files=PICTURE, headers=HTML)
    [claim] = desk.engine.claims
    assert not list(claim.work_path.parent.iterdir())
    assert desk.db.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_markup_in_names_and_text_is_inert(desk: Desk) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    desk.engine.work = reading(records.record(text=(hostile,), fields={"merchant": hostile}))  # type: ignore[assignment]
    page = desk.client.post("/read", files={"image": (f"{hostile}.png", png("x"))}, headers=HTML)
    assert page.status_code == 200
    assert "<script>alert" not in page.text and "<img" not in page.text
    assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4


@pytest.mark.parametrize("query", ["", "?part=1"])
def test_bad_file_says_why(desk: Desk, query: str) -> None:
    desk.engine.work = failing
    page = desk.client.post(f"/read{query}", files=PICTURE, headers=HTML)
    assert page.status_code == 422
    assert "it is torn; expected a whole one" in page.text and "scan it again" in page.text
    assert ("<html" in page.text) == (not query)


def failing(claim: Claim) -> Record:
    raise DocumentError("it is torn", expected="a whole one", fix="scan it again", code="damaged")


def test_no_file_and_an_empty_field_are_refused(desk: Desk) -> None:
    for files in ({"other": ("a.png", b"x")}, {"image": ("", b"")}):
        assert desk.client.post("/read", files=files, headers=HTML).status_code == 400


def test_text_is_shown_where_the_picture_cannot_be_drawn(desk: Desk) -> None:
    desk.painter.error = DocumentError("no", expected="yes", fix="?", code="damaged")
    page = desk.client.post("/read", files=PICTURE, headers=HTML)
    assert page.status_code == 200
    assert "永辉超市" in page.text and "<image" not in page.text


def test_pictures_are_only_those_that_were_drawn(desk: Desk) -> None:
    for name in ("0" * 64, "x", ".." * 32):
        assert desk.client.get(f"/read/{name}/0.png").status_code == 404


def test_other_sites_and_strangers_read_nothing(desk: Desk) -> None:
    foreign = {**HTML, "Sec-Fetch-Site": "cross-site"}
    assert desk.client.post("/read", files=PICTURE, headers=foreign).status_code == 403
    desk.with_token(Role.READ)
    assert desk.client.post("/read", files=PICTURE, headers=HTML).status_code == 303
    assert desk.engine.claims == []


def test_page_speaks_chinese_where_the_browser_does(desk: Desk) -> None:
    page = desk.client.get("/", headers={"Accept-Language": "zh-CN"})
    assert '<html lang="zh-Hans">' in page.text and "识别图片" in page.text
    assert page.headers["vary"] == "Accept-Language"
    assert '<html lang="en">' in desk.client.get("/").text
