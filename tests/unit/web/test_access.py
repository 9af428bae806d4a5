"""Requests that come in, and those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.errors import ConfigError, IngestdError
from ingestd.web.access import COOKIE
from ingestd.web.app import require_closed
from ingestd.web.tokens import PREFIX, Role, TokenStore
from tests.support.desk import OWN, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "[::1]:5000"])
def test_the_loopback_is_served(desk: Desk, host: str) -> None:
    assert desk.client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:5001", "127.evil.example:5000", "localhost.evil.example:5000", ""]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_host_is_refused_whatever_the_method(desk: Desk, method: str, host: str) -> None:
    assert desk.client.request(method, "/", headers={"Host": host, **OWN}).status_code == 421


def test_hosts_can_be_added(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "{allowed_hosts: [Scans.example]}")
    assert desk.client.get("/", headers={"Host": "scans.example"}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
def test_another_site_changes_nothing(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.client.post("/sign-in", data={"token": "x"}, headers=headers).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:5001", "http://"])
def test_another_origin_changes_nothing_where_the_browser_says_no_more(desk: Desk, origin: str) -> None:
    assert desk.client.post("/sign-in", data={"token": "x"}, headers={"Origin": origin}).status_code == 403
    own = {"Origin": "http://127.0.0.1:5000"}
    assert desk.client.post("/sign-in", data={"token": "x"}, headers=own).status_code == 401


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_embeds_nothing_and_may_link(desk: Desk, site: str) -> None:
    assert desk.client.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert desk.client.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code == 200


def test_first_token_closes_the_loopback(desk: Desk) -> None:
    assert desk.client.get("/").status_code == 200
    client = desk.with_token(Role.READ)
    assert desk.client.get("/").status_code == 401
    assert client.get("/").status_code == 200


def test_wrong_token_is_refused_and_guessing_is_slowed_down(desk: Desk) -> None:
    right = desk.with_token(Role.READ)
    wrong = desk.client_of({"Authorization": f"Bearer {PREFIX}x"})
    answers = [wrong.get("/").status_code for _ in range(15)]
    assert set(answers[:10]) == {401}
    assert answers[-1] == 429
    desk.clock.move(60)
    assert right.get("/").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer x y"])
def test_malformed_authorization_is_refused(desk: Desk, header: str) -> None:
    answer = desk.client.get("/", headers={"Authorization": header})
    assert answer.status_code == 401


def test_session_begins_with_a_token_and_ends(desk: Desk) -> None:
    secret = desk.tokens.add("anna", Role.REVIEW, desk.clock.now())
    browser = desk.client_of(OWN)
    assert browser.get("/", headers={"Accept": "text/html"}).headers["location"] == "/sign-in"
    answer = browser.post("/sign-in", data={"token": secret})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert secret not in cookie
    assert "anna" in browser.get("/").text
    value = browser.cookies[COOKIE]
    assert browser.post("/sign-out").status_code == 303
    browser.cookies.set(COOKIE, value)
    assert browser.get("/").status_code == 401


def test_session_ends_with_its_time_and_with_its_token(desk: Desk) -> None:
    secret = desk.tokens.add("anna", Role.REVIEW, desk.clock.now())
    desk.tokens.add("ben", Role.REVIEW, desk.clock.now())
    browser = desk.client_of(OWN)
    browser.post("/sign-in", data={"token": secret})
    assert browser.get("/").status_code == 200
    desk.clock.move(13 * 3600)
    assert browser.get("/").status_code == 401
    browser.post("/sign-in", data={"token": secret})
    assert browser.get("/").status_code == 200
    desk.tokens.remove("anna")
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize("cookie", [f"{COOKIE}=", f"{COOKIE}=forged", f"{COOKIE}={'a' * 3000}", "=;;\\,", "x"])
def test_forged_cookie_is_nothing(desk: Desk, cookie: str) -> None:
    desk.tokens.add("anna", Role.ADMIN, desk.clock.now())
    assert desk.client.get("/", headers={"Cookie": cookie}).status_code == 401


def test_user_header_is_believed_on_the_unix_socket_only(tmp_path: Path) -> None:
    over_tcp = Desk(tmp_path, "{user_header: X-Remote-User, user_role: admin}")
    over_tcp.tokens.add("anna", Role.READ, over_tcp.clock.now())
    assert over_tcp.client.get("/", headers={"X-Remote-User": "root"}).status_code == 401
    web = "{user_header: X-Remote-User, socket: web.sock, allowed_hosts: [scans.example]}"
    behind = Desk(tmp_path, web)
    host = {"Host": "scans.example"}
    assert behind.client.get("/", headers=host).status_code == 401
    assert behind.client.get("/", headers=host | {"X-Remote-User": "anna"}).status_code == 200
    twice = [("Host", "scans.example"), ("X-Remote-User", "a"), ("X-Remote-User", "b")]
    assert behind.client.get("/", headers=twice).status_code == 401
    assert behind.client.get("/", headers={"X-Remote-User": "anna"}).status_code == 421, "hosts of the proxy only"


@pytest.mark.parametrize(
    ("web", "found"),
    [
        ("{address: 0.0.0.0}", "web.address"),
        ("{address: '::'}", "web.address"),
        ("{address: 192.168.1.5}", "web.address"),
        ("{socket: s, allowed_hosts: [a.example]}", "web.socket"),
        ("{socket: s, user_header: X-User}", "web.allowed_hosts"),
        ("{inbox: other}", "web.inbox"),
    ],
)
def test_open_doors_are_refused_at_the_start(tmp_path: Path, web: str, found: str) -> None:
    desk = Desk(tmp_path, web)
    with pytest.raises(ConfigError, match=found):
        require_closed(desk.config, desk.tokens)
    if "0.0.0.0" in web:
        desk.tokens.add("anna", Role.ADMIN, desk.clock.now())
        require_closed(desk.config, desk.tokens)


def test_roles_are_kept_and_only_hashes_stored(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    secret = desk.tokens.add("anna", Role.REVIEW, desk.clock.now())
    found = TokenStore(desk.config.web.tokens).find(secret)
    assert found is not None
    assert (found.name, Role.of(found.role)) == ("anna", Role.REVIEW)
    assert secret not in desk.config.web.tokens.read_text()
    with pytest.raises(IngestdError, match="already"):
        desk.tokens.add("anna", Role.READ, desk.clock.now())
    with pytest.raises(IngestdError, match="expected up to 64"):
        desk.tokens.add("<script>", Role.READ, desk.clock.now())
    with pytest.raises(IngestdError, match="no token 'ben'"):
        desk.tokens.remove("ben")


@pytest.mark.parametrize("content", ["", "[]", '{"tokens": [1]}', '{"tokens": [{"name": "a"}]}', "\xff"])
def test_damaged_token_file_lets_no_one_in(tmp_path: Path, content: str) -> None:
    desk = Desk(tmp_path)
    desk.config.web.tokens.write_text(content, encoding="latin-1")
    assert desk.client.get("/").status_code == 500
