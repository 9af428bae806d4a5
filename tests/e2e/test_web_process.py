"""The real ``ingestd web``: a photo read by the design's own snippet, and loads that must not bring it down."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.web_process import Reply, WebProcess, serving

pytestmark = pytest.mark.timeout(300)

PHOTO = ROOT / "samples" / "receipt.png"
SNIPPET = """
import requests

url = "http://127.0.0.1:5000/ocr"
files = {"image": open("PHOTO", "rb")}
response = requests.post(url, files=files)
print(response.text)
"""
"""As users of the design's API have it; only port and picture are put in."""
MAX_GROWTH_MB = 30
"""Of the server process; the photo and its form are a fraction of it, an upload kept in memory would be far more."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    with serving(tmp_path_factory.mktemp("web") / "place", "admit: {max_bytes: 50000000}\n", token=False) as web:
        yield web


def snippet(web: WebProcess, photo: Path) -> dict[str, object]:
    text = SNIPPET.replace(":5000", f":{web.port}").replace("PHOTO", str(photo))
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_snippet_reads_a_photo(web: WebProcess) -> None:
    found = snippet(web, PHOTO)
    assert (found["code"], found["msg"]) == (0, "success")
    assert isinstance(found["text"], list) and len(found["text"]) > 5
    assert isinstance(found["cost_time"], float) and found["cost_time"] > 0


def form(web: WebProcess, length: int | None) -> bytes:
    """Head of an upload and beginning of its form; chunked where no length is announced."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (
        f"POST /ocr HTTP/1.1\r\nHost: {web.host}\r\nConnection: close\r\n{size}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    ).encode()


PART = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'


def test_upload_of_two_gigabytes_is_refused_with_flat_memory(web: WebProcess) -> None:
    before = web.memory_mb()
    announced = web.send(form(web, 2_000_000_000), PART)
    assert announced.status == 413
    assert json.loads(announced.body)["code"] == 413
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    head = form(web, None) + b"%x\r\n%s\r\n" % (len(PART), PART)
    streamed = web.send(head, *(chunk for _ in range(2048)))
    assert streamed.status in (0, 413)  # 0: the connection was closed while it was still sent
    assert web.memory_mb() - before < MAX_GROWTH_MB
    assert snippet(web, PHOTO)["code"] == 0


def test_two_hundred_at_once_are_turned_away_not_served_badly(web: WebProcess) -> None:
    photo = PHOTO.read_bytes()
    body = PART + photo + b"\r\n--b--\r\n"
    request = form(web, len(body)) + body
    before = web.memory_mb()

    def post(_: int) -> Reply:
        return web.send(request, patience_s=240)

    with ThreadPoolExecutor(200) as pool:
        statuses = Counter(reply.status for reply in pool.map(post, range(200)))
    assert set(statuses) <= {200, 429, 503}
    assert statuses[200] >= 1 and statuses[503] >= 100
    assert web.memory_mb() - before < MAX_GROWTH_MB
    assert snippet(web, PHOTO)["code"] == 0


def test_connections_that_send_little_or_nothing_are_closed(web: WebProcess) -> None:
    beginnings = (b"", b"GET / HT", f"GET / HTTP/1.1\r\nHost: {web.host}\r\nX-A: ".encode())
    opened = [socket.create_connection(("127.0.0.1", web.port), timeout=60) for _ in beginnings]
    for connection, beginning in zip(opened, beginnings, strict=True):
        with closing(connection):
            connection.sendall(beginning)
            with contextlib.suppress(ConnectionResetError):  # closed all the same
                assert connection.recv(100) == b""
