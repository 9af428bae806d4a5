"""What is synced, in order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def watched_syncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the files and folders that are synced from now on, and the new name after each rename."""
    done: list[str] = []
    fsync, rename = os.fsync, Path.rename

    def synced(handle: int) -> None:
        done.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    def renamed(path: Path, target: Path) -> Path:
        done.append(f"rename {target}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    return done
