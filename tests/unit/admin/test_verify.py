from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.admin.backup import backup
from ingestd.admin.verify import Difference, Verification
from ingestd.cli import cli
from ingestd.output import sidecar
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two recorded documents, one that came twice, one that failed."""
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\n")
    world = World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}")
    for name, content in (("a.png", "a"), ("b.png", "b"), ("twin.png", "a"), ("bad.png", "bad")):
        world.drop(name, content)
        world.run(4)
    assert world.states() == {"a.png": "done", "b.png": "done", "twin.png": "duplicate", "bad.png": "failed"}
    return world


def found(world: World) -> list[Difference]:
    return list(Verification(world.db, world.config).differences())


def archived(world: World, name: str) -> Path:
    (path,) = (world.root / "archive").rglob(name)
    return path


@pytest.fixture
def ingestd(world: World) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli, [*words, "-c", str(world.root / "config.yaml")])


def test_nothing_differs(world: World, ingestd: Callable[..., Result]) -> None:
    assert found(world) == []
    result = ingestd("verify")
    assert result.exit_code == 0
    assert result.output.startswith("2 documents, 7 files, ")
    assert ": 0 differences" in result.output


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _edit(path: Path) -> None:
    content = json.loads(path.read_text())
    content["fields"][0]["value"] = "someone else"
    path.write_text(json.dumps(content))


def _replace_by_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("name", "harm", "kinds", "words"),
    [
        ("a.png", Path.unlink, ["missing"], "document 1: its original is missing"),
        ("a.png", lambda path: path.write_bytes(b"other"), ["changed"], "its bytes have changed"),
        ("a.png", _replace_by_link, ["changed", "unknown"], "found a symbolic link in the place of the original"),
        ("a.png.json", Path.unlink, ["sidecar"], "its sidecar is missing; write it again with 'ingestd show 1 --json'"),
        ("a.png.json", _cut, ["sidecar"], "is damaged or cut short"),
        ("a.png.json", _edit, ["sidecar"], "disagrees with the database about 'fields'"),
        ("a.png.json", lambda path: path.write_text("[]"), ["sidecar"], "is not a sidecar"),
        ("a.png.json", lambda path: path.write_bytes(b"[" * 5000), ["sidecar"], "is damaged or cut short"),
        ("a.png.json", lambda path: os.truncate(path, 1 << 34), ["sidecar"], "has 17179869184 bytes"),
        ("twin.png", lambda path: path.write_bytes(b"other"), ["changed"], "job 3 (duplicate): its bytes have changed"),
    ],
)
def test_every_kind_of_harm_is_named(
    world: World, name: str, harm: Callable[[Path], object], kinds: list[str], words: str
) -> None:
    harm(archived(world, name))
    differences = found(world)
    assert [difference.kind for difference in differences] == kinds
    assert words in differences[0].text
    assert all(difference.is_fault for difference in differences)


def test_layout_of_a_sidecar_is_no_difference(world: World) -> None:
    path = archived(world, "a.png.json")
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    assert found(world) == []


def test_sidecars_are_optional(world: World, ingestd: Callable[..., Result]) -> None:
    archived(world, "a.png.json").unlink()
    (world.root / "config.yaml").write_text("inboxes: [{path: inbox}]\nrecord: {sidecar: false}\n")
    assert ingestd("verify").exit_code == 0


def test_a_slim_sidecar_is_no_difference_and_stays_slim(world: World) -> None:
    path = archived(world, "a.png.json")
    [(document_id,)] = world.db.execute("SELECT id FROM documents WHERE name = 'a.png'").fetchall()
    path.write_bytes(sidecar.render(world.db, document_id, slim=True))
    assert found(world) == []
    world.db.execute("UPDATE documents SET rule = 'other' WHERE id = ?", [document_id])
    [difference] = found(world)
    assert difference.kind == "sidecar"
    assert "about 'rule'" in difference.text
    sidecar.refresh(world.db, [document_id], wanted=True)
    assert found(world) == []
    assert sidecar.is_slim(path.read_bytes())


def test_files_that_the_database_does_not_know(world: World) -> None:
    for name in ("archive/stray.pdf", "archive/2026/08/a.png.txt", "failed/lost.json", "archive/.x.pdf.partial"):
        (world.root / name).write_bytes(b"x")
    os.mkfifo(world.root / "archive" / "pipe")
    differences = {Path(difference.path).name: (difference.kind, difference.text) for difference in found(world)}
    assert differences["stray.pdf"][0] == "unknown"
    assert "drop it into an inbox" in differences["stray.pdf"][1]
    assert differences["pipe"] == ("unknown", "is a FIFO that the database does not know; remove it")
    assert differences[".x.pdf.partial"][0] == "leftover"
    assert len(differences) == 5


def test_failed_file_taken_away_is_only_a_remark(world: World, ingestd: Callable[..., Result]) -> None:
    (world.root / "failed" / "bad.png").unlink()
    (remark,) = found(world)
    assert (remark.kind, remark.is_fault) == ("removed", False)
    result = ingestd("verify", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["remarks"][0]["kind"] == "removed"


def test_what_is_on_its_way_is_no_difference(world: World) -> None:
    world.engine.hold = True
    world.drop("late.png")
    world.run(4)
    assert world.states()["late.png"] == "running"
    assert found(world) == []
    (world.root / "work" / "5" / "late.png").rename(world.root / "gone.png")
    (lost,) = found(world)
    assert (lost.kind, lost.text) == ("missing", "job 5 (running): its file is gone; drop it again")


def test_leftovers_in_work(world: World) -> None:
    (world.root / "work" / "1").mkdir()
    (world.root / "work" / "1" / "a.png").write_bytes(b"x")
    (world.root / "work" / "77").mkdir()
    (world.root / "work" / "77" / "b.png").write_bytes(b"x")
    (world.root / "work" / ".lock").touch()
    assert [difference.kind for difference in found(world)] == ["leftover", "leftover"]


def test_originals_left_or_deleted_are_not_missed(tmp_path: Path) -> None:
    for original in ("leave", "delete"):
        (tmp_path / original).mkdir()
        world = World(tmp_path / original, f"{{path: inbox, watch: polling, poll_s: 1, original: {original}}}")
        world.drop("a.png", "a")
        world.drop("bad.png", "bad")
        world.run(4)
        world.drop("twin.png", "a")
        world.run(4)
        assert found(world) == []
        archived(world, "a.png.json").unlink()
        assert [difference.kind for difference in found(world)] == ["sidecar"]


def test_restored_backup_shows_what_came_after_it(world: World, ingestd: Callable[..., Result]) -> None:
    result = ingestd("backup", str(world.root / "copy.db"), "--json")
    assert (result.exit_code, json.loads(result.output)["documents"]) == (0, 2)
    assert ingestd("backup", str(world.root / "copy.db")).exit_code == 1
    world.drop("later.png")
    world.run(4)
    world.db.close()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{world.config.record.database}{suffix}").unlink(missing_ok=True)
    (world.root / "copy.db").rename(world.config.record.database)
    result = ingestd("verify")
    assert result.exit_code == 1
    assert result.output.count("later.png") == 2, "original and sidecar"
    later = archived(world, "later.png")
    later.with_name("later.png.json").unlink()
    later.rename(world.inbox / "later.png")
    world.restart()
    world.run(4)
    assert sorted(world.documents()) == ["a.png", "b.png", "later.png"]
    assert found(world) == []


def test_control_characters_of_names_do_not_reach_the_terminal(world: World, ingestd: Callable[..., Result]) -> None:
    (world.root / "archive" / "\x1b[2J.pdf").write_bytes(b"x")
    result = ingestd("verify")
    assert "\x1b" not in result.output
    assert r"\x1b[2J.pdf" in result.output


def test_rows_that_hang_in_the_air(world: World) -> None:
    world.db.execute("PRAGMA foreign_keys = OFF")
    world.db.execute("DELETE FROM documents WHERE id = 2")
    assert "database" in {difference.kind for difference in found(world)}


def test_memory_does_not_grow_with_what_is_verified(world: World, tmp_path: Path) -> None:
    size = 64 << 20
    os.truncate(archived(world, "a.png"), size)
    tracemalloc.start()
    try:
        assert [difference.kind for difference in found(world)] == ["changed"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size / 16
    assert backup(world.config.record.database, tmp_path / "copy.db").documents == 2
