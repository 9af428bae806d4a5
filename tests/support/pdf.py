"""A tiny writer of PDFs for tests: text, pictures, rotation, forms, encryption, and lies about all of them.

Positions are in points (1/72 inch) from the lower left, as PDF has it.
"""

from __future__ import annotations

import hashlib
import io
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

A4 = (595.0, 842.0)

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_FILE_ID = bytes(range(16))
_PERMISSIONS = -4


@dataclass(frozen=True)
class Text:
    """One show-text operation."""

    x: float
    y: float
    text: str
    size: float = 12.0
    angle: float = 0.0
    """Counter-clockwise, degrees."""
    render_mode: int = 0
    """0 fills, 3 is invisible (what OCR programs write)."""
    colour: tuple[float, float, float] = (0, 0, 0)
    font: str = "Latin"
    """``Latin`` (Helvetica), ``Chinese`` (not embedded), ``Broken`` (claims that a byte is U+E000 plus itself)
    or ``Rare`` (claims that a to z are U+20000 and up)."""


@dataclass(frozen=True)
class Picture:
    """An image drawn into a rectangle."""

    image: Image.Image
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PdfPage:
    """What one page shows, drawn in the order pictures, texts."""

    texts: Sequence[Text] = ()
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


def scan_page(image: Image.Image, *, size: tuple[float, float] = A4, texts: Sequence[Text] = ()) -> PdfPage:
    """A page that is one picture, as scanners write it, with ``texts`` (a stamp, a hidden layer) on top."""
    return PdfPage(texts=texts, pictures=(Picture(image, 0, 0, *size),), size=size)


def paragraph(lines: int = 30) -> tuple[Text, ...]:
    """Enough text to look like a page."""
    return tuple(Text(60, 780 - 22 * row, f"Line {row + 1} of the paper says what was bought") for row in range(lines))


def pdf(
    *pages: PdfPage, user_password: str | None = None, claimed_pages: int | None = None, kids: str | None = None
) -> bytes:
    """Write the pages.

    Args:
        pages: in order.
        user_password: encrypt (RC4, 40 bits); ``""`` opens without asking, anything else asks.
        claimed_pages: /Count of the page tree, instead of the truth.
        kids: /Kids of the page tree, instead of the truth.
    """
    return _Writer(user_password).write(pages, claimed_pages, kids)


class _Writer:
    def __init__(self, user_password: str | None) -> None:
        self.objects: list[bytes] = []
        self.encrypt = None if user_password is None else _Encryption(user_password)

    def add(self, body: bytes) -> int:
        self.objects.append(body)
        return len(self.objects)

    def add_stream(self, entries: str, data: bytes) -> int:
        if self.encrypt:
            data = self.encrypt.stream(len(self.objects) + 1, data)
        return self.add(f"<< {entries} /Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream")

    def write(self, pages: Sequence[PdfPage], claimed_pages: int | None, kids: str | None) -> bytes:
        catalog, tree = self.add(b""), self.add(b"")
        fonts = self.fonts()
        fields: list[int] = []
        numbers = [self.page(page, tree, fonts, fields) for page in pages]
        kids = kids if kids is not None else " ".join(f"{number} 0 R" for number in numbers)
        count = len(pages) if claimed_pages is None else claimed_pages
        self.objects[tree - 1] = f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode()
        form = ""
        if fields:
            refs = " ".join(f"{number} 0 R" for number in fields)
            form = f"/AcroForm << /Fields [{refs}] /NeedAppearances true /DA (/Latin 12 Tf 0 g) /DR << {fonts} >> >>"
        self.objects[catalog - 1] = f"<< /Type /Catalog /Pages {tree} 0 R {form} >>".encode()
        trailer = f"/Root {catalog} 0 R"
        if self.encrypt:
            trailer += f" /Encrypt {self.add(self.encrypt.dictionary())} 0 R /ID [<{_FILE_ID.hex()}><{_FILE_ID.hex()}>]"
        return self.assemble(trailer)

    def fonts(self) -> str:
        latin = self.add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
        cid = self.add(
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000"
            b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>"
        )
        chinese = self.add(
            b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H /DescendantFonts ["
            + f"{cid} 0 R] >>".encode()
        )
        broken = self.mapped_font("<00> <FF> <E000>")
        rare = self.mapped_font("<61> <7A> <D840DC00>")
        return f"/Font << /Latin {latin} 0 R /Chinese {chinese} 0 R /Broken {broken} 0 R /Rare {rare} 0 R >>"

    def mapped_font(self, mapping: str) -> int:
        """Courier whose letters claim to be other characters."""
        to_unicode = self.add_stream(
            "",
            b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
            + f"1 beginbfrange {mapping} endbfrange endcmap end".encode(),
        )
        return self.add(f"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode {to_unicode} 0 R >>".encode())

    def page(self, page: PdfPage, tree: int, fonts: str, fields: list[int]) -> int:
        drawn = b"".join(self.picture_operators(index, picture) for index, picture in enumerate(page.pictures))
        images = " ".join(f"/P{index} {self.picture(picture)} 0 R" for index, picture in enumerate(page.pictures))
        if page.nested:
            form = self.add_stream(
                "/Type /XObject /Subtype /Form /BBox [0 0 9999 9999] /Matrix [0.5 0 0 0.5 0 0]"
                f" /Resources << /XObject << {images} >> >>",
                drawn,
            )
            images, drawn = f"/Nested {form} 0 R", b"q 2 0 0 2 0 0 cm /Nested Do Q\n"
        drawn += b"".join(_text_operators(text) for text in page.texts) + page.operators
        content = self.add_stream("/Filter /FlateDecode", zlib.compress(drawn))
        widgets = [self.field(index + len(fields), *field) for index, field in enumerate(page.fields)]
        fields += widgets
        left, bottom = page.origin
        annotations = " ".join(f"{number} 0 R" for number in widgets)
        return self.add(
            f"<< /Type /Page /Parent {tree} 0 R /Rotate {page.rotate} /Annots [{annotations}]"
            f" /MediaBox [{left} {bottom} {left + page.size[0]} {bottom + page.size[1]}] /Contents {content} 0 R"
            f" /Resources << {fonts} /XObject << {images} >> >> >>".encode()
        )

    def picture(self, picture: Picture) -> int:
        file = io.BytesIO()
        image = picture.image.convert("RGB")
        image.save(file, "JPEG", quality=90)
        return self.add_stream(
            f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height} /BitsPerComponent 8"
            " /ColorSpace /DeviceRGB /Filter /DCTDecode",
            file.getvalue(),
        )

    def picture_operators(self, index: int, picture: Picture) -> bytes:
        return f"q {picture.width} 0 0 {picture.height} {picture.x} {picture.y} cm /P{index} Do Q\n".encode()

    def field(self, index: int, x: float, y: float, value: str) -> int:
        return self.add(
            f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (field{index}) /V ({value}) /F 4"
            f" /Rect [{x} {y} {x + 200} {y + 20}] /DA (/Latin 12 Tf 0 g) >>".encode()
        )

    def assemble(self, trailer: str) -> bytes:
        file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(self.objects, start=1):
            offsets.append(len(file))
            file += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
        start = len(file)
        file += f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode()
        file += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
        file += f"trailer\n<< /Size {len(offsets) + 1} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
        return bytes(file)


def _text_operators(text: Text) -> bytes:
    sine, cosine = math.sin(math.radians(text.angle)), math.cos(math.radians(text.angle))
    if text.font == "Chinese":
        shown = f"<{text.text.encode('utf-16-be').hex()}>".encode()
    else:
        escaped = text.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        shown = b"(" + escaped.encode("cp1252") + b")"
    red, green, blue = text.colour
    return (
        f"BT /{text.font} {text.size} Tf {red} {green} {blue} rg {text.render_mode} Tr"
        f" {cosine:.6f} {sine:.6f} {-sine:.6f} {cosine:.6f} {text.x} {text.y} Tm ".encode()
        + shown
        + b" Tj ET\n"
    )


class _Encryption:
    """The standard security handler, revision 2 (ISO 32000-1, 7.6.3)."""

    def __init__(self, user_password: str) -> None:
        user = (user_password.encode("latin-1") + _PADDING)[:32]
        self.owner_entry = _rc4(hashlib.md5(b"owner".ljust(5) + _PADDING[:27]).digest()[:5], user)
        seed = user + self.owner_entry + struct.pack("<i", _PERMISSIONS) + _FILE_ID
        self.key = hashlib.md5(seed).digest()[:5]

    def dictionary(self) -> bytes:
        user_entry = _rc4(self.key, _PADDING).hex()
        return (
            f"<< /Filter /Standard /V 1 /R 2 /P {_PERMISSIONS} /O <{self.owner_entry.hex()}> /U <{user_entry}> >>"
        ).encode()

    def stream(self, number: int, data: bytes) -> bytes:
        key = hashlib.md5(self.key + struct.pack("<I", number)[:3] + b"\0\0").digest()[:10]
        return _rc4(key, data)


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
