from __future__ import annotations

from pathlib import Path

from ingestd.engine import Machine
from ingestd.engine.machines import MachinesFile, machines_of

ONE = Machine("发票 \x1b[31m", "tls://a:1", slots=2, in_work=1, documents=5, sent_bytes=700, restarts=3)


def test_other_processes_see_the_machines_until_the_daemon_ends(tmp_path: Path) -> None:
    file = MachinesFile(tmp_path)
    file.note((), 0.0)
    assert list(tmp_path.iterdir()) == [], "nothing is told where all is read on this machine"
    file.note((ONE,), 10.0)
    assert machines_of(tmp_path) == (ONE,)
    file.note((ONE, ONE), 11.0)
    assert machines_of(tmp_path) == (ONE,), "too early"
    file.note((ONE, ONE), 12.0)
    assert machines_of(tmp_path) == (ONE, ONE)
    file.remove()
    assert machines_of(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_file_that_makes_no_sense_shows_nothing_and_a_missing_folder_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / ".machines.json").write_text('[{"name": 1}]')
    assert machines_of(tmp_path) == ()
    MachinesFile(tmp_path / "gone").note((ONE,), 10.0)
