"""The characters the recogniser can emit, in the order of its classes.

GB 2312 level 1 and 2 (6,763 Han), ASCII, the signs that invoices and receipts print, full-width forms,
the Latin letters of Europe, and the common traditional Han (Big5 level 1). Class 0 is the CTC blank and
the last class is the space, as in the PP-OCR family, so that the same decoder reads all models.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

SIGNS = (
    "¥￥：（），。、；！？“”‘’《》〈〉【】〔〕「」『』—…·～×÷%％‰＊＋－＝／＼＃＆＠＜＞℃°№"
    "①②③④⑤⑥⑦⑧⑨⑩Ⓧ⊗㎡〇ⅠⅡⅢⅣⅤ→←↑↓■□▲△●○★☆√±≤≥$€£§Ω"
)
"""Signs that business documents print beyond ASCII and Han."""

EUROPE = (
    *(chr(code) for code in range(0xC0, 0x180) if code not in (0xD7, 0xF7, 0x149)),  # letters only
    *"¡¢©®ª«»²³¹µº¿¼½¾„•™",
)
"""Letters of Latin-1 Supplement and Latin Extended-A, and the signs that go with them."""


def _gb2312_han() -> list[str]:
    """Rows 16 to 87 of GB 2312: 3,755 Han by pronunciation, then 3,008 by radical."""
    cells = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    decoded = (cell.decode("gb2312", "ignore") for cell in cells)
    return [character for character in decoded if character]


def _big5_common_han() -> list[str]:
    """Level 1 of Big5: 5,401 Han, more than half of them in GB 2312 as well."""
    trails = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    decoded = (bytes([lead, trail]).decode("big5", "ignore") for lead in range(0xA4, 0xC7) for trail in trails)
    return [character for character in decoded if "\u4e00" <= character <= "\u9fff"]


@cache
def characters() -> tuple[str, ...]:
    """Classes 1 to N: every character but the blank, the space last.

    >>> characters()[0], characters()[-1], len(characters())
    ('!', ' ', 9301)
    """
    ascii_signs = [chr(code) for code in range(0x21, 0x7F)]
    full_width = [chr(0xFF01 + offset) for offset in range(94)]
    ordered = dict.fromkeys([*ascii_signs, *SIGNS, *full_width, *_gb2312_han(), *EUROPE, *_big5_common_han()])
    return (*ordered, " ")


@cache
def han() -> tuple[str, ...]:
    """The Han characters of GB 2312, most of them rare in running text."""
    return tuple(_gb2312_han())


@cache
def traditional() -> tuple[str, ...]:
    """The Han characters beyond GB 2312: traditional forms."""
    return tuple(sorted(set(_big5_common_han()) - set(han())))


@cache
def class_of() -> dict[str, int]:
    """Character -> class.

    >>> class_of()["!"], class_of()[" "]
    (1, 9301)
    """
    return {character: index for index, character in enumerate(characters(), start=1)}


def encode(text: str) -> list[int]:
    """Classes of a text.

    Raises:
        KeyError: for a character outside the charset.
    """
    classes = class_of()
    return [classes[character] for character in text]


def frames_needed(text: str) -> int:
    """Time steps CTC needs at least: one a character and a blank between equal neighbours.

    >>> frames_needed("1122")
    6
    """
    return len(text) + sum(a == b for a, b in pairwise(text))
