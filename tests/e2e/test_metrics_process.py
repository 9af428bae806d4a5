"""Metrics of the real daemon."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.process import Installation, until

pytestmark = pytest.mark.timeout(300)


def test_figures_are_served_and_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        place = Installation(tmp_path / "place", more=f"metrics: {{port: {port}}}\n")
        refused = place.command("run", "--once")
        assert (refused.returncode, len(refused.stderr.splitlines())) == (78, 1)
        assert f"port {port} cannot be served on" in refused.stderr
    with place.running():
        (place.inbox / "a.pdf").write_bytes(pdf(PdfPage([Text(10, 50, "Letter number one")], size=(220, 110))))
        until("the document", lambda: place.settled(1))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            text = answer.read().decode()
    for row in ('ingestd_documents{state="done"} 1.0', "ingestd_healthy 1.0", "ingestd_queue_depth 0.0"):
        assert row in text
    assert 'ingestd_stage_seconds_count{stage="decode"} 1.0' in text
