"""Letters without their accents."""

from __future__ import annotations

from unicodedata import combining, normalize

_STROKED = str.maketrans("ØŁĐĦŦøłđħŧı", "OLDHToldhti")
"""Letters that Unicode does not take apart."""


def without_accents(text: str) -> str:
    """Remove accents and strokes of letters.

    >>> without_accents("Číslo účtu, Łódź, Størrelse, Größe")
    'Cislo uctu, Lodz, Storrelse, Große'
    """
    if text.isascii():
        return text
    bare = "".join(sign for sign in normalize("NFD", text) if not combining(sign))
    return normalize("NFC", bare).translate(_STROKED)
