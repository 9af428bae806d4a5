"""The command ``run --page``: daemon and page as two processes that begin and end together."""

from __future__ import annotations

import re
import socket
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.support.process import PATIENCE_S, Installation, until

pytestmark = pytest.mark.timeout(300)


def test_the_address_comes_last_and_answers_until_the_daemon_ends(tmp_path: Path) -> None:
    place = Installation(tmp_path / "place", more="web: {port: 0}\n")
    with place.running("--page") as daemon:
        until("the address", lambda: "http://" in place.log())
        rows = place.log().splitlines()
        [address] = [row for row in rows if re.fullmatch(r"http://127\.0\.0\.1:\d+", row)]
        assert rows[-1] == address
        with urllib.request.urlopen(address) as reply:
            assert reply.status == 200
        pages = psutil.Process(daemon.pid).children(recursive=True)
        assert any("web" in page.cmdline() for page in pages)
    _, alive = psutil.wait_procs(pages, PATIENCE_S)
    assert not alive


def test_a_page_that_cannot_start_ends_the_daemon_and_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        place = Installation(tmp_path / "place", more=f"web: {{port: {port}}}\n")
        with place.running("--page") as daemon:
            daemon.wait(PATIENCE_S)
    assert str(port) in place.log()


def test_once_and_page_exclude_each_other(tmp_path: Path) -> None:
    refused = Installation(tmp_path / "place").command("run", "--once", "--page")
    assert refused.returncode == 2
    assert "give one" in refused.stderr
