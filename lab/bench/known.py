"""Documents whose fields are known, and when a value found on one of them counts as the true one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import regex

MIN_NAME = 4
"""Letters of a name that may be part of another spelling of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One document and the true values of some of its fields."""

    path: Path
    group: str
    """Half, split or state that it is counted under."""
    values: Mapping[tuple[str, ...], str]
    """Names, any of which counts -> value."""
    kind: str = ""
    condition: str = ""
    severity: int = 0
    """Kind of a drawn invoice, its degradation and severity; 0 is clean."""
    wiped: bool = False


def same(field: str, found: str, wanted: str) -> bool:
    """Tell whether a value is the true one.

    Spaces and signs of a number do not count, nor does the country before a tax number. A merchant's name may be
    longer or shorter than a line of the true one, up to twice.

    >>> same("invoice_no", "RE 2019/4", "RE-2019-4"), same("tax_no", "129273398", "DE129273398")
    (True, True)
    >>> same("merchant", "Müller GmbH", "Müller Bürobedarf"), same("merchant", "Contoso Ltd.", "CONTOSO")
    (False, True)
    """
    if field.endswith("_no"):
        found, wanted = (regex.sub(r"[^A-Z0-9]", "", text.upper()) for text in (found, wanted))
        if field.endswith("tax_no"):
            return found == wanted or wanted == _without_country(found) or found == _without_country(wanted)
    if field == "merchant":
        return any(_alike(_letters(found), _letters(line)) for line in wanted.splitlines())
    return found == wanted


def _without_country(number: str) -> str:
    return regex.sub(r"^[A-Z]{2}", "", number)


def _letters(name: str) -> str:
    return regex.sub(r"[^\p{L}\p{N}]", "", name.lower())


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return one == other or (
        len(shorter) >= MIN_NAME and shorter in longer and len(longer) < 2 * len(shorter) + MIN_NAME
    )
