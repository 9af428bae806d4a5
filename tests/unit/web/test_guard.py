"""Limits on requests, and what every answer carries."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from ingestd.web.guard import MAX_BODY, MAX_HEADERS, SECURITY_HEADERS
from ingestd.web.tokens import Role
from tests.support.desk import OWN, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/ingestd.css", "/sign-in"])
def test_every_answer_is_secured(desk: Desk, path: str) -> None:
    headers = desk.client.get(path).headers
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert not [name for name in headers if name.startswith("access-control-")]
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy


def test_refusals_and_defects_are_secured_and_of_one_shape(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = desk.client.get("/", headers={"Host": "evil.example"})
    desk.config.record.database.unlink()
    broken = desk.client.get("/", headers={"Accept": "application/json"})
    for answer, status in ((refused, 421), (broken, 500)):
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "message", "fix"}
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert str(desk.root) not in broken.text


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(desk: Desk, method: str) -> None:
    assert desk.client.request(method, "/", headers=OWN).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2fetc%2fpasswd",
        "/static/ingestd.css%00",
        "//etc/passwd",
        "/" + "a" * 600,
        "/?" + "a" * 5000,
    ],
)
def test_paths_lead_nowhere(desk: Desk, path: str) -> None:
    assert desk.client.get(f"http://127.0.0.1:5000{path}").status_code in (400, 404)


def test_headers_have_a_limit(desk: Desk) -> None:
    for length, status in ((MAX_HEADERS - 1000, 200), (MAX_HEADERS, 431)):
        assert desk.client.get("/sign-in", headers={"X-A": "a" * length}).status_code == status


def test_too_many_requests_from_one_client_are_put_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "{requests_per_s: 2}")
    answers = [desk.client.get("/static/ingestd.css").status_code for _ in range(10)]
    assert answers == [200] * 8 + [429] * 2
    desk.clock.move(1)
    assert desk.client.get("/static/ingestd.css").status_code == 200


def test_body_is_refused_by_its_announced_length(desk: Desk) -> None:
    client = desk.with_token(Role.ADMIN)

    for length in (str(MAX_BODY + 1), "2000000000", "-1", "1e3"):
        answer = client.post("/sign-in", content=b"short", headers={"Content-Length": length})
        assert answer.status_code == 413, length


def test_body_is_refused_when_it_grows_too_long(desk: Desk) -> None:
    client = desk.with_token(Role.ADMIN)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post("/sign-in", content=(b"a" * 65536 for _ in range(40)), headers=form)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_slow_body_is_given_up(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "{body_s: 0.05}")
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"host", b"127.0.0.1:5000"), (b"content-type", b"application/x-www-form-urlencoded")]
    headers += [(name.lower().encode(), value.encode()) for name, value in OWN.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/sign-in",
        "raw_path": b"/sign-in",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 5000),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
    }
    asyncio.run(desk.app(scope, receive, send))  # type: ignore[arg-type]
    assert statuses == [408]


def test_access_log_has_no_contents_and_no_line_of_its_own(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "ingestd.web.guard"):
        desk.client.get("/nothing%0aelse?q=secret", headers={"Cookie": "secret=1"})
    [entry] = [record.getMessage() for record in caplog.records if record.name == "ingestd.web.guard"]
    assert "GET /nothing" in entry and " 404 " in entry
    assert "secret" not in entry and "\n" not in entry
