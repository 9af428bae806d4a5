r"""Encoding of paths, moments and file numbers as TEXT and INTEGER columns, and of text for terminals.

Paths on Linux are bytes. A path that is plain UTF-8 without control characters is stored as it is;
every other byte is written as ``\x`` and two lower-case hex digits, so that a row can be printed,
copied and searched, and leads back to the same file.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\udc80-\udcff]")
"""Control characters, Unicode line breaks, and bytes that are not UTF-8 (as ``os.fsdecode`` returns them)."""
_AMBIGUOUS = re.compile(r"\\(?=x[0-9a-f]{2})")
"""Backslash of the name itself that looks like the start of an escape."""
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
_WORD = 1 << 64
"""Number of inodes of 64 bits."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\udc80-\udcff]")
"""Control characters (but tab and line feed), bidirectional overrides, and bytes that are not UTF-8."""


def path_text(path: Path | str) -> str:
    r"""Write a path or a file name as text that SQLite, JSON and a terminal can hold.

    >>> path_text("/scans/发票 1.pdf")
    '/scans/发票 1.pdf'
    >>> print(path_text("/scans/a\nb\udcff.pdf"))
    /scans/a\x0ab\xff.pdf
    """
    text = _AMBIGUOUS.sub(r"\\x5c", str(path))
    return _UNPRINTABLE.sub(lambda match: _escaped(match.group()), text)


def _escaped(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode("utf-8", "surrogateescape"))


def path_from(text: str) -> Path:
    r"""Read what ``path_text`` wrote; the exact inverse.

    >>> path_from(r"/scans/a\x0ab.pdf")
    PosixPath('/scans/a\nb.pdf')
    """
    raw = _ESCAPE.sub(lambda match: bytes.fromhex(match.group(1).decode("ascii")), text.encode())
    return Path(raw.decode("utf-8", "surrogateescape"))


def time_text(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with milliseconds, which sorts as text and suits SQLite's date functions.

    Raises:
        ValueError: if the moment has no timezone.

    >>> time_text(datetime(2026, 8, 3, 9, 30, tzinfo=UTC))
    '2026-08-03T09:30:00.000Z'
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no timezone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_from(text: str) -> datetime:
    """Read what ``time_text`` wrote; exact to the millisecond.

    >>> time_from("2026-08-03T09:30:00.000Z")
    datetime.datetime(2026, 8, 3, 9, 30, tzinfo=datetime.timezone.utc)
    """
    return datetime.fromisoformat(text)


def file_number(inode: int) -> int:
    """Fit an inode (unsigned 64 bit) into SQLite's signed 64-bit INTEGER, one to one.

    >>> file_number(42), file_number(2**64 - 1)
    (42, -1)
    """
    return inode - _WORD if inode >= _WORD // 2 else inode


def escape(text: str) -> str:
    r"""Make untrusted text safe to print.

    >>> escape("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode(), text)
