"""The status in the API."""

from __future__ import annotations

from pathlib import Path

from ingestd.files.identity import look
from ingestd.store import blind_spots
from ingestd.store.jobs import Jobs
from ingestd.web.api.models import StatusAnswer
from ingestd.web.tokens import Role
from tests.support.desk import Desk
from tests.support.world import png


def test_status_counts_and_names_what_cannot_be_looked_at(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    path = tmp_path / "inbox" / "scan.png"
    path.write_bytes(png("good"))
    identity = look(path)
    assert identity is not None
    job = Jobs(desk.db).arrive("inbox", path, identity, desk.clock.now())
    places = {tmp_path / "inbox" / f"{number:02}": ("inbox", "Permission denied; chmod") for number in range(30)}
    blind_spots.replace_all(desk.db, places, desk.clock.now())
    found = desk.with_token(Role.READ).get("/v1/status").json()
    StatusAnswer.model_validate(found)
    assert (found["documents"], found["jobs"], found["daemon_runs"]) == (0, {"arrived": 1}, False)
    assert (found["oldest"]["job_id"], found["oldest"]["name"]) == (job.id, "scan.png")
    assert (found["blind"], len(found["blind_spots"])) == (30, 20)
    assert found["blind_spots"][0] == {
        "path": str(tmp_path / "inbox" / "00"),
        "inbox": "inbox",
        "problem": "Permission denied; chmod",
        "since": desk.clock.now().isoformat().replace("+00:00", "Z"),
    }
