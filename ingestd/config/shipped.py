"""Where the files that ship with ingestd are: inside the wheel, or in the root of a checkout."""

from __future__ import annotations

from pathlib import Path


def shipped(name: str) -> Path:
    """Return the folder or file ``name`` (``rules``, ``models``, ``config.yaml``) that ships with ingestd.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "shipped" / name, package.parent / name):
        if candidate.exists():
            return candidate
    raise FileNotFoundError(
        f"{name} is missing beside {package}: the installation is incomplete, install ingestd again"
    )
