"""Names and places of files: in work, in archive and failed, and beside an original."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

_PARTIAL, _SIDECAR, _ERROR, _COPY = ".partial", ".json", ".error.json", ".searchable.pdf"
_MAX_NAME_BYTES = 255
"""NAME_MAX of Linux filesystems."""
_RESERVED_BYTES = 40
"""Room for what is added to a name: a dot in front, a hash, and the longest suffix."""
MAX_BYTES = _MAX_NAME_BYTES - _RESERVED_BYTES
"""Bytes of a stored name."""
_MAX_SUFFIX_BYTES = 16
"""A longer suffix is cut with the rest of the name."""
COLLATED = ".collated"
"""Folder below the work folder for files that were made of two sides of a stack, in folders named by their jobs."""
UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories that never reach a stored name: control, invisible, not UTF-8, line breaks."""


def partial_path(target: Path) -> Path:
    """Return the name under which a file grows; the same step, repeated after a crash, reuses it.

    >>> partial_path(Path("archive/scan.pdf"))
    PosixPath('archive/.scan.pdf.partial')
    """
    return target.with_name(f".{target.name}{_PARTIAL}")


def is_partial(name: str) -> bool:
    """Tell whether an interrupted write left a file of this name.

    >>> is_partial(".scan.pdf.partial"), is_partial("scan.pdf")
    (True, False)
    """
    return name.startswith(".") and name.endswith(_PARTIAL)


def sidecar_path(original: Path) -> Path:
    """Return the place of a sidecar: beside its original.

    >>> sidecar_path(Path("archive/2026/scan.pdf"))
    PosixPath('archive/2026/scan.pdf.json')
    """
    return original.with_name(original.name + _SIDECAR)


def error_path(failed: Path) -> Path:
    """Return the place of the reason why a file failed: beside it.

    >>> error_path(Path("failed/scan.pdf"))
    PosixPath('failed/scan.pdf.error.json')
    """
    return failed.with_name(failed.name + _ERROR)


def copy_path(original: Path) -> Path:
    """Return the place of a searchable copy: beside its original.

    >>> copy_path(Path("archive/2026/scan.jpg"))
    PosixPath('archive/2026/scan.jpg.searchable.pdf')
    """
    return original.with_name(original.name + _COPY)


def originals_of(path: Path) -> tuple[Path, ...]:
    """Return the files that a sidecar, a copy or a reason of this name may belong to; none for other names.

    >>> [path.name for path in originals_of(Path("scan.pdf.error.json"))]
    ['scan.pdf.error', 'scan.pdf']
    """
    ends = [end for end in (_SIDECAR, _ERROR, _COPY) if path.name.endswith(end) and path.name != end]
    return tuple(path.with_name(path.name.removesuffix(end)) for end in ends)


def work_copy_path(work: Path, job_id: int) -> Path:
    """Return the place where a searchable copy waits until its document is recorded."""
    return work / ".copies" / f"{job_id}.pdf"


def work_path(work: Path, job_id: int, name: str) -> Path:
    """Return the place of a claimed file below the work folder."""
    return work / str(job_id) / name


def safe_name(name: str) -> str:
    r"""Return a name to store a file under: printable, UTF-8, with room for a hash and a suffix.

    >>> safe_name("bill\n2.pdf")
    'bill_2.pdf'
    """
    clean = "".join("_" if unicodedata.category(char) in UNSAFE or char in "/\\" else char for char in name)
    clean = "_" if clean in ("", ".", "..") else clean
    if len(os.fsencode(clean)) <= MAX_BYTES:
        return clean
    stem, suffix = os.path.splitext(clean)  # noqa: PTH122 (Path would refuse some of these names)
    suffix = suffix if len(os.fsencode(suffix)) <= _MAX_SUFFIX_BYTES else ""
    room = MAX_BYTES - len(os.fsencode(suffix))
    return cut(stem, room) + suffix


def cut(text: str, limit: int) -> str:
    """Cut a text to so many bytes of UTF-8, between two characters.

    >>> cut("票据", 5)
    '票'
    """
    return os.fsencode(text)[:limit].decode(errors="ignore")


HASH_DIGITS = 8
"""Digits of the hash of the content that tell files of one name apart."""


def free_target(folder: Path, name: str, sha256: str, reserved: Callable[[Path], bool]) -> Path:
    """Return a free path for ``name`` in ``folder``; a name that is taken gets ``-HASH`` before its suffix.

    Args:
        folder: where the file is to go; need not exist yet.
        name: as dropped; cleaned by :func:`safe_name`.
        sha256: hash of the content, of which HASH_DIGITS are used.
        reserved: tells whether a path was promised to another file that is still on its way.
    """

    def taken(path: Path) -> bool:
        return any(
            map(os.path.lexists, (path, *(beside(path) for beside in (sidecar_path, error_path, copy_path))))
        ) or reserved(path)

    clean = safe_name(name)
    stem, suffix = os.path.splitext(clean)  # noqa: PTH122 (keeps names such as ".jpg" whole)
    apart = f"{stem}-{sha256[:HASH_DIGITS]}"
    candidates = [clean, f"{apart}{suffix}"]
    for candidate in candidates:
        if not taken(folder / candidate):
            return folder / candidate
    number = 2
    while taken(folder / f"{apart}-{number}{suffix}"):
        number += 1
    return folder / f"{apart}-{number}{suffix}"
