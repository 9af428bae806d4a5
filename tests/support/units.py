"""Unit files of systemd: their directives, and what systemd-analyze says of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.support.places import ROOT

SYSTEMD = ROOT / "systemd"
MAX_EXPOSURE = 2.0

HARDENING = {
    "CapabilityBoundingSet": "",
    "IPAddressDeny": "any",
    "KeyringMode": "private",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
}
"""Of every unit; what each opens besides is in its own test."""


def directives(text: str) -> dict[str, list[str]]:
    """Directive -> its values in order, sections run together (no name is used in two)."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "[")):
            name, equals, value = line.partition("=")
            assert equals, line
            found.setdefault(name, []).append(value)
    return found


def seconds(value: str) -> float:
    """Length of a span of time."""
    number, scale = re.fullmatch(r"(\d+)(s|min)", value).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "min": 60}[scale]


def require_safe(unit: Path, folder: Path, drop_ins: tuple[str, ...] = ()) -> None:
    """Fail where systemd-analyze, if it is installed, finds a unit exposed or cannot read it.

    Args:
        unit: file.
        folder: for copies; empty.
        drop_ins: files beside the unit that are added to it.
    """
    analyze = shutil.which("systemd-analyze")
    text = unit.read_text(encoding="utf-8")
    if analyze is None:
        assert set(HARDENING) <= set(directives(text))
        return
    for name in drop_ins:  # sections may be named again, and the last word counts
        text += (SYSTEMD / name).read_text(encoding="utf-8")
    whole = folder / "whole" / unit.name
    whole.parent.mkdir()
    whole.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [analyze, "security", "--offline=true", str(whole)], capture_output=True, text=True, check=True, timeout=30
    )
    score = re.search(rf"Overall exposure level for {re.escape(unit.name)}: ([\d.]+)", done.stdout)
    assert score is not None, done.stdout
    assert float(score[1]) <= MAX_EXPOSURE
    # Programs that are certainly there, so that only spelling and values are left to complain about.
    runnable = folder / unit.name
    runnable.write_text(re.sub(r"^(Exec\w+)=.*$", r"\1=/bin/sh", text, flags=re.MULTILINE), encoding="utf-8")
    verified = subprocess.run([analyze, "verify", str(runnable)], capture_output=True, text=True, timeout=30)
    complaints = [line for line in verified.stderr.splitlines() if unit.name in line]
    assert complaints == []
