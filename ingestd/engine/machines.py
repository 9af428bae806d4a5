"""Machines of the daemon's engine, told to the other processes on its machine (status, page) in a small file.

The file is a picture of a moment: nothing depends on it, so it is neither synced nor part of the database.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ingestd.engine import Machine

_EVERY_S = 2.0
"""Shortest pause between two pictures."""
_NAME = ".machines.json"
_MACHINES = TypeAdapter(tuple[Machine, ...])


class MachinesFile:
    """Writer of the file.

    Args:
        work: folder of the daemon.
    """

    def __init__(self, work: Path) -> None:
        self._path = work / _NAME
        self._written: Sequence[Machine] = ()
        self._next_tick = 0.0

    def note(self, machines: Sequence[Machine], tick: float) -> None:
        """Write the file where something has changed and the disk allows it: no document waits for a picture."""
        if machines == self._written or tick < self._next_tick:
            return
        self._next_tick, self._written = tick + _EVERY_S, machines
        new = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk is reported with the first document that meets it
            new.write_text(json.dumps([asdict(machine) for machine in machines]), encoding="ascii")
            new.replace(self._path)

    def remove(self) -> None:
        """Remove the file: the machines no longer work for this daemon."""
        self._path.unlink(missing_ok=True)


def machines_of(work: Path) -> tuple[Machine, ...]:
    """Return the machines of the daemon that works in a folder, as it told last; none where it has told nothing."""
    path = work / _NAME
    if not os.path.lexists(path):
        return ()
    try:
        return _MACHINES.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return ()
