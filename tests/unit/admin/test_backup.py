from __future__ import annotations

import resource
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ingestd.admin.backup import backup
from ingestd.errors import ConfigError, IngestdError, TransientError
from ingestd.store import documents
from ingestd.store.database import connect, transaction
from tests.support import records


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "ingestd.db"
    with closing(connect(path)) as db:
        for number in range(3):
            records.save(db, records.record(f"{number}.pdf"))
    return path


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as copy:
        return [name for (name,) in copy.execute("SELECT name FROM documents ORDER BY id")]


def damage(path: Path) -> None:
    """Overwrite the pages behind the schema, as a bad disk would."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    path.write_bytes(content[: 4096 * 2] + b"\xa5" * (len(content) - 4096 * 2))


def test_copy_is_one_file_with_every_committed_row(database: Path, tmp_path: Path) -> None:
    with closing(connect(database)) as db:  # its newest rows are in the -wal file only
        records.save(db, records.record("newest.pdf"))
        made = backup(database, tmp_path / "copy.db")
        with closing(connect(tmp_path / "copy.db")) as copy:
            assert documents.load_document(copy, 4) == documents.load_document(db, 4)
    assert (made.documents, made.jobs, made.size_bytes) == (4, 0, (tmp_path / "copy.db").stat().st_size)
    assert names(tmp_path / "copy.db") == ["0.pdf", "1.pdf", "2.pdf", "newest.pdf"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "ingestd.db"], "no scratch file is left"


def test_copy_holds_nothing_of_a_transaction_that_is_open(database: Path, tmp_path: Path) -> None:
    with closing(connect(database)) as db, transaction(db):
        db.execute("DELETE FROM documents")
        backup(database, tmp_path / "copy.db")
    assert len(names(tmp_path / "copy.db")) == 3


def test_copies_made_under_writing_are_sound(database: Path, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(connect(database)) as db:
            number = 0
            while not stop.is_set():
                records.save(db, records.record(f"more-{number}.pdf"))
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [backup(database, tmp_path / "copy.db", overwrite=True).documents for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    assert counts == sorted(counts)
    assert len(names(tmp_path / "copy.db")) == counts[-1]


def test_permissions_are_those_of_the_database(database: Path, tmp_path: Path) -> None:
    database.chmod(0o640)
    backup(database, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o640


def test_nothing_is_overwritten_unless_told(database: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    with pytest.raises(IngestdError, match="--overwrite"):
        backup(database, target)
    assert target.read_text() == "precious"
    backup(database, target, overwrite=True)
    assert len(names(target)) == 3


@pytest.mark.parametrize("name", ["ingestd.db", "link.db"])
def test_database_is_never_its_own_backup(database: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "link.db").hardlink_to(database)
    with pytest.raises(IngestdError, match="is the database itself"):
        backup(database, tmp_path / name, overwrite=True)
    assert len(names(database)) == 3


def test_damaged_database_is_named_with_the_way_to_restore_it(database: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("the last good one")
    damage(database)
    with pytest.raises(ConfigError, match=r"ingestd\.db: found a damaged database .*restore a backup: stop ingestd"):
        backup(database, tmp_path / "copy.db", overwrite=True)
    assert (tmp_path / "copy.db").read_text() == "the last good one"
    assert not list(tmp_path.glob(".*"))


def test_rows_without_their_document_are_damage_too(database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as db:
        db.execute("DELETE FROM documents WHERE id = 2")
        db.commit()
    with pytest.raises(ConfigError, match=r"a row of \w+ without its documents"):
        backup(database, tmp_path / "copy.db")


def test_missing_database_other_program_and_missing_folder(database: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        backup(tmp_path / "none.db", tmp_path / "copy.db")
    with pytest.raises(IngestdError, match="found no folder"):
        backup(database, tmp_path / "nowhere" / "copy.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (title)")
    with pytest.raises(ConfigError, match="another program"):
        backup(tmp_path / "other.db", tmp_path / "copy.db")


def test_disk_that_takes_no_more_leaves_nothing_behind(database: Path, tmp_path: Path) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, unlimited[1]))
    try:
        with pytest.raises(TransientError, match="free space"):
            backup(database, tmp_path / "copy.db")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert not list(tmp_path.glob(".*"))
    assert not (tmp_path / "copy.db").exists()
