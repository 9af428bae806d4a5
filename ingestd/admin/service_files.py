"""Files of the systemd service: units, users, folders, configuration and rules, put in place or taken away.

Units and their like are replaced, because changes belong into drop-ins. Configuration and rules are the administrator's
and stay as they are.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingestd.config.shipped import shipped
from ingestd.errors import IngestdError

PLACES = {
    "ingestd.service": Path("etc/systemd/system/ingestd.service"),
    "ingestd-web.service": Path("etc/systemd/system/ingestd-web.service"),
    "sysusers.conf": Path("etc/sysusers.d/ingestd.conf"),
    "tmpfiles.conf": Path("etc/tmpfiles.d/ingestd.conf"),
}
"""File of ``systemd/`` -> its place below the root."""
_SETTINGS = Path("etc/ingestd")
_PROGRAM = "/opt/ingestd/.venv/bin/ingestd"
"""As the shipped units name it."""
_HIDDEN = (Path("/home"), Path("/root"), Path("/run/user"))
"""Folders that the units hide (ProtectHome)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Effect on one file or folder."""

    deed: str
    """``written``, ``kept`` or ``removed``."""
    path: Path


def program() -> Path:
    """Return the command ``ingestd`` of this installation.

    Raises:
        IngestdError: there is none, or the service could not reach it.
    """
    found = Path(sys.executable).with_name("ingestd")
    if not found.exists():
        raise IngestdError(f"{found}: found no such program; install ingestd with pip into this environment")
    home = next((folder for folder in _HIDDEN if folder in (found, *found.resolve().parents, *found.parents)), None)
    if home is not None:
        raise IngestdError(
            f"{found}: lies below {home}, which the service cannot reach; install into /opt/ingestd/.venv"
            " with the system's Python"
        )
    return found


def install(root: Path, command: Path) -> Iterator[Placed]:
    """Put the files of the service in place.

    Args:
        root: ``/``, or another root for an image.
        command: that the units start.

    Raises:
        OSError: a file cannot be written.
    """
    source = shipped("systemd")
    for name, place in PLACES.items():
        text = (source / name).read_text(encoding="utf-8").replace(_PROGRAM, str(command))
        target = root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        yield Placed("written", target)
    for origin in (source / "config.yaml", shipped("rules")):
        target = root / _SETTINGS / origin.name
        if target.exists():
            yield Placed("kept", target)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target)
        else:
            shutil.copyfile(origin, target)
        yield Placed("written", target)


def uninstall(root: Path) -> Iterator[Placed]:
    """Take units, users' and folders' files away; configuration, rules and documents stay.

    Raises:
        OSError: a file cannot be removed.
    """
    for place in PLACES.values():
        target = root / place
        if target.exists():
            target.unlink()
            yield Placed("removed", target)
    yield Placed("kept", root / _SETTINGS)


def apply(root: Path) -> Iterator[str]:
    """Make user and folders, and let systemd read the units again; yield what could not be done."""
    below = [] if root == Path("/") else [f"--root={root}"]
    commands = [["systemd-sysusers", *below, "ingestd.conf"], ["systemd-tmpfiles", *below, "--create", "ingestd.conf"]]
    if not below:
        commands.append(["systemctl", "daemon-reload"])
    for command in commands:
        if shutil.which(command[0]) is None:
            yield f"{command[0]} is not there; run it where it is: {' '.join(command)}"
            continue
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}"
