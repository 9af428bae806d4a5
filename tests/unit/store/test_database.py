from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from ingestd.errors import ConfigError, TransientError
from ingestd.store import schema
from ingestd.store.database import connect, faults, require_usable, transaction
from tests.support.unprivileged import open_folder, unprivileged

Opener = Callable[..., Database]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """connect(), closed at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments: stack.enter_context(connect(*arguments))


def pragma(db: Database, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_connection_is_durable_checks_foreign_keys_and_waits_for_locks(opened: Opener, tmp_path: Path) -> None:
    db = opened(tmp_path / "new.db")
    assert db.journal_mode == "wal"
    assert pragma(db, "synchronous") == 2
    assert pragma(db, "foreign_keys") == 1
    assert pragma(db, "busy_timeout") == 30_000


def test_connecting_twice_migrates_once(opened: Opener, tmp_path: Path) -> None:
    first = opened(tmp_path / "new.db")
    before = [migration.applied_at for migration in schema.migrations.applied(first)]
    second = opened(tmp_path / "new.db")
    assert [migration.applied_at for migration in schema.migrations.applied(second)] == before
    assert not schema.migrations.pending(second)


def test_simultaneous_first_starts_do_not_collide(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    ready = threading.Barrier(4)
    failures: list[BaseException] = []

    def start() -> None:
        ready.wait()
        try:
            connect(path).close()
        except BaseException as error:
            failures.append(error)

    starts = [threading.Thread(target=start) for _ in range(4)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    assert failures == []
    assert not schema.migrations.pending(opened(path, "read"))


def test_a_name_that_needs_quoting_in_a_uri_is_taken_literally(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1?mode=memory.db"
    connect(path).close()
    assert path.stat().st_size > 0


@pytest.mark.parametrize("access", ["read", "write"])
def test_a_missing_database_is_not_created_by_a_query(tmp_path: Path, access: str) -> None:
    path = tmp_path / "missing.db"
    with pytest.raises(ConfigError, match=r"found no such file.*'ingestd run' creates it"):
        connect(path, access)  # type: ignore[arg-type]
    assert not path.exists()


def test_reading_changes_nothing(opened: Opener, tmp_path: Path) -> None:
    connect(tmp_path / "ingestd.db").close()
    db = opened(tmp_path / "ingestd.db", "read")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM documents")


def test_reading_refuses_a_schema_that_only_a_writer_may_bring_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(ConfigError, match=r"without schema 001_tables.*'ingestd run'"):
        connect(path, "read")
    assert path.stat().st_size == 0


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    Database(path).table("bookmarks").insert({"title": "x"})
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"another program \(tables bookmarks\).*a path of its own"):
        connect(path)
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "ingestd.db"
    db = opened(path)
    db.table("_sqlite_migrations").insert({"migration_set": "ingestd", "name": "999_future", "applied_at": "x"})
    db.close()
    with pytest.raises(ConfigError, match=r"schema 999_future of a newer ingestd.*upgrade ingestd"):
        connect(path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ingestd.db"
    path.write_bytes(b"this is a text file, longer than the header of a database" * 20)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"not a SQLite database.*restore a backup"):
        connect(path)
    assert path.read_bytes() == before


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ingestd.db"
    connect(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 3996 + whole[4096:])
    with pytest.raises(ConfigError, match=r"a damaged database.*restore a backup"):
        connect(path)


def test_a_folder_that_does_not_exist_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a file in a folder that exists"):
        connect(tmp_path / "nowhere" / "ingestd.db")


def test_a_read_only_database_is_a_configuration_error() -> None:
    with open_folder() as folder:
        path = folder / "ingestd.db"
        connect(path).close()
        path.chmod(0o444)
        folder.chmod(0o555)
        with unprivileged(), pytest.raises(ConfigError, match=r"cannot be opened or written.*permissions"):
            connect(path, "write")


def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 0))
    with pytest.raises(ConfigError, match=r"expected 3\.38\.0 or newer"):
        connect(tmp_path / "new.db")


def test_a_transaction_takes_the_write_lock_before_it_reads(opened: Opener, tmp_path: Path) -> None:
    db, other = opened(tmp_path / "ingestd.db"), opened(tmp_path / "ingestd.db")
    other.execute("PRAGMA busy_timeout = 0")
    with transaction(db), pytest.raises(TransientError, match="keeps it locked"), faults(tmp_path / "ingestd.db"):
        other.execute("BEGIN IMMEDIATE")


def test_a_transaction_that_fails_leaves_no_trace_and_no_lock(opened: Opener, tmp_path: Path) -> None:
    db = opened(tmp_path / "ingestd.db")
    with pytest.raises(RuntimeError, match="stop"), transaction(db):
        db.execute(
            "INSERT INTO jobs (inbox, source_path, name, size_bytes, state, created_at, updated_at) "
            "VALUES ('a', '/a', 'a', 1, 'arrived', '', '')"
        )
        raise RuntimeError("stop")
    assert not db.conn.in_transaction
    assert db.table("jobs").count == 0


def test_transactions_do_not_nest(opened: Opener, tmp_path: Path) -> None:
    db = opened(tmp_path / "ingestd.db")
    with transaction(db):
        with pytest.raises(sqlite3.OperationalError, match="within a transaction"), transaction(db):
            pass
        assert db.conn.in_transaction


def test_a_full_disk_is_temporary(opened: Opener, tmp_path: Path) -> None:
    db = opened(tmp_path / "ingestd.db")
    db.execute(f"PRAGMA max_page_count = {pragma(db, 'page_count')}")
    big = "x" * 10_000_000  # more than the pages that migrations left free
    with pytest.raises(TransientError, match="free space"), faults(tmp_path / "ingestd.db"), transaction(db):
        db.execute(
            "INSERT INTO jobs (inbox, source_path, name, size_bytes, state, created_at, updated_at) "
            "VALUES (?, '/a', 'a', 1, 'arrived', '', '')",
            [big],
        )
    assert not db.conn.in_transaction


def test_mistakes_in_sql_are_not_taken_for_faults_of_the_file(opened: Opener, tmp_path: Path) -> None:
    db = opened(tmp_path / "ingestd.db")
    with pytest.raises(sqlite3.OperationalError, match="no such table"), faults(tmp_path / "ingestd.db"):
        db.execute("SELECT * FROM missing")


def test_user_who_may_only_read_can_ask_while_nothing_runs() -> None:
    """A group member asked by 'ingestd status' was told of a readonly database unless the daemon ran."""
    with open_folder() as folder:
        path = folder / "ingestd.db"
        connect(path).close()
        assert not list(folder.glob("*-*")), "closed, so that nothing lies beside it"
        with unprivileged(), connect(path, "read") as db:
            assert db.execute("select count(*) from jobs").fetchone() == (0,)
            require_usable(path)
        with connect(path) as writer:  # while a daemon runs
            writer.execute("insert into counts values ('documents', 'done', 7)")
            with unprivileged(), connect(path, "read") as db:
                assert db.execute("select number from counts").fetchall() == [(7,)], "what it wrote last is seen"


def test_user_who_may_only_read_is_told_of_a_killed_daemon() -> None:
    with open_folder() as folder:
        path = folder / "ingestd.db"
        connect(path).close()
        (folder / "ingestd.db-wal").write_bytes(b"left")
        with unprivileged(), pytest.raises(ConfigError, match=r"killed.*start ingestd, or ask as its user"):
            connect(path, "read")
