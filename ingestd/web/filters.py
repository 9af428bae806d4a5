"""Filters of lists as they stand in an address, the same on the page and in the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ingestd.document import Status
from ingestd.store.desk_schema import LEVEL_BITS
from ingestd.store.listing import Filters
from ingestd.web.errors import Problem

NAMES = tuple(field.name for field in fields(Filters))
"""Names of the parameters: those of :class:`Filters`."""
MAX_LENGTH = 200
"""Characters of one parameter."""
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.\d{1,2})?")


def filters_of(parameters: Mapping[str, str]) -> Filters:
    """Read the filters of an address; parameters of other names and empty ones ask for nothing.

    Args:
        parameters: ``kind``, ``status``, ``seller``, ``level`` and ``text`` as words, ``date_from`` and ``date_to`` as
            ISO dates, ``total_from`` and ``total_to`` as amounts.

    Raises:
        Problem: 422, a value is not one that the filter takes.
    """
    given = {name: value for name in NAMES if (value := parameters.get(name, "").strip())}
    return Filters(**{name: _READERS[name](name, value) for name, value in given.items()})


def query_of(parameters: Mapping[str, str], **more: object) -> str:
    """Write the filters of an address again, for links that keep them; begins with ``?`` where anything is set.

    >>> query_of({"text": "发票", "kind": "", "other": "x"}, before=7)
    '?text=%E5%8F%91%E7%A5%A8&before=7'
    """
    kept = [(name, value) for name in NAMES if (value := parameters.get(name, "").strip())]
    query = urlencode([*kept, *more.items()])
    return f"?{query}" if query else ""


def _words(name: str, value: str) -> str:
    if len(value) > MAX_LENGTH:
        raise Problem(422, f"{name}: found {len(value)} characters, expected at most {MAX_LENGTH}")
    return value


def _one_of(*known: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in known:
            raise Problem(422, f"{name}: found {value[:20]!r}, expected one of {', '.join(known)}")
        return value

    return read


def _date(name: str, value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise Problem(422, f"{name}: found {value[:20]!r}, expected a date such as 2026-03-01") from error


def _cents(name: str, value: str) -> int:
    if not _AMOUNT.fullmatch(value.replace(",", "")):
        raise Problem(422, f"{name}: found {value[:20]!r}, expected an amount such as 1234.50")
    return int(Decimal(value.replace(",", "")) * 100)


_READERS: Mapping[str, Callable[[str, str], Any]] = {
    "kind": _words,
    "status": _one_of(*(status.value for status in Status)),
    "seller": _words,
    "date_from": _date,
    "date_to": _date,
    "total_from": _cents,
    "total_to": _cents,
    "level": _one_of(*LEVEL_BITS),
    "text": _words,
}
