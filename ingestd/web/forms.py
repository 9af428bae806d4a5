"""Forms of numbers, times and places on the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ingestd.document import Quad

_UNITS = ("B", "kB", "MB", "GB", "TB")
_DECIMAL = re.compile(r"(?P<sign>-?)(?P<whole>\d+)(?P<rest>\.\d+)?")


def amount(value: str | None) -> str:
    """Write an amount with separators of thousands.

    >>> amount("-1234567.50"), amount("12"), amount(None), amount("n/a")
    ('-1,234,567.50', '12', '', 'n/a')
    """
    found = _DECIMAL.fullmatch(value or "")
    return f"{found['sign']}{int(found['whole']):,}{found['rest'] or ''}" if found else value or ""


def moment(value: datetime | str) -> str:
    """Write a moment on the clock of this machine.

    >>> moment("2026-08-03T12:00:00Z")[:7]
    '2026-08'
    """
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def percent(value: float | None) -> str:
    """Write a probability; never 100 % or 0 % of what is not certain.

    >>> percent(0.9996), percent(0.87), percent(1.0), percent(None)
    ('99.9 %', '87 %', '100 %', '')
    """
    if value is None:
        return ""
    if value in (0, 1):
        return f"{value:.0%}".replace("%", " %")
    share = min(max(value * 100, 0.1), 99.9)
    return f"{share:.1f} %" if share > 99 or share < 1 else f"{share:.0f} %"


def points(quad: Quad) -> str:
    """Corners of a polygon in SVG.

    >>> points(((0, 0), (10.04, 0), (10.04, 5), (0, 5)))
    '0,0 10,0 10,5 0,5'
    """
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in quad)


def file_size(size_bytes: int) -> str:
    """Write a size in its largest unit.

    >>> file_size(999), file_size(1_234_567)
    ('999 B', '1.2 MB')
    """
    rank = min((len(str(size_bytes)) - 1) // 3, len(_UNITS) - 1)
    size = size_bytes / 1000**rank
    return f"{size:.0f} {_UNITS[rank]}" if rank == 0 or size >= 100 else f"{size:.1f} {_UNITS[rank]}"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "amount": amount,
    "moment": moment,
    "percent": percent,
    "points": points,
    "file_size": file_size,
}
"""Filters of the templates."""
