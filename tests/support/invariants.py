"""What may never happen, checked from outside after whatever happened."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from ingestd.files.encoding import path_text
from ingestd.files.names import sidecar_path
from ingestd.output import sidecar
from ingestd.store.database import connect
from tests.support.process import Installation


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def originals(place: Installation) -> Counter[str]:
    """SHA-256 of every file that is neither ours nor in the making, over all folders it may be in."""
    files = (path for folder in ("inbox", "work", "archive", "failed") for path in (place.root / folder).rglob("*"))
    ours = (".json", ".lock", ".partial")
    return Counter(digest(path.read_bytes()) for path in files if path.is_file() and not path.name.endswith(ours))


def check(place: Installation, dropped: Mapping[str, bytes], original: str = "move") -> None:
    """Every document dropped is recorded once or failed with a reason, and every original is where it belongs.

    Args:
        place: folders and database; the daemon is at rest or gone.
        dropped: content by name, each dropped once.
        original: as configured for the inbox.
    """
    _check_database(place.database)
    jobs = place.query("select source_path, state, sha256, document_id, archive_path, error from jobs order by id")
    assert Counter(str(path) for path, *_ in jobs) == Counter(path_text(place.inbox / name) for name in dropped)
    assert {str(state) for _, state, *_ in jobs} <= {"done", "failed", "duplicate"}, jobs
    _check_recorded_once(place, dropped, jobs)
    _check_files(place, dropped, jobs, original)
    _check_sidecars(place)


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def _check_recorded_once(place: Installation, dropped: Mapping[str, bytes], jobs: list[tuple[object, ...]]) -> None:
    recorded = [str(sha256) for (sha256,) in place.query("select sha256 from documents")]
    assert len(recorded) == len(set(recorded))
    by_source = {path_text(place.inbox / name): digest(content) for name, content in dropped.items()}
    good = {by_source[str(path)] for path, state, *_ in jobs if state != "failed"}
    assert set(recorded) == good
    assert sum(state == "done" for _, state, *_ in jobs) == len(recorded), "one job recorded each document"
    assert all(error and json.loads(str(error))["found"] for _, state, *_, error in jobs if state == "failed")


def _check_files(
    place: Installation, dropped: Mapping[str, bytes], jobs: list[tuple[object, ...]], original: str
) -> None:
    failed = [dropped[Path(str(path)).name] for path, state, *_ in jobs if state == "failed"]
    expected = failed if original == "delete" else list(dropped.values())
    assert originals(place) == Counter(map(digest, expected)), "every original is in exactly one place, unchanged"
    assert place.files("work") == []
    if original != "leave":
        assert place.files("inbox") == []
    partial = [name for folder in ("archive", "failed") for name in place.files(folder) if name.endswith(".partial")]
    assert partial == []
    reasons = [name for name in place.files("failed") if name.endswith(".error.json")]
    assert len(reasons) == len(failed)
    for name in reasons:
        assert json.loads((place.root / "failed" / name).read_bytes())["found"]


def _check_sidecars(place: Installation) -> None:
    """Each is there, to the byte what the database says, and there is no other."""
    places = place.query("select document_id, archive_path from jobs where state = 'done'")
    with connect(place.database, "read") as db:
        for document, path in places:
            assert isinstance(document, int)
            found = sidecar_path(Path(str(path))).read_bytes()
            assert found == sidecar.render(db, document)
            assert json.loads(found)["id"] == document
    sidecars = [name for name in place.files("archive") if name.endswith(".json")]
    assert len(sidecars) == len(places)
