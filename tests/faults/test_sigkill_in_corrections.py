"""A correction is killed (SIGKILL) before every single effect: it is whole or absent."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from ingestd.output import sidecar
from ingestd.store import corrections
from ingestd.store.jobs import Jobs
from tests.support.armed import Faults
from tests.support.corrections import Office
from tests.support.jobs import done
from tests.support.nursery import Nursery

pytestmark = pytest.mark.timeout(240)

COMMANDS = {
    "two fields": ("1", "tax=6", "total=106", "--by", "Anna"),
    "kind": ("1", "--kind", "other", "--by", "Anna"),
    "undo": ("1", "--undo", "--by", "Anna"),
}


class Desk:
    """A document of which one field was corrected, with its sidecar, and a process that goes on from there."""

    def __init__(self, root: Path) -> None:
        root.mkdir()
        self.config = root / "config.yaml"
        self.config.write_text("inboxes: [{path: inbox}]\n", encoding="utf-8")
        self.archive = root / "archive"
        self.archive.mkdir()
        self.office = Office(root)
        document = self.office.record(archive=self.archive)
        done(Jobs(self.office.db), "a.pdf", document, self.archive)
        self.sidecar = self.archive / "a.pdf.json"
        self.sidecar.write_bytes(sidecar.render(self.office.db, document))
        self.office.correct(document, by="Anna", net="100")
        self.trace = root / "trace"

    def run(self, nursery: Nursery, words: tuple[str, ...], kill_at: int | None = None) -> int:
        """Exit status of ``ingestd correct``."""
        faults = Faults(kill_at=kill_at, trace=str(self.trace))
        return nursery.command(self.config, faults, "correct", *words).wait()

    def effects(self) -> list[str]:
        """Effects of the process, in order."""
        return self.trace.read_text(encoding="utf-8").splitlines()

    def content(self) -> list[object]:
        """Everything that a correction changes in the database, without times and what is due."""
        tables = ("fields", "items", "extractions", "reviews", "summaries")
        found: list[object] = [self.office.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
        found[2] = self.office.db.execute("SELECT document_id, extraction FROM extractions").fetchall()
        history = [(one.correction.field, one.correction.value) for one in corrections.history(self.office.db, 1)]
        return [*_timeless(found), history]

    def close(self) -> None:
        self.office.db.close()


def _timeless(found: list[object]) -> list[object]:
    """Rows without the moment at which a person spoke, which differs between two runs."""
    return [re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", str(one)) for one in found]


@pytest.mark.parametrize("name", COMMANDS)
def test_killed_before_every_effect_a_correction_is_whole_or_absent(root: Path, nursery: Nursery, name: str) -> None:
    words = COMMANDS[name]
    unharmed = Desk(root / "unharmed")
    before = unharmed.content()
    assert unharmed.run(nursery, words) == 0, unharmed.config.with_name("daemon.log").read_text()
    after = unharmed.content()
    effects = unharmed.effects()
    unharmed.close()
    assert before != after
    assert sum(effect.startswith("commit ") for effect in effects) == 2
    assert any(effect.startswith("rename ") for effect in effects)
    seen = []
    for number in range(1, len(effects) + 1):
        desk = Desk(root / str(number))
        stale = desk.sidecar.read_bytes()
        assert desk.run(nursery, words, kill_at=number) == -signal.SIGKILL
        found = desk.content()
        assert found in (before, after), f"killed before {effects[number - 1]!r}"
        seen.append(found == after)
        if found == before:
            assert desk.sidecar.read_bytes() == stale
            assert desk.run(nursery, words) == 0
        else:
            assert desk.sidecar.read_bytes() in (stale, sidecar.render(desk.office.db, 1))
            assert corrections.sidecars_due(desk.office.db, 9) == [1]
            sidecar.refresh_due(desk.office.db, 9, wanted=True)
        assert desk.content() == after
        assert desk.sidecar.read_bytes() == sidecar.render(desk.office.db, 1)
        assert [path.name for path in desk.archive.iterdir()] == ["a.pdf.json"]
        desk.close()
    assert seen == sorted(seen)
    assert set(seen) == {False, True}
