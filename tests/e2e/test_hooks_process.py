"""Hooks of the real daemon, killed between the record and the end of the hook."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.process import Installation, until

HOOK = """#!/bin/sh
echo "begin $INGESTD_DOCUMENT" >> "$0.log"
while ! test -e "$0.go"; do sleep 0.05; done
echo "end $INGESTD_DOCUMENT" >> "$0.log"
"""


@pytest.mark.timeout(300)
def test_hook_of_a_killed_daemon_runs_again_but_never_beside_itself(tmp_path: Path) -> None:
    place = Installation(tmp_path / "place", more="hooks: {on_success: [./hook]}\n")
    hook, log = place.root / "hook", place.root / "hook.log"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    (place.inbox / "a.pdf").write_bytes(pdf(PdfPage([Text(10, 50, "Letter number one, with words")], size=(220, 110))))
    with (place.root / "daemon.log").open("ab") as output:
        first = place.start(output.fileno())
        until("the hook to begin", lambda: log.exists() and "begin" in log.read_text())
        first.kill()
        first.wait(timeout=30)
    with place.running():
        until("the second daemon to find it running", lambda: "an earlier one still runs" in place.log())
        (place.root / "hook.go").touch()
        until("the hook to end", lambda: place.query("select id from jobs where hook_at is not null") == [])
    assert log.read_text().split("\n")[:-1] == ["begin 1", "end 1", "begin 1", "end 1"]
    assert place.documents() == ["a.pdf"]
    assert "hook for a.pdf (job 1): done" in place.log()
