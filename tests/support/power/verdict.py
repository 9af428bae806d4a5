"""Judgement of a place after the power was cut and the daemon has started again and finished."""

from __future__ import annotations

import functools
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ingestd.admin.verify import Verification
from ingestd.config import Config, load
from ingestd.document import KIND
from ingestd.files.names import error_path
from ingestd.store.database import connect
from tests.support.invariants import digest
from tests.support.power.scenes import Scene

_OURS = (".json", ".lock", ".partial", ".machines.json")
_ENDS = {"done", "failed", "duplicate"}


@dataclass(frozen=True)
class Problem:
    """A promise that was not kept.

    Attributes:
        scene: its name.
        at: number of entries of the journal before the cut.
        model: of the filesystem, and what arrived.
        text: what is wrong; begins with ``lost``, ``twice`` or ``other``.
        missing: entries that did not arrive.
        log: of the daemon that started again.
    """

    scene: str
    at: int
    model: str
    text: str
    missing: tuple[str, ...]
    log: str

    def __str__(self) -> str:
        missing = "\n  ".join(("did not arrive:", *self.missing))
        return f"{self.scene}, cut after {self.at} entries ({self.model}): {self.text}\n  {missing}\n{self.log}"


@dataclass
class Place:
    """Where the daemon worked, and what it had to do.

    Attributes:
        root: with configuration, inbox, work and database.
        other: folder on another filesystem, if that is part of the scene.
        scene: what was done.
    """

    root: Path
    other: Path | None
    scene: Scene

    @functools.cached_property
    def config(self) -> Config:
        """As loaded."""
        return load(self.root / "config.yaml")

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of a query; none before the database exists."""
        path = self.root / "ingestd.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as db:
            return db.execute(sql).fetchall()

    def files(self) -> Iterator[Path]:
        """Every file in one of the folders where originals may be."""
        folders = [self.root / name for name in ("inbox", "work", "archive", "failed")]
        folders += [self.other / name for name in ("archive", "failed")] if self.other is not None else []
        for folder in folders:
            yield from (path for path in folder.rglob("*") if path.is_file())

    def in_work(self) -> list[Path]:
        """Files on their way."""
        return [path for path in (self.root / "work").rglob("*") if path.is_file() and not _is_ours(path)]


def _is_ours(path: Path) -> bool:
    return path.name.endswith(_OURS)


def settled(place: Place) -> bool:
    """Tell whether everything has come to its end."""
    return {str(state) for (state,) in place.query("select state from jobs")} <= _ENDS and not place.in_work()


def differences(place: Place, said: Sequence[str]) -> list[str]:
    """What is wrong.

    Args:
        place: where a daemon has finished.
        said: everything that the outside world was told before the power was cut.
    """
    if not settled(place):
        return [f"other: not settled: {place.query('select name, state, error from jobs')} {place.in_work()}"]
    heard = "".join(said)
    scene = place.scene
    arrived = {name: name in scene.waiting or f"{name}: done" in heard for name in scene.documents}
    found = [*_documents(place, arrived), *_originals(place, arrived)]
    found += [*_failures(place), *_corrections(place, heard), *_acknowledged(place, heard)]
    with closing(connect(place.config.record.database, "read")) as db:
        for one in Verification(db, place.config).differences():
            found.append(f"{'lost' if one.kind in ('missing', 'removed') else 'other'}: {one.path} {one.text}")
    return found


def _documents(place: Place, arrived: Mapping[str, bool]) -> Iterator[str]:
    """Each good document is recorded once; ``arrived`` says of each name whether it must be there."""
    scene = place.scene
    recorded = Counter(str(sha256) for (sha256,) in place.query("select sha256 from documents"))
    yield from (f"twice: {sha256} recorded {count} times" for sha256, count in recorded.items() if count > 1)
    good = {name: digest(scene.documents[name]) for name in arrived if name not in scene.bad | {*scene.sides}}
    yield from (
        f"lost: {name} is not recorded" for name, sha256 in good.items() if arrived[name] and not recorded[sha256]
    )
    strange, expected = len(recorded.keys() - good.values()), int(bool(scene.sides))
    if strange != expected:
        yield f"{'twice' if strange > expected else 'lost'}: {strange} documents that were collated"


def _originals(place: Place, arrived: Mapping[str, bool]) -> Iterator[str]:
    """The bytes of each document are in exactly one place."""
    scene = place.scene
    found = Counter(digest(path.read_bytes()) for path in place.files() if not _is_ours(path))
    most, least = Counter[str](), Counter[str]()
    for name, must in arrived.items():
        kept = scene.original != "delete" or name in scene.bad
        sha256 = digest(scene.documents[name])
        most[sha256] += kept
        least[sha256] += kept and must
    for sha256 in most:
        if not least[sha256] <= found[sha256] <= most[sha256]:
            what = "twice" if found[sha256] > most[sha256] else "lost"
            yield f"{what}: {found[sha256]} originals {sha256}, expected {least[sha256]} to {most[sha256]}"
    strange = sum(count for sha256, count in found.items() if sha256 not in most)
    if strange != int(bool(scene.sides)):
        yield f"other: {strange} files in the place of originals that nobody dropped"
    partial = [path for path in place.files() if path.name.endswith(".partial") and path.parent.name != "inbox"]
    if partial:
        yield f"other: left over {partial}"


def _failures(place: Place) -> Iterator[str]:
    """Each bad document has failed once, with its reason beside it."""
    for name in place.scene.bad:
        jobs = place.query(f"select archive_path, error from jobs where name = '{name}' and state = 'failed'")
        if len(jobs) != 1:
            yield f"{'twice' if jobs else 'lost'}: {name} failed {len(jobs)} times"
        for path, error in jobs:
            reason = error_path(Path(str(path)))
            if not reason.exists() or json.loads(reason.read_bytes())["found"] != json.loads(str(error))["found"]:
                yield f"other: {name} has no reason beside it"


def _corrections(place: Place, heard: str) -> Iterator[str]:
    """What a person was told is corrected stays so."""
    for name, field, value in place.scene.corrected:
        how = f"--kind {value}" if field == KIND else f"{field}={value}"
        if f"correct {name} {how} --by anna: done" not in heard:
            continue
        rows = place.query(
            "select to_value from corrections c join documents d on d.id = c.document_id"
            f" where d.name = '{name}' and c.field = '{field}' order by c.id"
        )
        if rows[-1:] != [(value,)]:
            yield f"lost: correction of {field} of {name}: {rows}"


_RECORDED = re.compile(r"  \+ (\S+): ")


def _acknowledged(place: Place, heard: str) -> Iterator[str]:
    """What the log called recorded is recorded, and a backup that was made is there."""
    for name in _RECORDED.findall(heard):
        if not place.query(f"select 1 from documents where name = '{name}'"):
            yield f"lost: {name}, of which the log said that it is recorded"
    if "backup backup.db: done" not in heard:
        return
    path = place.root / "backup.db"
    if not path.exists():
        yield "lost: the backup"
        return
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        if db.execute("pragma integrity_check").fetchall() != [("ok",)]:
            yield "lost: the backup is damaged"
