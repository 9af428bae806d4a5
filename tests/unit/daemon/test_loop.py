from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ingestd.document import Claim, Record
from ingestd.errors import AttemptError
from ingestd.files import identity
from tests.support.world import World, png, read


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_dropped_file_is_recorded_archived_and_gets_a_sidecar(world: World) -> None:
    world.drop("scan.png")
    world.run(5)
    assert world.outcomes == [("scan.png", "recorded")]
    assert world.files("inbox") == world.files("work") == []
    assert world.files("archive") == ["2026/08/scan.png", "2026/08/scan.png.json"]
    assert (world.root / "archive/2026/08/scan.png").read_bytes() == png("scan.png")
    sidecar = json.loads((world.root / "archive/2026/08/scan.png.json").read_bytes())
    assert sidecar["name"] == "scan.png"
    assert sidecar["archive_path"] == str(world.root / "archive/2026/08/scan.png")
    assert world.states() == {"scan.png": "done"}
    assert world.documents() == ["scan.png"]


def test_burst_is_worked_off_with_few_files_claimed_at_a_time(world: World) -> None:
    world.engine.hold = True
    for number in range(20):
        world.drop(f"{number:02}.png")
    world.run(5)
    assert len(world.engine.held) == world.engine.slots + 1
    assert len(world.files("inbox")) == 20 - 3
    assert world.daemon.unsettled == 20

    world.engine.hold = False
    world.engine.go()
    world.run(2)
    assert len(world.documents()) == 20
    assert world.daemon.idle(world.now)


def test_pitfall_09_and_10_bad_file_is_kept_with_its_reason_and_stops_nothing(world: World) -> None:
    world.drop("a.png", "bad")
    world.drop("b.png")
    world.run(5)
    assert sorted(world.outcomes) == [("a.png", "failed"), ("b.png", "recorded")]
    assert world.files("failed") == ["a.png", "a.png.error.json"]
    reason = json.loads((world.root / "failed/a.png.error.json").read_bytes())
    assert reason["code"] == "damaged"
    assert reason["found"] == "found a bad file"
    assert reason["source_path"] == str(world.inbox / "a.png")
    assert reason["again"] == "ingestd retry 1"


def test_pitfall_07_document_that_kills_its_worker_fails_after_some_tries(world: World) -> None:
    def die(claim: Claim) -> Record:
        raise AttemptError("the worker died (SIGKILL, perhaps out of memory)")

    world.engine.work = die
    world.drop("poison.png")
    world.run(5)
    assert world.states() == {"poison.png": "waiting"}
    world.run(100)
    assert world.states() == {"poison.png": "failed"}
    assert [claim.attempt for claim in world.engine.claims] == [1, 2, 3]
    reason = json.loads((world.root / "failed/poison.png.error.json").read_bytes())
    assert "SIGKILL" in reason["found"]
    assert reason["attempts"] == 3


def test_worker_that_dies_once_costs_only_time(world: World) -> None:
    def die_once(claim: Claim) -> Record:
        if claim.attempt == 1:
            raise AttemptError("the worker died")
        return read(claim)

    world.engine.work = die_once
    world.drop("scan.png")
    world.run(30)
    assert world.outcomes == [("scan.png", "waiting"), ("scan.png", "recorded")]


def test_pitfall_11_duplicate_leaves_the_inbox_and_names_the_first(world: World) -> None:
    world.drop("first.png", "same")
    world.run(5)
    world.drop("second.png", "same")
    world.run(5)
    assert world.outcomes == [("first.png", "recorded"), ("second.png", "duplicate")]
    assert world.files("inbox") == []
    assert world.files("archive/duplicates") == ["second.png"]
    assert world.reports[-1].job.document_id == 1


def test_same_bytes_read_at_the_same_time_are_recorded_once(world: World) -> None:
    world.engine.hold = True
    world.drop("first.png", "same")
    world.drop("second.png", "same")
    world.run(5)
    assert len(world.engine.held) == 2
    world.engine.go()
    world.run(2)
    assert world.documents() == ["first.png"]
    assert world.states() == {"first.png": "done", "second.png": "duplicate"}
    assert world.files("work") == []


def test_files_of_one_name_are_all_archived(world: World) -> None:
    for number in range(3):
        world.drop("scan.png", f"content {number}")
        world.run(5)
    archived = [name for name in world.files("archive") if name.endswith(".png")]
    assert len(archived) == 3
    contents = {(world.root / "archive" / name).read_bytes() for name in archived}
    assert contents == {png(f"content {number}") for number in range(3)}


def test_original_left_in_place(tmp_path: Path) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, original: leave}")
    world.drop("scan.png")
    world.drop("worse.png", "bad")
    world.run(5)
    assert world.files("inbox") == ["scan.png", "worse.png"]
    assert world.files("archive") == ["2026/08/scan.png.json"]
    assert world.files("failed") == ["worse.png.error.json"]
    assert world.files("work") == []
    world.run(60)
    world.restart()
    world.run(60)
    assert len(world.reports) == 2, "not taken again"

    world.drop("worse.png", "good now")
    world.run(10)
    assert world.documents() == ["scan.png", "worse.png"], "changed content at a failed path is a new arrival"


def test_original_deleted_after_it_was_recorded(tmp_path: Path) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, original: delete, duplicates: delete}")
    world.drop("scan.png")
    world.run(5)
    world.drop("again.png", "scan.png")
    world.run(5)
    assert world.files("inbox") == world.files("work") == []
    assert world.files("archive") == ["2026/08/scan.png.json"]
    assert world.db.execute("select archive_path from documents").fetchone() == (None,)


def test_file_that_changes_while_it_is_read_is_read_again(world: World) -> None:
    world.engine.hold = True
    world.drop("scan.png", "page 1")
    world.run(5)
    (claim, _) = world.engine.held[0]
    world.engine.go()
    with claim.work_path.open("ab") as file:  # a writer that kept its handle across the rename
        file.write(png("page 2"))
    world.engine.hold = False
    world.run(5)
    archived = (world.root / "archive/2026/08/scan.png").read_bytes()
    assert archived == png("page 1") + png("page 2")
    assert len(world.documents()) == 1


NAMES = [b"new\nline.png", b"invalid-\xff\xfe.png", b"\x1b[2J.png", "票".encode() * 83 + b".png", b"x" * 251 + b".png"]


@pytest.mark.parametrize("name", NAMES)
def test_strange_names_are_recorded_and_archived_under_printable_ones(world: World, name: bytes) -> None:
    raw = os.fsencode(world.inbox) + b"/" + name
    with open(raw, "wb") as file:  # noqa: PTH123 (a Path cannot be made of every name)
        file.write(png("content"))
    world.run(5)
    assert [outcome for _, outcome in world.outcomes] == ["recorded"]
    archived = [path for path in world.files("archive") if not path.endswith(".json")]
    assert len(archived) == 1
    assert archived[0].isprintable()


def test_pitfall_05_full_archive_loses_nothing_and_goes_on_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    mkdir = Path.mkdir

    def no_space(self: Path, *args: object, **options: object) -> None:
        if full and "archive" in self.parts:
            raise OSError(28, "No space left on device")
        mkdir(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", no_space)
    world.drop("scan.png")
    world.run(30)
    assert world.documents() == ["scan.png"]
    assert world.files("work") == ["1/scan.png"]
    assert world.states() == {"scan.png": "recorded"}

    full = False
    world.run(120)
    assert world.files("archive") == ["2026/08/scan.png", "2026/08/scan.png.json"]
    assert world.states() == {"scan.png": "done"}
    assert len(world.engine.claims) == 1, "not read again"


def test_pitfall_17_locked_database_delays_but_loses_nothing(world: World) -> None:
    world.db.execute("PRAGMA busy_timeout = 0")
    world.engine.hold = True
    world.drop("scan.png")
    world.run(5)
    other = world.other_connection()
    other.execute("BEGIN IMMEDIATE")
    world.engine.go()
    world.run(10)
    assert world.documents() == []

    other.rollback()
    other.close()
    world.run(60)
    assert world.documents() == ["scan.png"]
    assert world.files("archive") == ["2026/08/scan.png", "2026/08/scan.png.json"]
    assert len(world.engine.claims) == 1, "the reading was kept"


def test_pitfall_17_arrivals_wait_together_while_the_database_cannot_be_written(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.db.execute("PRAGMA busy_timeout = 0")
    other = world.other_connection()
    other.execute("BEGIN IMMEDIATE")
    for number in range(50):
        world.drop(f"{number:02}.png")
    world.run(60)
    assert not world.daemon.idle(world.now)
    said = [record.message for record in caplog.records if "cannot note 50 arrivals" in record.message]
    assert 2 <= len(said) <= 6, "once a try, and ever more rarely"
    other.rollback()
    other.close()
    world.run(60)
    assert len(world.documents()) == 50


def test_stop_gives_back_the_try_and_the_next_start_reads_the_document(world: World) -> None:
    world.engine.hold = True
    world.drop("scan.png")
    world.run(5)
    world.daemon.drain()
    world.drop("later.png")
    world.run(5)
    world.daemon.close(world.now)
    assert world.files("work") == ["1/scan.png"]
    assert world.engine.closed

    world.restart()
    world.run(5)
    assert world.documents() == ["later.png", "scan.png"]
    assert [claim.attempt for claim in world.engine.claims] == [1, 1]


def test_pause_is_until_the_next_thing_is_due(world: World) -> None:
    world.step()
    assert 0 < world.daemon.pause_s(world.now, world.tick) <= 5.0
    world.drop("scan.png")
    world.daemon.inboxes[0].hint(world.inbox / "scan.png")
    assert world.daemon.pause_s(world.now, world.tick) == 0.0
    world.step()
    assert world.daemon.pause_s(world.now, world.tick) == pytest.approx(2.0)


def test_pitfall_20_document_that_waits_for_a_worker_keeps_nobody_awake(world: World) -> None:
    world.engine.hold = True
    (world.root / "work").mkdir(exist_ok=True)
    (world.root / "work" / "1").touch()  # no folder can be made there
    late = world.drop("late.png")
    world.run(5)
    assert world.states() == {"late.png": "waiting"}
    for number in range(3):
        world.drop(f"{number}.png")
    world.run(5)
    (world.root / "work" / "1").unlink()
    world.clock.move(1000)
    world.step()
    assert late.exists(), "all workers are busy"
    assert world.daemon.pause_s(world.now, world.tick) > 1.0


def test_workers_begin_with_the_first_of_thousands_of_files(world: World) -> None:
    for number in range(450):
        world.drop(f"{number:04}.png")
    world.engine.hold = True
    world.step()
    world.clock.move(3)
    world.step()
    assert len(world.engine.held) == 3
    assert world.daemon.unsettled < 300, "the rest is noted in later turns"
    world.engine.hold = False
    world.engine.go()
    world.run(3)
    assert len(world.documents()) == 450


def test_arrivals_of_one_turn_are_committed_together(world: World) -> None:
    for number in range(100):
        world.drop(f"{number}.png")
    world.step()
    world.clock.move(3)
    statements: list[str] = []
    world.db.conn.set_trace_callback(statements.append)
    world.engine.hold = True
    world.step()
    world.db.conn.set_trace_callback(None)
    first = [statement.split()[0] for statement in statements].index("COMMIT")
    inserts = [number for number, statement in enumerate(statements) if statement.startswith("insert into jobs")]
    assert len(inserts) >= 100
    assert max(inserts) < first


def test_nothing_is_handed_over_after_a_request_to_stop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_PIECE_BYTES", 100)
    world.drop("large.png", "x" * 10_000)
    world.step()
    world.clock.move(3)
    world.step()
    assert world.states() == {"large.png": "claimed"}
    world.daemon.drain()
    assert world.daemon.in_work == 0
    world.run(3)
    assert world.engine.claims == []
    world.daemon.close(world.now)
    world.restart()
    world.run(3)
    assert world.documents() == ["large.png"]
    assert world.db.execute("select attempt, suspect from jobs").fetchall() == [(1, 0)]


def test_file_that_changed_while_it_was_read_is_read_again_before_it_fails(world: World) -> None:
    """Its length was set first and the data came later: what a worker saw was no document yet."""
    world.drop("scan.png", "bad, for now")
    world.engine.hold = True
    world.run(4)
    [(claim, _)] = world.engine.held
    claim_of = claim.work_path
    world.engine.go()
    claim_of.write_bytes(png("whole"))
    world.run(2)
    world.engine.go()
    world.run(2)
    assert world.documents() == ["scan.png"]
    assert world.files("failed") == []
