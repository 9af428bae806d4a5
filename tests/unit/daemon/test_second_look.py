"""Files that are written after they were put away are read again; others become the property of ingestd."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from ingestd.admin.verify import Verification
from ingestd.cli import cli
from ingestd.config import parse
from ingestd.errors import ConfigError
from ingestd.files import durable
from ingestd.files.encoding import time_text
from ingestd.output import sidecar
from ingestd.output.tables import TABLES, Choice
from ingestd.store import exports, queries, reviews, supersessions
from ingestd.store.listing import Filters, listed
from ingestd.store.supersessions import Successor
from tests.support.unprivileged import NOBODY, open_folder, unprivileged
from tests.support.world import World, png


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def differences(world: World) -> list[str]:
    return [difference.text for difference in Verification(world.db, world.config).differences()]


def test_original_that_its_writer_finished_in_the_archive_is_read_again(world: World) -> None:
    """The kernel tells nothing of this writer: it is on another machine."""
    world.drop("scan.png", "first page")
    world.run(5)
    archived = world.root / "archive/2026/08/scan.png"
    archived.write_bytes(png("first page, second page"))
    world.run(120)
    rows = world.db.execute("select archive_path from documents order by id").fetchall()
    assert rows[0] == (None,), "what was read first stays, without its original"
    assert Path(rows[1][0]).read_bytes() == png("first page, second page")
    assert world.files("work") == world.files("failed") == []
    assert not archived.exists()
    assert differences(world) == []


def exported(world: World) -> list[int]:
    """Ids of the documents in all tables and bookings that can be exported."""
    tables = [
        [int(str(row[0])) for row in make(world.db, Choice()).rows] for make in (TABLES["documents"], TABLES["items"])
    ]
    assert tables[0] == sorted({*tables[1]}), "each has an item"
    assert [paper.document_id for paper in exports.papers_for(world.db, None)] == tables[0]
    return tables[0]


def test_document_read_before_the_file_was_whole_is_superseded_and_exported_once(world: World) -> None:
    world.drop("scan.png", "first page")
    world.run(5)
    assert exported(world) == [1]
    archived = world.root / "archive/2026/08/scan.png"
    archived.write_bytes(png("first page, second page"))
    world.engine.hold = True
    world.run(70)
    assert exported(world) == [1], "until the whole file is recorded, it is all that is known"
    assert supersessions.successor(world.db, 1) == Successor(2, "running", None)
    world.engine.hold = False
    world.engine.go()
    world.run(5)
    assert supersessions.successor(world.db, 1) == Successor(2, "done", 2)
    assert (supersessions.successor(world.db, 2), supersessions.predecessors(world.db, 2)) == (None, [1])
    assert exported(world) == [2]
    assert [(one.id, one.superseded_by) for one in listed(world.db, Filters(), 10)] == [(2, None), (1, 2)]
    (world.root / "config.yaml").write_text("inboxes: [{path: inbox}]\n")
    shown = [CliRunner().invoke(cli, ["show", number, "-c", str(world.root / "config.yaml")]) for number in "12"]
    assert "superseded by document 2" in shown[0].output
    assert "supersedes document 1" in shown[1].output


def test_superseded_document_is_not_offered_for_review(world: World) -> None:
    world.drop("scan.png", "first page")
    world.run(5)
    (world.root / "archive/2026/08/scan.png").write_bytes(png("first page, second page"))
    world.run(120)
    world.db.execute("update documents set status = 'review'")
    assert [one.id for one in reviews.queue(world.db, "anna", world.now, 10)] == [2]
    assert queries.status(world.db, world.now, 0).review == 1


def test_document_stays_exported_while_the_file_that_changed_cannot_be_read(world: World) -> None:
    world.drop("scan.png", "first page")
    world.run(5)
    (world.root / "archive/2026/08/scan.png").write_bytes(png("first page, then bad"))
    world.run(120)
    assert supersessions.successor(world.db, 1) == Successor(2, "failed", None)
    assert exported(world) == [1]


def test_document_whose_bytes_arrive_again_stands_for_itself(world: World) -> None:
    """A file that changed back, so that each of two documents would supersede the other."""
    world.drop("scan.png", "first page")
    world.run(5)
    (world.root / "archive/2026/08/scan.png").write_bytes(png("first page, second page"))
    world.run(100)
    assert exported(world) == [2]
    [(path,)] = world.db.execute("select archive_path from documents where id = 2").fetchall()
    Path(path).chmod(0o600)
    world.db.execute("update jobs set look_at = ? where document_id = 2", [time_text(world.now)])
    Path(path).write_bytes(png("first page"))
    world.run(100)
    assert exported(world) == [1]


def test_failed_file_that_its_writer_finished_is_tried_again(world: World) -> None:
    world.drop("scan.png", "bad: its length was set, its data not yet written")
    world.run(5)
    assert world.files("failed") == ["scan.png", "scan.png.error.json"]
    (world.root / "failed/scan.png").write_bytes(png("whole"))
    world.run(120)
    assert world.documents() == ["scan.png"]
    assert world.files("failed") == []


def test_duplicate_that_becomes_another_document_is_read(world: World) -> None:
    world.drop("first.png", "the same first page")
    world.run(5)
    world.drop("second.png", "the same first page")
    world.run(10)
    (world.root / "archive/duplicates/second.png").write_bytes(png("and a second page"))
    world.run(120)
    assert world.documents() == ["first.png", "second.png"]
    assert differences(world) == []


def test_new_file_of_the_name_is_not_mixed_up_with_one_that_is_read_again(world: World) -> None:
    world.drop("scan.png", "first page")
    world.run(5)
    (world.root / "archive/2026/08/scan.png").write_bytes(png("first page, second page"))
    world.run(56)
    world.drop("scan.png", "another")
    world.run(60)
    assert len(world.documents()) == 3
    assert differences(world) == []


def test_what_has_not_changed_is_looked_at_once_and_not_read_again(world: World) -> None:
    world.drop("scan.png")
    world.drop("worse.png", "bad")
    world.run(200)
    assert len(world.engine.claims) == 2
    assert world.db.execute("select count(*) from jobs where look_at is not null").fetchone() == (0,)
    (world.root / "archive/2026/08/scan.png").chmod(0o600)
    (world.root / "archive/2026/08/scan.png").write_bytes(png("altered long after"))
    world.run(200)
    assert world.documents() == ["scan.png"]


def test_a_restart_does_not_forget_to_look(world: World) -> None:
    world.drop("scan.png")
    world.run(5)
    world.restart()
    (world.root / "archive/2026/08/scan.png").write_bytes(png("more"))
    world.run(120)
    assert len(world.documents()) == 2


def test_file_that_was_touched_and_has_the_same_bytes_is_not_read_again(world: World) -> None:
    world.drop("scan.png")
    world.run(5)
    os.utime(world.root / "archive/2026/08/scan.png")
    world.run(120)
    assert len(world.engine.claims) == 1


def test_archived_originals_can_be_written_by_no_one(world: World) -> None:
    world.drop("scan.png").chmod(0o666)
    world.run(120)
    assert stat.S_IMODE((world.root / "archive/2026/08/scan.png").stat().st_mode) == 0o440


@pytest.mark.skipif(NOBODY is None, reason="only root can make files of two users")
def test_original_of_another_user_becomes_one_of_ingestd() -> None:
    with open_folder() as folder:
        folder.chmod(0o777)
        path = folder / "scan.png"
        path.write_bytes(b"dropped by someone")
        os.utime(path, ns=(1, 1_700_000_000_000_000_000))
        with path.open("r+b") as writer, unprivileged():
            durable.take_over(path, 0o440)
            writer.write(b"altered")
            writer.flush()
            status = path.stat()
            assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (NOBODY, 0o440)
            assert status.st_mtime_ns == 1_700_000_000_000_000_000
            assert path.read_bytes() == b"dropped by someone"


def test_owner_and_permissions_may_stay_as_dropped(tmp_path: Path) -> None:
    world = World(tmp_path, more="spool: {original_mode: null}")
    world.drop("scan.png").chmod(0o664)
    world.run(120)
    assert stat.S_IMODE((world.root / "archive/2026/08/scan.png").stat().st_mode) == 0o664


@pytest.mark.parametrize("mode", ["440", "'rw-r-----'", "'0840'"])
def test_permissions_are_octal_and_quoted(tmp_path: Path, mode: str) -> None:
    with pytest.raises(ConfigError, match="octal, quoted, such as '0440'"):
        parse(f"inboxes: [{{path: inbox}}]\nspool: {{original_mode: {mode}}}", tmp_path / "config.yaml")


def test_fault_puts_the_look_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.drop("scan.png").chmod(0o666)
    world.run(5)
    chmod = Path.chmod

    def refused(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refused)
    world.run(100)
    monkeypatch.setattr(Path, "chmod", chmod)
    world.run(1000)
    assert stat.S_IMODE((world.root / "archive/2026/08/scan.png").stat().st_mode) == 0o440


def test_sidecars_of_new_documents_are_slim_where_that_is_wanted(tmp_path: Path) -> None:
    world = World(tmp_path, more="record: {sidecar: slim}")
    world.drop("a.png")
    world.run(4)
    [path] = (tmp_path / "archive").rglob("a.png.json")
    assert path.read_bytes() == sidecar.render(world.db, 1, slim=True)
