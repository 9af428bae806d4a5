"""The real daemon, its real workers and models, watched from outside as a user would."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest

from lab.corpus.pdf import PdfPage, Text, pdf
from tests.support.places import ROOT
from tests.support.process import PATIENCE_S, Installation, until

pytestmark = pytest.mark.timeout(300)

SAMPLES = ROOT / "samples"


def letter(number: int) -> bytes:
    """A small PDF with its own text: quick to read, different from every other."""
    words = (f"Letter number {number:05}", "with words enough to be", "taken for a page of text")
    texts = [Text(10, 80 - 20 * row, line) for row, line in enumerate(words)]
    return pdf(PdfPage(texts, size=(220.0, 110.0)))


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "place")


def test_samples_are_read_and_their_fields_found(place: Installation) -> None:
    names = sorted(path.name for path in SAMPLES.iterdir() if path.suffix not in (".md", ".json"))
    assert len(names) == 3
    for name in names:
        shutil.copy(SAMPLES / name, place.inbox / name)
    done = place.command("run", "--once")
    assert done.returncode == 0, done.stderr
    assert place.documents() == names
    truth = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
    for name in names:
        rows = place.query(
            f"select f.name, value from fields f join documents d on d.id = document_id where d.name = '{name}'"
        )
        found = {str(field): value for field, value in rows}
        for field in ("date", "total"):
            assert found[field] == truth[name][field], f"{field} of {name}"
    again = place.command("run", "--once")
    assert again.returncode == 0
    assert "0 documents" in again.stderr or place.settled(3)
    assert len(place.query("select id from jobs")) == 3, "a second run does no work twice"


def test_pitfall_01_and_04_arrivals_of_every_kind_are_recorded_exactly_once(place: Installation) -> None:
    outside = place.root / "outside"
    (outside / "batch" / "deep").mkdir(parents=True)
    for number in range(10):
        (outside / "batch" / "deep" / f"folder-{number}.pdf").write_bytes(letter(1000 + number))
    (outside / "renamed.pdf").write_bytes(letter(2000))
    (place.inbox / "before-start.pdf").write_bytes(letter(3000))
    expected = ["before-start.pdf", "renamed.pdf", "slow.pdf"]
    expected += [f"folder-{number}.pdf" for number in range(10)] + [f"burst-{number:03}.pdf" for number in range(200)]

    with place.running():
        (outside / "batch").rename(place.inbox / "batch")
        (outside / "renamed.pdf").rename(place.inbox / "renamed.pdf")
        content = letter(4000) + b" " * 9000 + b"%%EOF"
        slowly = f"while test -s {outside}/rest; do head -c 1024 {outside}/rest >> {place.inbox}/slow.pdf;"
        slowly += f" tail -c +1025 {outside}/rest > {outside}/left; mv {outside}/left {outside}/rest; sleep 0.2; done"
        (outside / "rest").write_bytes(content)
        writer = subprocess.Popen(["/bin/sh", "-c", slowly])
        for number in range(200):
            (place.inbox / f"burst-{number:03}.pdf").write_bytes(letter(number))
        assert writer.wait(timeout=60) == 0
        until("all documents", lambda: place.settled(len(expected)))

    assert place.documents() == sorted(expected)
    assert [path for path in place.files("inbox") if not path.endswith("/")] == []
    assert (place.inbox / "batch" / "deep").is_dir(), "subfolders stay"
    (archived,) = place.query("select archive_path from documents where name = 'slow.pdf'")
    assert Path(str(archived[0])).read_bytes() == content
    assert all(attempt == 1 for (attempt,) in place.query("select attempt from jobs"))


def test_polled_inbox(tmp_path: Path) -> None:
    place = Installation(tmp_path / "place", "[{path: inbox, watch: polling, poll_s: 0.5}]")
    with place.running():
        (place.inbox / "a.pdf").write_bytes(letter(1))
        until("the document", lambda: place.settled(1))
    assert place.documents() == ["a.pdf"]


def _recorded(place: Installation, count: int) -> bool:
    return len(place.documents()) >= count


def _gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_killed_daemon_goes_on_where_it_was_and_leaves_no_worker(place: Installation) -> None:
    for number in range(30):
        (place.inbox / f"{number:02}.pdf").write_bytes(letter(number))
    for kills in range(2):
        with (place.root / "daemon.log").open("ab") as log:
            process = place.start(log.fileno())
        until("some documents", partial(_recorded, place, 10 * (kills + 1)))
        workers = _children(process.pid)
        process.kill()
        process.wait(timeout=30)
        until("its workers to go", partial(_gone, workers))
    with place.running():
        until("all documents", lambda: place.settled(30))
    assert place.documents() == [f"{number:02}.pdf" for number in range(30)]
    originals = [path for path in place.files("archive") if path.endswith(".pdf")]
    sidecars = [path for path in place.files("archive") if path.endswith(".json")]
    assert len(originals) == len(sidecars) == 30
    assert place.files("inbox") == place.files("work") == place.files("failed") == []
    with closing(sqlite3.connect(place.root / "ingestd.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def _children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in lists for child in children.read_text().split()]


def test_second_daemon_is_refused(place: Installation) -> None:
    with place.running() as first:
        second = place.command("run")
        assert second.returncode == 78
        assert f"another ingestd (process {first.pid})" in second.stderr


def test_stop_is_clean_and_quick(place: Installation) -> None:
    with place.running() as process:
        (place.inbox / "a.pdf").write_bytes(letter(1))
        until("the document", lambda: place.settled(1))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_bad_rules_on_reload_keep_the_old_ones(tmp_path: Path) -> None:
    place = Installation(tmp_path / "place", more="extract: {rules: rules}\n")
    shutil.copytree(ROOT / "rules", place.root / "rules")
    with place.running() as process:
        (place.root / "rules" / "broken.yaml").write_text("rule: broken\nfields: {total: {tipe: money}}\n")
        process.send_signal(signal.SIGHUP)
        until("the refusal", lambda: "not reloaded" in place.log())
        (place.inbox / "a.pdf").write_bytes(letter(1))
        until("the document", lambda: place.settled(1))
        (place.root / "rules" / "broken.yaml").unlink()
        process.send_signal(signal.SIGHUP)
        until("the reload", lambda: "reloaded: " in place.log())
        (place.inbox / "b.pdf").write_bytes(letter(2))
        until("the next document", lambda: place.settled(2))
    assert place.documents() == ["a.pdf", "b.pdf"]


def test_commands_answer_while_the_daemon_runs(place: Installation) -> None:
    (place.root / "outside.pdf").write_bytes(letter(9))
    with place.running():
        (place.inbox / "a.pdf").write_bytes(letter(1))
        until("the first", lambda: place.settled(1))
        (place.inbox / "twin.pdf").write_bytes(letter(1))
        (place.inbox / "bad.pdf").write_bytes(b"%PDF-1.7\nnothing in it\n%%EOF\n")
        (place.inbox / "link.pdf").symlink_to(place.root / "outside.pdf")
        until("all four", lambda: place.settled(4))
        assert json.loads(place.command("status", "--json").stdout)
        assert "a.pdf" in place.command("search", "number").stdout + place.command("search", "letter").stdout
        assert "Letter number 00001" in place.command("show", "1").stdout
        explained = place.command("explain", str(place.inbox / "bad.pdf"))
        assert "failed" in explained.stdout
        assert "retry" in explained.stdout
        assert "was never seen" in place.command("explain", str(place.root / "outside.pdf")).stdout
        assert place.command("retry", "--failed").returncode == 0
        until("both to fail again", lambda: place.log().count("x bad.pdf: failed") == 2)
    assert sorted(place.files("failed")) == ["bad.pdf", "bad.pdf.error.json", "link.pdf", "link.pdf.error.json"]
    assert (place.root / "outside.pdf").read_bytes() == letter(9)


def test_log_shows_no_control_characters_of_names(place: Installation) -> None:
    with place.running():
        with open(os.fsencode(place.inbox) + b"/\x1b[2J\xff.pdf", "wb") as file:  # noqa: PTH123
            file.write(letter(1))
        until("the document", lambda: place.settled(1))
    assert "\x1b" not in place.log()
    assert len(place.files("archive")) == 2


def test_ctrl_c_while_workers_start_is_clean_and_said_in_one_line(place: Installation) -> None:
    """It reaches the whole process group: workers died of it with a traceback, and a document was blamed."""
    (place.inbox / "letter.pdf").write_bytes(letter(1))
    with (place.root / "daemon.log").open("ab") as log:
        daemon = place.start(log.fileno(), own_group=True)
        until("workers to load", lambda: len(psutil.Process(daemon.pid).children()) >= 2)
        os.killpg(daemon.pid, signal.SIGINT)
        assert daemon.wait(timeout=PATIENCE_S) == 0
    assert "Traceback" not in place.log()
    assert "KeyboardInterrupt" not in place.log()
    assert "idle workers died" not in place.log()
    assert [place.log().count(word) for word in ("started ingestd", "stopping", "stopped")] == [1, 1, 1]
