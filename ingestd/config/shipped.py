"""Files that ship with ingestd: inside the wheel, or in the root of a checkout."""

from __future__ import annotations

from pathlib import Path

from ingestd.errors import ConfigError


def shipped(name: str) -> Path:
    """Return the folder or file ``name`` (``rules``, ``models``, ``systemd``, ``config.yaml``) that ships with ingestd.

    Raises:
        ConfigError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "shipped" / name, package.parent / name):
        if candidate.exists():
            return candidate
    raise ConfigError([f"{package}: found no {name}, expected a complete installation; reinstall ingestd"])
