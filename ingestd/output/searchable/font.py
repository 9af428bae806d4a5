"""Font without shapes for invisible text, built by hand: TrueType by ISO/IEC 14496-22, in PDF as ISO 32000-1, 9.7."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

from ingestd.output.searchable.cells import DESCENT, UNIT

MAX_CODES = 60_000
"""Codes of one font; two bytes hold 65,535."""
_EM = 1000
_NAME = "/IngestdInvisible"
_BLOCK = 100
"""Entries of one block of a character map (Adobe Technical Note 5014)."""


def embed(pdf: Pdf, font: Object, codes: Sequence[tuple[str, int]]) -> None:
    """Fill a font's dictionary: code n (from 1) is the n-th character, in its width.

    Args:
        pdf: owner of the font.
        font: empty dictionary that pages refer to already.
        codes: characters and their widths in :data:`~ingestd.output.searchable.cells.UNIT` per text height.
    """
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name(_NAME),
        Flags=4,  # symbolic
        FontBBox=[0, round(-DESCENT * _EM), _EM, round((1 - DESCENT) * _EM)],
        ItalicAngle=0,
        Ascent=round((1 - DESCENT) * _EM),
        Descent=round(-DESCENT * _EM),
        CapHeight=round((1 - DESCENT) * _EM),
        StemV=80,
        FontFile2=Stream(pdf, truetype()),
    )
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name(_NAME),
        CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        W=Array([1, Array([width * _EM // UNIT for _, width in codes])]),
        # Every code has glyph 1: glyph 0 stands for a missing one, which PDF/A forbids.
        CIDToGIDMap=Stream(pdf, b"\0\0" + b"\0\1" * len(codes)),
    )
    font.Type, font.Subtype, font.BaseFont = Name.Font, Name.Type0, Name(_NAME)
    font.Encoding = Name("/Identity-H")
    font.DescendantFonts = Array([pdf.make_indirect(descendant)])
    font.ToUnicode = Stream(pdf, to_unicode([char for char, _ in codes]))


def to_unicode(chars: Sequence[str]) -> bytes:
    """Return the map from codes (1 ...) to characters; those beyond U+FFFF are surrogate pairs."""
    lines = [f"<{code:04x}> <{char.encode('utf-16-be').hex()}>" for code, char in enumerate(chars, 1)]
    blocks = [lines[start : start + _BLOCK] for start in range(0, len(lines), _BLOCK)]
    body = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{body}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()


def truetype() -> bytes:
    """Return a TrueType font of two glyphs: an empty one, and an upright line without area.

    PDFium takes no notice of turned text whose glyphs have no height.
    """
    up, down = round((1 - DESCENT) * _EM), round(-DESCENT * _EM)
    on_curve_same_x = 0x11
    line = struct.pack(">5hHH2B2h", 1, 0, down, 0, up, 1, 0, *[on_curve_same_x] * 2, down, up - down)
    tables = {
        b"glyf": line,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, _EM, 0, 0, 0, down, _EM, up, 0, 8, 2, 0, 0
        ),
        b"hhea": struct.pack(">IhhhHhhhhhh8xhH", 0x10000, up, down, 0, _EM, 0, 0, 0, 1, 0, 0, 0, 1),
        b"hmtx": struct.pack(">Hhh", _EM, 0, 0),
        b"loca": struct.pack(">3H", 0, 0, len(line) // 2),
        b"maxp": struct.pack(">I14H", 0x10000, 2, 2, 1, 0, 0, 2, *[0] * 8),
    }
    head = struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, 16 * len(tables) - 64)
    at = len(head) + 16 * len(tables)
    directory, body = b"", b""
    for tag, data in tables.items():
        padded = data + b"\0" * (-len(data) % 4)
        directory += struct.pack(">4sIII", tag, _checksum(padded), at + len(body), len(data))
        body += padded
    return head + directory + body


def _checksum(padded: bytes) -> int:
    return sum(map(int, struct.unpack(f">{len(padded) // 4}I", padded))) & 0xFFFFFFFF
