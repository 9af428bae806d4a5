"""Certificates of a cluster, as its three kinds of process use them.

Every process shows a certificate, and takes only those of the same authority: nothing of a request is looked at before.
Anyone who holds one is trusted fully, because Dask's own messages are pickled objects, which can run code where they
arrive.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, Literal

from ingestd.errors import ConfigError

Role = Literal["scheduler", "worker", "client"]
"""Kind of process; the daemon is the client."""


def files_of(folder: Path, role: Role) -> tuple[Path, Path, Path]:
    """Return the places of authority, certificate and key."""
    return folder / "ca.pem", folder / f"{role}.pem", folder / f"{role}-key.pem"


def problems_of(folder: Path, role: Role) -> list[str]:
    """Return all that is wrong with the files of a role, one line each."""
    problems = []
    for path in files_of(folder, role):
        if not path.is_file():
            problems.append(
                f"{path}: found no such file; make it with 'ingestd cluster certificates', then copy it here"
            )
        elif not os.access(path, os.R_OK, effective_ids=True):
            problems.append(f"{path}: cannot be read by this user; change its owner")
        elif path.name.endswith("-key.pem") and stat.S_IMODE(path.stat().st_mode) & 0o007:
            problems.append(f"{path}: found a key that every user can read, expected mode 0600; chmod 600 it")
    return problems


def security(folder: Path | None, role: Role) -> Any:
    """Return distributed.Security for a role; without a folder one that uses no encryption, for loopback.

    Raises:
        ConfigError: files are missing, cannot be read, or do not belong together.
    """
    from distributed import Security

    if folder is None:
        return Security(require_encryption=False)
    problems = problems_of(folder, role)
    if problems:
        raise ConfigError(problems)
    authority, certificate, key = map(str, files_of(folder, role))
    names = {f"tls_{role}_cert": certificate, f"tls_{role}_key": key}
    found = Security(require_encryption=True, tls_ca_file=authority, **names)
    try:
        found.get_connection_args(role)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            [f"{folder}: the files of {role} cannot be used: {error}; make them again, all at the same time"]
        ) from error
    return found
