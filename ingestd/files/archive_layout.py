"""Places in the archive from facts of a document: each part safe, whatever the document says."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from ingestd.files.names import MAX_BYTES, UNSAFE, cut, safe_name

FIELDS = ("date", "seller_name", "invoice_no", "total")
"""Fields that a layout may name."""
_STANDS_IN = {"seller_name": ("merchant",), "invoice_no": ("receipt_no",)}
"""Fields of other kinds of paper that are taken where the first is missing."""
MISSING = "_"
_MAX_VALUE_BYTES = 80
"""Of one field; a name has room for several."""
_SEPARATORS = re.compile(r'[/\\<>:"|?*]')
"""Separators of paths, and characters that Windows refuses."""
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
"""Names of devices of Windows, whatever their suffix."""
_LITERAL = re.compile(r"'([^'{}]*)'")


class _Facts(dict[str, object]):
    """Facts by the names of a layout; ``a|b|'text'`` is the first of them that is known."""

    def __init__(self, facts: Mapping[str, object]) -> None:
        super().__init__(facts)
        self.used: set[str] = set()

    def __missing__(self, key: str) -> object:
        names = key.split("|")
        for name in names:
            literal = _LITERAL.fullmatch(name)
            if literal is None and name not in self:
                raise KeyError(name)
        self.used.update(name for name in names if name in FIELDS)
        found = (literal[1] if (literal := _LITERAL.fullmatch(name)) else self[name] for name in names)
        return next((value for value in found if not isinstance(value, _Missing)), _Missing())

    def __getitem__(self, key: str) -> object:
        if key in FIELDS:
            self.used.add(key)
        return super().__getitem__(key)


class _Missing:
    """Field without a value, whatever form is asked for."""

    def __format__(self, form: str) -> str:
        return MISSING


def archive_folder(
    archive: Path,
    layout: str,
    *,
    received: datetime,
    name: str,
    inbox: str,
    rule: str,
    values: Mapping[str, str] | None = None,
) -> tuple[Path, str]:
    """Return the folder and the file name that the archive layout gives a document.

    Args:
        archive: folder of all originals.
        layout: below it; see docs/operating.md.
        received: UTC.
        name: of the file as dropped.
        inbox: name of its inbox.
        rule: kind of the document.
        values: its fields, by name.

    Returns:
        A name keeps the suffix of the file as dropped.

    Raises:
        ValueError: the layout names something unknown or leaves the archive.
    """
    clean = safe_name(name)
    facts = _Facts({"received": received, "name": clean, "inbox": inbox, "rule": rule, "kind": rule})
    facts.update({field: _fact(field, values or {}) for field in FIELDS})
    try:
        text = layout.format_map(facts)
    except (KeyError, IndexError, AttributeError) as error:
        known = ", ".join(("received", "name", "inbox", "rule", "kind", *FIELDS))
        raise ValueError(f"spool.layout {layout!r} uses {error}; known are {known}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"spool.layout {layout!r} cannot be filled in: {error}; see docs/configuration.md") from error
    relative = Path(text)
    if relative.is_absolute() or ".." in relative.parts or not relative.name:
        raise ValueError(f"spool.layout {layout!r} gives {str(relative)!r}, which is not below the archive")
    if not facts.used:
        return archive / relative.parent, relative.name
    *folders, last = relative.parts
    suffix = os.path.splitext(clean)[1]  # noqa: PTH122 (keeps names such as ".jpg" whole)
    last = last if last.endswith(suffix) else last + suffix
    return archive.joinpath(*(cut(_portable(part), MAX_BYTES) for part in folders)), safe_name(_portable(last))


def _fact(field: str, values: Mapping[str, str]) -> object:
    found = next((values[name] for name in (field, *_STANDS_IN.get(field, ())) if values.get(name)), None)
    if found is None:
        return _Missing()
    if field == "date":
        try:
            return date.fromisoformat(found)
        except ValueError:
            return _Missing()
    return plain_part(found) or _Missing()


def plain_part(text: str) -> str:
    r"""Return a value as part of a name on any system: one line, visible, without separators, bounded.

    >>> plain_part("ACME / Söhne\u202e GmbH & Co. KG ")
    'ACME _ Söhne_ GmbH & Co. KG'
    >>> plain_part(" .. "), plain_part("../../etc")
    ('', '_.._etc')
    """
    composed = unicodedata.normalize("NFC", text)
    visible = "".join("_" if unicodedata.category(char) in UNSAFE else char for char in composed)
    line = " ".join(_SEPARATORS.sub("_", visible).split())
    return cut(line.lstrip(". -"), _MAX_VALUE_BYTES).rstrip(". ")


def _portable(part: str) -> str:
    """Return one name of a path so that Windows takes it too."""
    bare = part.rstrip(". ") or MISSING
    return f"_{bare}" if _DEVICE.match(bare) else bare
