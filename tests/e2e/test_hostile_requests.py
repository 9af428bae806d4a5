"""Hostile requests to the real server, byte by byte: each is refused or does nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from ingestd.document import Status
from ingestd.files.encoding import path_from
from ingestd.store.database import connect
from tests.support import records
from tests.support.web_process import Reply, WebProcess, serving
from tests.support.world import png

pytestmark = pytest.mark.timeout(240)

SCRIPT = "<script>alert(1)</script>"
MARKUP = "<img src=x onerror=alert(1)>"
HOSTILE_NAME = f'a"\r\nX-Evil: 1{MARKUP}.pdf'
SECRET = "a token hash, a password, a key"


@dataclasses.dataclass(frozen=True)
class Site:
    """A server with one hostile document, and a browser that is signed in."""

    web: WebProcess
    cookie: str

    def send(self, head: str, *body: bytes) -> Reply:
        """Send a request whose placeholders are filled in; its lines end as HTTP wants it."""
        web = self.web
        filled = head.replace("{host}", web.host).replace("{cookie}", self.cookie).replace("{token}", web.token)
        return web.send(filled.strip("\n").replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n", *body)

    def state(self) -> tuple[object, ...]:
        """Everything that a request could have changed."""
        place = self.web.place
        with closing(sqlite3.connect(place.database)) as db:
            tables = ("documents", "fields", "corrections", "jobs", "reviews")
            counted = [db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
        return (*counted, place.files("inbox"), (place.root / "web-tokens.json").read_bytes())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("hostile") / "place"
    with serving(root, "web: {port: 0, requests_per_s: 1000}\n") as web:
        (root / "secret.txt").write_text(SECRET, encoding="utf-8")
        with connect(web.place.database) as db:
            content = png("a")
            made = records.record(text=(SCRIPT,), fields={"merchant": SCRIPT, "total": "9.00"}, status=Status.REVIEW)
            made = dataclasses.replace(made, name=HOSTILE_NAME, sha256=hashlib.sha256(content).hexdigest())
            records.save(db, made, archive=root)
            [(kept,)] = db.execute("SELECT archive_path FROM documents").fetchall()
            path_from(kept).write_bytes(content)
        form = f"token={web.token}".encode()
        head = (
            f"POST /sign-in HTTP/1.1\r\nHost: {web.host}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
        )
        signed_in = web.send(head.encode() + form)
        assert signed_in.status == 303
        cookie = signed_in.head.partition(b"set-cookie: ")[2].split(b";")[0].decode()
        yield Site(web, cookie)


OWN = "Host: {host}\nConnection: close"
TOKEN = f"{OWN}\nAuthorization: Bearer {{token}}"
COOKIE = f"{OWN}\nCookie: {{cookie}}"
FORM = "Content-Type: application/x-www-form-urlencoded\nContent-Length: 0"
JSON = "Content-Type: application/json\nContent-Length: 0"

HOSTS = {
    "no host": ("GET / HTTP/1.1\nConnection: close", 400),
    "another host": ("GET / HTTP/1.1\nHost: evil.example\nConnection: close", 421),
    "another host, own port": ("GET /sign-in HTTP/1.1\nHost: evil.example:5000\nConnection: close", 421),
    "own address, no port": ("GET /sign-in HTTP/1.1\nHost: 127.0.0.1\nConnection: close", 421),
    "own address as a prefix": ("GET /sign-in HTTP/1.1\nHost: 127.0.0.1.evil.example\nConnection: close", 421),
    "own address as a user": ("GET /sign-in HTTP/1.1\nHost: {host}@evil.example\nConnection: close", (400, 421)),
    "all addresses": ("GET /sign-in HTTP/1.1\nHost: 0.0.0.0:5000\nConnection: close", 421),
    "two hosts": (f"GET /sign-in HTTP/1.1\n{OWN}\nHost: evil.example", 400),
    "another host in the address": (f"GET http://evil.example/sign-in HTTP/1.1\n{OWN}", (400, 404)),
    "another host of a proxy": (f"GET /nothing HTTP/1.1\n{OWN}\nX-Forwarded-Host: evil.example", 404),
}
SITES = {
    "upload by another site": (f"POST /documents HTTP/1.1\n{COOKIE}\nSec-Fetch-Site: cross-site\n{FORM}", 403),
    "upload by a sibling": (f"POST /documents HTTP/1.1\n{COOKIE}\nSec-Fetch-Site: same-site\n{FORM}", 403),
    "upload by a bookmark": (f"POST /documents HTTP/1.1\n{COOKIE}\nSec-Fetch-Site: none\n{FORM}", 403),
    "another origin": (f"POST /failed/retry HTTP/1.1\n{COOKIE}\nOrigin: http://evil.example\n{FORM}", 403),
    "no origin": (f"POST /failed/retry HTTP/1.1\n{COOKIE}\nOrigin: null\n{FORM}", 403),
    "nothing said": (f"POST /failed/retry HTTP/1.1\n{COOKIE}\n{FORM}", 403),
    "correction": (
        f"PUT /v1/documents/1/kind HTTP/1.1\n{COOKIE}\nIf-Match: *\nSec-Fetch-Site: cross-site\n{JSON}",
        403,
    ),
    "withdrawal": (f"DELETE /v1/documents/1/kind HTTP/1.1\n{COOKIE}\nIf-Match: *\nOrigin: http://evil.example", 403),
    "settling": (f"POST /review/1/settle HTTP/1.1\n{COOKIE}\nSec-Fetch-Site: cross-site\n{JSON}", 403),
    "signing in": (f"POST /sign-in HTTP/1.1\n{OWN}\nSec-Fetch-Site: cross-site\n{FORM}", 403),
    "embedding": (f"GET /v1/documents/1 HTTP/1.1\n{COOKIE}\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors", 403),
    "preflight": (
        f"OPTIONS /ocr HTTP/1.1\n{OWN}\nOrigin: http://evil.example\nAccess-Control-Request-Method: PUT",
        405,
    ),
    "a form as JSON": (
        f"PUT /v1/documents/1/kind HTTP/1.1\n{COOKIE}\nIf-Match: *\nSec-Fetch-Site: same-origin\n"
        "Content-Type: text/plain\nContent-Length: 0",
        415,
    ),
    "another method in a header": (f"GET /v1/documents/1 HTTP/1.1\n{TOKEN}\nX-HTTP-Method-Override: DELETE", 200),
    "another method in the query": (f"GET /v1/documents?_method=DELETE HTTP/1.1\n{TOKEN}", 422),
}
PATHS = {
    path: (f"GET {path} HTTP/1.1\n{TOKEN}", (400, 404, 410, 422))
    for path in (
        "/static/../../secret.txt",
        "/static/%2e%2e/%2e%2e/secret.txt",
        "/static/..%2f..%2fsecret.txt",
        "/static/..%5c..%5csecret.txt",
        "/static/%2fetc%2fpasswd",
        "/static/page.js%00.css",
        "/static//etc/passwd",
        "/v1/documents/../../secret.txt",
        "/v1/documents/..%2f..%2fsecret.txt/original",
        "/v1/documents/-1",
        "/v1/documents/1.0",
        "/v1/documents/%EF%BC%91%2f",
        "/v1/documents/99999999999999999999999999",
        "/v1/documents/1'%20OR%201=1/original",
        "/v1/documents/1/pages/-1.png",
        "/v1/documents/1/pages/99999999999999999999.png",
        "/v1/documents/1/pages/..%2f0.png",
        "/documents/arrived?name=../secret.txt&since=2026-01-01T00:00:00Z",
        "/documents/arrived?name=%00&since=x",
        "/documents/export.sql",
        "/web-tokens.json",
        "/ingestd.db",
    )
}
WHO = {
    "forged cookie": (f"GET /v1/documents HTTP/1.1\n{OWN}\nCookie: ingestd_session=forged", 401),
    "cookie twice": (f"GET /v1/documents HTTP/1.1\n{OWN}\nCookie: ingestd_session=a; ingestd_session=b", 401),
    "broken cookie": (f'GET /v1/documents HTTP/1.1\n{OWN}\nCookie: =;;"\\,', 401),
    "cookie of a thousand letters": (f"GET /v1/documents HTTP/1.1\n{OWN}\nCookie: ingestd_session={'a' * 9000}", 401),
    "user of a proxy": (f"GET /v1/documents HTTP/1.1\n{OWN}\nX-Remote-User: admin", 401),
    "own address of a proxy": (f"GET /v1/documents HTTP/1.1\n{OWN}\nX-Forwarded-For: 127.0.0.1", 401),
    "password": (f"GET /v1/documents HTTP/1.1\n{OWN}\nAuthorization: Basic YWRtaW46YWRtaW4=", 401),
    "wrong token": (f"GET /v1/documents HTTP/1.1\n{OWN}\nAuthorization: Bearer ingestd_x", 401),
    "token in the address": (f"GET /v1/documents?token={{token}} HTTP/1.1\n{OWN}", 401),
}
SIZES = {
    "two gigabytes": (f"POST /v1/documents HTTP/1.1\n{TOKEN}\nContent-Length: 2000000000", 413),
    "a negative length": (f"POST /v1/documents HTTP/1.1\n{TOKEN}\nContent-Length: -1", (400, 413)),
    "two lengths": (f"POST /sign-in HTTP/1.1\n{OWN}\nContent-Length: 1\nContent-Length: 2", 400),
    "a length beside chunks": (
        f"POST /sign-in HTTP/1.1\n{TOKEN}\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\nGET /x HTTP/1.1",
        (400, 401),
    ),
    "an unknown coding": (f"POST /sign-in HTTP/1.1\n{TOKEN}\nTransfer-Encoding: gzip, chunked", (400, 501)),
    "a large header": (f"GET / HTTP/1.1\n{TOKEN}\nX-A: {'a' * 100_000}", (400, 431)),
    "a long address": (f"GET /{'a' * 5000} HTTP/1.1\n{TOKEN}", 400),
    "a long query": (f"GET /documents?text={'a' * 6000} HTTP/1.1\n{TOKEN}", 400),
    "a long word": (f"GET /v1/documents?text={'a' * 1000} HTTP/1.1\n{TOKEN}", 422),
}
PROTOCOL = {
    "trace": (f"TRACE / HTTP/1.1\n{TOKEN}\nX-A: b", 405),
    "connect": (f"CONNECT evil.example:443 HTTP/1.1\n{TOKEN}", (400, 405)),
    "web socket": (f"GET /sign-in HTTP/1.1\n{TOKEN}\nUpgrade: websocket\nSec-WebSocket-Version: 13", (200, 400)),
    "line end in the address": (f"GET /sign-in%0d%0aSet-Cookie:%20a=b HTTP/1.1\n{TOKEN}", 404),
    "line end in a name": (f"GET /v1/documents/1/fields/a%0d%0aX-Evil:1 HTTP/1.1\n{TOKEN}", 405),
    "a header over two lines": (f"GET /sign-in HTTP/1.1\n{TOKEN}\nX-A: a\n evil: b", (200, 400)),
    "a header without a name": (f"GET /sign-in HTTP/1.1\n{TOKEN}\n: a", 400),
    "not HTTP": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", (0, 400)),
    "HTTP/2": ("PRI * HTTP/2.0", (0, 400, 505)),
}
QUERIES = {
    query: (f"GET /v1/documents?{query} HTTP/1.1\n{TOKEN}", (200, 422))
    for query in (
        "text=%22%20OR%201=1--",
        "text=%22*%20NEAR(",
        "seller=%25%27;DROP%20TABLE%20documents",
        "kind=%00",
        "text=%ff%fe",
        "total_from=1e308",
        "date_from=0000-00-00",
    )
}
REQUESTS = {**HOSTS, **SITES, **PATHS, **WHO, **SIZES, **PROTOCOL, **QUERIES}


def test_there_are_forty() -> None:
    assert len(REQUESTS) >= 40


@pytest.mark.parametrize("name", REQUESTS)
def test_request_is_refused_or_does_nothing(site: Site, name: str) -> None:
    head, expected = REQUESTS[name]
    before = site.state()
    reply = site.send(head)
    assert reply.status in (expected if isinstance(expected, tuple) else (expected,)), reply
    assert site.state() == before
    lower = reply.head.lower()
    assert not any(bad in lower for bad in (b"access-control-allow", b"x-evil:", b"\r\nset-cookie:", b"evil.example"))
    assert SECRET.encode() not in reply.body
    assert reply.status == 200 or str(site.web.place.root).encode() not in reply.body
    assert site.web.is_alive


# -- what was recorded is hostile


@pytest.mark.parametrize("path", ["/documents", "/documents/1", "/documents/now", "/failed", "/status", "/review"])
def test_markup_in_names_and_text_is_inert_on_every_page(site: Site, path: str) -> None:
    reply = site.send(f"GET {path} HTTP/1.1\n{COOKIE}\nSec-Fetch-Site: same-origin\nAccept: text/html")
    assert reply.status == 200
    assert b"<script>alert" not in reply.body and b"<img src=x" not in reply.body
    assert b"content-security-policy: default-src 'self'" in reply.head


def test_markup_in_answers_to_programs_is_never_a_page(site: Site) -> None:
    for path in ("/v1/documents", "/v1/documents/1", "/documents/1/sidecar"):
        reply = site.send(f"GET {path} HTTP/1.1\n{TOKEN}\nAccept: text/html")
        assert reply.status == 200
        assert b"content-type: application/json" in reply.head and b"x-content-type-options: nosniff" in reply.head


def test_hostile_name_stays_inside_its_header_and_its_type_is_listed(site: Site) -> None:
    reply = site.send(f"GET /v1/documents/1/original HTTP/1.1\n{TOKEN}")
    assert reply.status == 200 and png("a") in reply.body
    lines = reply.head.split(b"\r\n")
    assert not any(line.lower().startswith(b"x-evil") for line in lines)
    [disposition] = [line for line in lines if line.startswith(b"content-disposition:")]
    assert disposition.startswith(b"content-disposition: attachment; filename*=UTF-8''") and b"<" not in disposition
    assert b"content-type: application/pdf" in lines and b"x-content-type-options: nosniff" in lines
