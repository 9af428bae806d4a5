"""PDFs: drawn sheets with a text layer, scanned pages, and for tests forms, encryption and lies about all of them.

The same pages give the same bytes: there are no dates and no random file identifiers. Positions are in points (1/72
inch) from the lower left, as PDF has them. Text is set in fonts that every reader has; nothing is embedded.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from lab.corpus import sheet as sheets
from lab.corpus.fonts import Fonts
from lab.corpus.sheet import Sheet, Stroke

A4 = (595.0, 842.0)
POINTS_PER_MM = 72 / 25.4

_TYPE1 = "<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>"
_CHINESE = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H /DescendantFonts"
    " [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000"
    " /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>] >>"
)
_MAPPED = {"Broken": "<00> <FF> <E000>", "Rare": "<61> <7A> <D840DC00>"}
"""Fonts whose letters claim to be other characters -> range of their ToUnicode table."""
_NAMES = {"Latin": "F1", "Bold": "F2", "Chinese": "F3", "Broken": "F4", "Rare": "F5"}
_SHEET_FACES = {"sans": "Latin", "sans-bold": "Bold"}


@dataclass(frozen=True)
class Text:
    """One show-text operation."""

    x: float
    y: float
    text: str
    size: float = 12.0
    angle: float = 0.0
    """Counter-clockwise, degrees."""
    tracking: float = 0.0
    """Added to the advance of each character."""
    render_mode: int = 0
    """0 fills, 3 is invisible (the mode of OCR programs)."""
    colour: tuple[float, float, float] = (0, 0, 0)
    font: str = "Latin"
    """``Latin`` and ``Bold`` (Helvetica), ``Chinese``, ``Broken`` (claims that a byte is U+E000 plus itself) or
    ``Rare`` (claims that a to z are U+20000 and up)."""


@dataclass(frozen=True)
class Rule:
    """A straight line."""

    start: tuple[float, float]
    end: tuple[float, float]
    width: float
    colour: tuple[float, float, float] = (0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """An image drawn into a rectangle."""

    image: Image.Image
    x: float
    y: float
    width: float
    height: float
    quality: int = 90
    """Of its JPEG compression."""


@dataclass(frozen=True)
class PdfPage:
    """The marks of one page, drawn in the order pictures, texts, operators."""

    texts: Sequence[Text | Rule] = ()
    pictures: Sequence[Picture] = ()
    size: tuple[float, float] = A4
    origin: tuple[float, float] = (0.0, 0.0)
    """Lower left corner of the MediaBox."""
    rotate: int = 0
    """Clockwise, a multiple of 90."""
    operators: bytes = b""
    """Raw content appended to the rest."""
    fields: Sequence[tuple[float, float, str]] = ()
    """Filled-in text fields of a form: x, y, value."""
    nested: bool = False
    """Draw the pictures inside a form XObject that halves what the page doubles."""
    inherits: bool = False
    """Take the resources from the page tree."""


def sheet_page(sheet: Sheet, fonts: Fonts) -> PdfPage:
    """Turn a sheet into a page whose text is text.

    Args:
        sheet: what to draw.
        fonts: for the widths of right-aligned text.

    Raises:
        ValueError: it holds something that is neither a stroke nor text in a Helvetica face.
    """
    return PdfPage(tuple(_marks(sheet, fonts)), size=(sheet.width * POINTS_PER_MM, sheet.height * POINTS_PER_MM))


def _marks(sheet: Sheet, fonts: Fonts) -> Iterator[Text | Rule]:
    for shape in sheet.shapes:
        red, green, blue = sheet.inks[shape.ink].colour
        colour = (red / 255, green / 255, blue / 255)
        match shape:
            case sheets.Text() if shape.face in _SHEET_FACES:
                # Widths at a large size, where rounding to pixels does not matter.
                width = fonts.face(shape.face, 1000).getlength(shape.text) / 1000 * shape.size
                left = shape.x - {"left": 0.0, "middle": width / 2, "right": width}[shape.anchor]
                x, y, size = (value * POINTS_PER_MM for value in (left, sheet.height - shape.y, shape.size))
                yield Text(x, y, shape.text, size, colour=colour, font=_SHEET_FACES[shape.face])
            case Stroke():
                start, end = (
                    (x * POINTS_PER_MM, (sheet.height - y) * POINTS_PER_MM) for x, y in (shape.start, shape.end)
                )
                yield Rule(start, end, shape.width * POINTS_PER_MM, colour)
            case _:
                raise ValueError(f"{shape} cannot be drawn in a PDF with Helvetica; rasterise the sheet")


def scan_page(
    image: Image.Image, *, size: tuple[float, float] = A4, texts: Sequence[Text] = (), quality: int = 90
) -> PdfPage:
    """Return a page that is one picture, as scanners write it, with ``texts`` (a stamp, a hidden layer) on top."""
    return PdfPage(texts=texts, pictures=(Picture(image, 0, 0, *size, quality=quality),), size=size)


def paragraph(lines: int = 30) -> tuple[Text, ...]:
    """Return enough text to look like a page."""
    return tuple(Text(60, 780 - 22 * row, f"Line {row + 1} of the paper says what was bought") for row in range(lines))


def pdf(
    *pages: PdfPage, user_password: str | None = None, claimed_pages: int | None = None, kids: str | None = None
) -> bytes:
    """Write a PDF.

    Args:
        pages: in order.
        user_password: encrypt (RC4, 40 bits); ``""`` opens without asking, anything else asks.
        claimed_pages: /Count of the page tree, instead of the truth.
        kids: /Kids of the page tree, instead of the truth.
    """
    return _Writer(user_password).write(pages, claimed_pages, kids)


_CATALOG, _TREE = 1, 2


class _Writer:
    def __init__(self, user_password: str | None) -> None:
        self._objects = [b"", b""]
        self._fonts: dict[str, bytes] = {}
        self._inherited = b""
        self._encryption = None if user_password is None else _Encryption(user_password)

    def write(self, pages: Sequence[PdfPage], claimed_pages: int | None, kids: str | None) -> bytes:
        fields: list[int] = []
        numbers = [self._page(page, fields) for page in pages]
        kids = " ".join(f"{number} 0 R" for number in numbers) if kids is None else kids
        count = len(pages) if claimed_pages is None else claimed_pages
        tree = f"<< /Type /Pages /Count {count} /Kids [{kids}] ".encode()
        self._objects[_TREE - 1] = tree + self._inherited + b">>"
        form = b""
        if fields:
            refs = " ".join(f"{number} 0 R" for number in fields)
            form = f"/AcroForm << /Fields [{refs}] /NeedAppearances true /DA (/F1 12 Tf 0 g) /DR << ".encode()
            form += self._font_resources(["Latin"]) + b" >> >> "
        self._objects[_CATALOG - 1] = b"<< /Type /Catalog /Pages %d 0 R %s>>" % (_TREE, form)
        trailer = b"/Root %d 0 R" % _CATALOG
        if self._encryption:
            encrypt, identity = self._add(self._encryption.dictionary()), _FILE_ID.hex()
            trailer += f" /Encrypt {encrypt} 0 R /ID [<{identity}><{identity}>]".encode()
        return self._assembled(trailer)

    def _add(self, body: bytes = b"") -> int:
        self._objects.append(body)
        return len(self._objects)

    def _add_stream(self, data: bytes, entries: str = "") -> int:
        number = self._add()
        if self._encryption:
            data = self._encryption.stream(number, data)
        self._objects[number - 1] = b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries.encode(), len(data), data)
        return number

    def _page(self, page: PdfPage, fields: list[int]) -> int:
        number = self._add()
        pictures = [_picture_operators(index, picture) for index, picture in enumerate(page.pictures)]
        alone = len(pictures) == 1 and not (page.texts or page.operators or page.nested)
        drawn = b"\n".join(pictures if alone else [b"q " + operators + b" Q" for operators in pictures])
        marks = [_rule_operators(mark) if isinstance(mark, Rule) else _text_operators(mark) for mark in page.texts]
        shown = [b"q 2 0 0 2 0 0 cm /Nested Do Q"] if page.nested else [drawn] if pictures else []
        content = self._add_stream(b"\n".join([*shown, *marks, *([page.operators] if page.operators else [])]))
        images = " ".join(
            f"/{_picture_name(index)} {self._picture(one)} 0 R" for index, one in enumerate(page.pictures)
        )
        if page.nested:
            entries = "/Type /XObject /Subtype /Form /BBox [0 0 9999 9999] /Matrix [0.5 0 0 0.5 0 0]"
            images = f"/Nested {self._add_stream(drawn, f'{entries} /Resources << /XObject << {images} >> >> ')} 0 R"
        fonts = [name for name in _NAMES if any(isinstance(mark, Text) and mark.font == name for mark in page.texts)]
        resources = [self._font_resources(fonts)] if fonts else []
        resources += [f"/XObject << {images} >>".encode()] if images else []
        extras = f"/Rotate {page.rotate} " if page.rotate else ""
        if page.fields:
            widgets = [self._field(len(fields) + index, *field) for index, field in enumerate(page.fields)]
            fields += widgets
            extras += f"/Annots [{' '.join(f'{widget} 0 R' for widget in widgets)}] "
        (left, bottom), (width, height) = page.origin, page.size
        box = " ".join(map(_number, (left, bottom, left + width, bottom + height)))
        head = f"<< /Type /Page /Parent {_TREE} 0 R {extras}/MediaBox [{box}] /Contents {content} 0 R "
        shared = b"/Resources << " + b" ".join(resources) + b" >> "
        if page.inherits:
            shared, self._inherited = b"", shared
        self._objects[number - 1] = head.encode() + shared + b">>"
        return number

    def _font_resources(self, names: Sequence[str]) -> bytes:
        return (
            b"/Font << " + b" ".join(b"/%s %s" % (_NAMES[name].encode(), self._font(name)) for name in names) + b" >>"
        )

    def _font(self, name: str) -> bytes:
        if name not in self._fonts:
            known = {"Latin": _TYPE1 % "Helvetica", "Bold": _TYPE1 % "Helvetica-Bold", "Chinese": _CHINESE}
            self._fonts[name] = (known.get(name) or self._mapped(_MAPPED[name])).encode()
        return self._fonts[name]

    def _mapped(self, span: str) -> str:
        table = self._add_stream(
            b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
            + f"1 beginbfrange {span} endbfrange endcmap end".encode()
        )
        return f"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode {table} 0 R >>"

    def _picture(self, picture: Picture) -> int:
        image = picture.image if picture.image.mode in ("L", "RGB") else picture.image.convert("RGB")
        file = io.BytesIO()
        image.save(file, "JPEG", quality=picture.quality)
        space = "/DeviceGray" if image.mode == "L" else "/DeviceRGB"
        entries = f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /ColorSpace {space}"
        return self._add_stream(file.getvalue(), f"{entries} /BitsPerComponent 8 /Filter /DCTDecode ")

    def _field(self, index: int, x: float, y: float, value: str) -> int:
        return self._add(
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (field{index}) /V ({value}) /F 4"
            f" /Rect [{x} {y} {x + 200} {y + 20}] /DA (/F1 12 Tf 0 g) >>".encode()
        )

    def _assembled(self, trailer: bytes) -> bytes:
        """Return header, numbered objects, cross-reference table and trailer."""
        data = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(self._objects) + 1)
        for number, body in enumerate(self._objects, 1):
            table += b"%010d 00000 n \n" % len(data)
            data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        end = b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(self._objects) + 1, trailer, len(data))
        return bytes(data) + table + end


def _number(value: float) -> str:
    return f"{value:.2f}" if value else "0"


def _picture_name(index: int) -> str:
    return f"Im{index or ''}"


def _picture_operators(index: int, picture: Picture) -> bytes:
    width, height, x, y = map(_number, (picture.width, picture.height, picture.x, picture.y))
    return f"{width} 0 0 {height} {x} {y} cm /{_picture_name(index)} Do".encode()


def _rule_operators(rule: Rule) -> bytes:
    (x0, y0), (x1, y1) = rule.start, rule.end
    colour = " ".join(f"{value:.3f}" for value in rule.colour)
    return f"{colour} RG {rule.width:.2f} w {x0:.2f} {y0:.2f} m {x1:.2f} {y1:.2f} l S".encode()


def _text_operators(text: Text) -> bytes:
    if text.font == "Chinese":
        shown = f"<{text.text.encode('utf-16-be').hex()}>".encode()
    else:
        escaped = text.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        shown = b"(" + escaped.encode("cp1252") + b")"
    place = f"{text.x:.2f} {text.y:.2f}"
    if text.angle:
        sine, cosine = math.sin(math.radians(text.angle)), math.cos(math.radians(text.angle))
        place = f"{cosine:.6f} {sine:.6f} {-sine:.6f} {cosine:.6f} {place} Tm"
    else:
        place += " Td"
    colour = " ".join(f"{value:.3f}" for value in text.colour)
    mode = f"{text.render_mode} Tr " if text.render_mode else ""
    spread, back = (f"{text.tracking:.2f} Tc ", b" 0 Tc") if text.tracking else ("", b"")
    start = f"{colour} rg BT /{_NAMES[text.font]} {text.size:.2f} Tf {mode}{spread}{place} "
    return start.encode() + shown + b" Tj ET" + back


_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_FILE_ID = bytes(range(16))
_PERMISSIONS = -4


class _Encryption:
    """The standard security handler, revision 2 (ISO 32000-1, 7.6.3)."""

    def __init__(self, user_password: str) -> None:
        user = (user_password.encode("latin-1") + _PADDING)[:32]
        self._owner = _rc4(hashlib.md5(b"owner".ljust(5) + _PADDING[:27]).digest()[:5], user)
        seed = user + self._owner + struct.pack("<i", _PERMISSIONS) + _FILE_ID
        self._key = hashlib.md5(seed).digest()[:5]

    def dictionary(self) -> bytes:
        user = _rc4(self._key, _PADDING).hex()
        return f"<< /Filter /Standard /V 1 /R 2 /P {_PERMISSIONS} /O <{self._owner.hex()}> /U <{user}> >>".encode()

    def stream(self, number: int, data: bytes) -> bytes:
        return _rc4(hashlib.md5(self._key + struct.pack("<I", number)[:3] + b"\0\0").digest()[:10], data)


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
