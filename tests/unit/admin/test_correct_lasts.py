"""Corrections outlive everything else that happens to a document."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ingestd.admin import reextract
from ingestd.admin.backup import backup
from ingestd.admin.correct import Corrector, Wanted
from ingestd.admin.verify import Verification
from ingestd.config import EngineConfig
from ingestd.document import KIND, Claim, Level, Record, Status
from ingestd.errors import TransientError
from ingestd.extract import RuleSet, extract
from ingestd.files import durable
from ingestd.output import sidecar, tables
from ingestd.store import corrections, documents
from ingestd.store.database import connect
from tests.support import records
from tests.support.corrections import PAGE, rules
from tests.support.extraction import TODAY, ruled, typed
from tests.support.world import FakeEngine, World

Work = Callable[[Claim], Record]


def reading_as(page: str, rule_set: RuleSet) -> Work:
    """Stand in for the pipeline: every file is this page."""

    def work(claim: Claim) -> Record:
        reading = typed(page)
        made = records.record(claim.source_path.name)
        return replace(
            made, sha256=claim.sha256, size_bytes=claim.size_bytes, reading=reading,
            extraction=extract(reading, rule_set, TODAY),
        )  # fmt: skip

    return work


@pytest.fixture
def rule_set(tmp_path: Path) -> RuleSet:
    return rules(tmp_path / "rules")


@pytest.fixture
def world(tmp_path: Path, rule_set: RuleSet) -> World:
    """A daemon that has recorded one document with doubts."""
    world = World(tmp_path)
    world.engine.work = reading_as(PAGE, rule_set)
    world.drop("a.png")
    world.run(4)
    assert world.states() == {"a.png": "done"}
    return world


def corrector(world: World, rule_set: RuleSet) -> Corrector:
    return Corrector(world.db, rule_set, world.clock, sidecars=True)


def settle_all(world: World, rule_set: RuleSet) -> None:
    corrector(world, rule_set).correct(1, [Wanted("tax", "6"), Wanted("tax_no", "DE136695976")], by="anna")


def values(world: World) -> dict[str, tuple[str | None, Level]]:
    return {one.name: (one.value, one.level) for one in documents.load_extraction(world.db, 1).fields}


def differences(world: World) -> list[str]:
    return [one.text for one in Verification(world.db, world.config).differences()]


def sidecar_of(world: World) -> bytes:
    [path] = (world.root / "archive").rglob("*.json")
    return path.read_bytes()


def extract_all(world: World, rule_set: RuleSet) -> list[reextract.Change]:
    found = []
    for batch in reextract.changes(world.config.record.database, [1], rule_set, TODAY, 1, EngineConfig()):
        some = [one for one in batch if isinstance(one, reextract.Change)]
        reextract.apply(world.db, some, rule_set.hash, with_sidecars=True)
        found += some
    return found


def test_verify_export_views_and_backup_know_them(world: World, rule_set: RuleSet, tmp_path: Path) -> None:
    settle_all(world, rule_set)
    assert differences(world) == []
    rows = tables.documents(world.db, tables.Choice())
    [row] = rows.rows
    exported = dict(zip(rows.columns, row, strict=True))
    assert exported["tax"] == "6.00" and exported["status"] == "done"
    backup(world.config.record.database, tmp_path / "copy.db")
    with connect(tmp_path / "copy.db", "read") as copy:
        assert corrections.history(copy, 1) == corrections.history(world.db, 1)
        assert corrections.what_was_read(copy, 1) == corrections.what_was_read(world.db, 1)


def test_same_rules_change_nothing(world: World, rule_set: RuleSet) -> None:
    settle_all(world, rule_set)
    before = values(world)
    assert extract_all(world, rule_set) == []
    assert values(world) == before


def test_new_rules_change_only_what_nobody_confirmed(world: World, rule_set: RuleSet, tmp_path: Path) -> None:
    settle_all(world, rule_set)
    (tmp_path / "new").mkdir()
    fields = "{tax: {type: money, labels: Total}, net: {type: money, labels: Tax}}"
    new = ruled(tmp_path / "new", fields)
    [change] = extract_all(world, new)
    assert values(world) == {
        "tax": ("6.00", Level.CONFIRMED),
        "net": ("8.00", Level.READ),
        "tax_no": ("DE136695976", Level.CONFIRMED),
    }
    assert {one.name: one.value for one in corrections.what_was_read(world.db, 1).fields} == {
        "tax": "106.00",
        "net": "8.00",
    }
    assert change.after.status is Status.DONE
    assert sidecar_of(world) == sidecar.render(world.db, 1)
    assert differences(world) == []
    undone = corrector(world, new).undo(1, by="anna")
    assert undone.fields["tax"].value == "106.00"
    assert "tax_no" not in undone.fields


def test_kind_that_a_person_said_holds_against_the_rules(world: World, rule_set: RuleSet) -> None:
    corrector(world, rule_set).correct(1, [Wanted(KIND, "other")], by="anna")
    assert extract_all(world, rule_set) == []
    assert documents.load_extraction(world.db, 1).rule == "other"
    assert differences(world) == []


def test_correction_during_a_re_extraction_wins(
    world: World, rule_set: RuleSet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "new").mkdir()
    new = ruled(tmp_path / "new", "{tax: {type: money, labels: Total}}")
    [batch] = reextract.changes(world.config.record.database, [1], new, TODAY, 1, EngineConfig())
    settle_all(world, rule_set)
    reextract.apply(world.db, batch, new.hash, with_sidecars=True)  # type: ignore[arg-type]
    assert values(world)["tax"] == ("6.00", Level.CONFIRMED)
    assert "was corrected meanwhile" in caplog.text


def test_same_file_dropped_again_is_a_duplicate_of_the_corrected_document(world: World, rule_set: RuleSet) -> None:
    settle_all(world, rule_set)
    world.drop("again.png", "a.png")
    world.run(4)
    assert world.states()["again.png"] == "duplicate"
    assert values(world)["tax"] == ("6.00", Level.CONFIRMED)


def test_field_changed_behind_the_back_of_a_correction_is_a_difference(world: World, rule_set: RuleSet) -> None:
    settle_all(world, rule_set)
    with sqlite3.connect(world.config.record.database) as other:
        other.execute("UPDATE fields SET value = '9.00' WHERE name = 'tax'")
        other.execute("UPDATE fields SET level = 'confirmed' WHERE name = 'net'")
    other.close()
    found = differences(world)
    assert sum("is not as people corrected it" in text for text in found) == 2
    assert extract_all(world, rule_set)
    assert differences(world) == []


def test_sidecar_that_could_not_be_written_follows(
    world: World, rule_set: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = sidecar_of(world)

    def full(path: Path, data: bytes) -> None:
        raise TransientError("cannot write: no space; free space")

    with monkeypatch.context() as patch:
        patch.setattr(durable, "write_atomic", full)
        settle_all(world, rule_set)
        world.run(2)
    assert sidecar_of(world) == stale
    assert corrections.sidecars_due(world.db, 9) == [1]
    assert differences(world) == []
    world.run(100)
    assert sidecar_of(world) == sidecar.render(world.db, 1)
    assert corrections.sidecars_due(world.db, 9) == []


def test_correction_before_the_original_is_put_away_is_in_its_sidecar(tmp_path: Path, rule_set: RuleSet) -> None:
    """The daemon renders the sidecar, is held up, and writes it after the correction."""
    world = World(tmp_path)
    world.engine.work = reading_as(PAGE, rule_set)
    world.drop("a.png")
    write = durable.write_atomic
    corrected: list[Path] = []

    def held_up(path: Path, data: bytes) -> None:
        if not corrected:
            corrected.append(path)
            settle_all(world, rule_set)
        write(path, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "write_atomic", held_up)
        world.run(4)
    world.run(10)
    assert corrected and json.loads(sidecar_of(world))["corrections"]
    assert sidecar_of(world) == sidecar.render(world.db, 1)


def test_sidecar_that_was_taken_away_is_not_made_anew(world: World, rule_set: RuleSet) -> None:
    [path] = (world.root / "archive").rglob("*.json")
    path.unlink()
    settle_all(world, rule_set)
    assert not path.exists()
    assert corrections.sidecars_due(world.db, 9) == []


def test_restart_goes_on_with_what_a_crash_left(world: World, rule_set: RuleSet) -> None:
    settle_all(world, rule_set)
    with world.db.conn:
        world.db.execute("UPDATE extractions SET sidecar_due = 1")
    [path] = (world.root / "archive").rglob("*.json")
    path.write_bytes(b"{}")
    assert isinstance(world.engine, FakeEngine)
    world.restart()
    world.run(2)
    assert sidecar_of(world) == sidecar.render(world.db, 1)
