"""Searchable copy of one document: its pages as they look, with the recognised text under them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import ImageCms

import ingestd
from ingestd.document import Admitted, Line, Matrix, Page, Reading, SearchableCopy, Source
from ingestd.files.encoding import escape
from ingestd.files.media_types import PDF
from ingestd.output.searchable.hidden import remove_hidden_text
from ingestd.output.searchable.pictures import add_page, decoded_picture, stored_picture
from ingestd.output.searchable.typeset import Typesetter
from ingestd.reading.decode.pdf import to_pixels
from ingestd.reading.pdf_file import open_pdf

Decode = Callable[[Admitted], Iterator[Page]]
"""Decodes the pages of a document again."""
_ICC_DATE = slice(24, 36)
"""Bytes of an ICC profile that hold the date of its making."""


@dataclass(frozen=True, slots=True)
class Copier:
    """Maker of searchable copies."""

    decode: Decode
    max_pixels: int
    only_unsearchable: bool
    """Leave documents alone whose pages all have text of their own."""

    def __call__(self, admitted: Admitted, reading: Reading) -> SearchableCopy | None:
        """Copy a document; None where it needs no copy."""
        if self.only_unsearchable and not _has_images_of_text(admitted, reading):
            return None
        try:
            if admitted.media_type == PDF:
                return SearchableCopy(_of_pdf(admitted, reading))
            return SearchableCopy(self._of_pictures(admitted, reading))
        except MemoryError:
            raise
        except Exception as error:  # a damaged PDF fails in any way; the document itself has been read
            return SearchableCopy(b"", f"{type(error).__name__}: {error}")

    def _of_pictures(self, admitted: Admitted, reading: Reading) -> bytes:
        """Return a PDF/A-2b file that shows pictures."""
        with pikepdf.new() as pdf:
            typesetter = Typesetter(pdf)
            lines = _by_page(reading.lines)
            path = admitted.claim.work_path
            stored = stored_picture(pdf, path, admitted.media_type, self.max_pixels)
            pictures: Iterable[tuple[Stream, int]]
            if stored is not None:
                pictures = (stored,)
            else:
                pictures = ((decoded_picture(pdf, page.pixels), 1) for page in self.decode(admitted))
            for info, (picture, turned) in zip(reading.pages, pictures, strict=True):
                page, to_page = add_page(pdf, info, picture, turned)
                typesetter.add(page, lines.get(info.index, ()), to_page)
            typesetter.finish()
            _name_colours(pdf)
            _describe(pdf, admitted, {"pdfaid:part": "2", "pdfaid:conformance": "B"})
            return _saved(pdf, "1.7")


def _has_images_of_text(admitted: Admitted, reading: Reading) -> bool:
    return admitted.media_type != PDF or any(line.source is Source.OCR for line in reading.lines)


def _of_pdf(admitted: Admitted, reading: Reading) -> bytes:
    """Return a copy of a PDF; pages whose own text was read stay as they are."""
    path = admitted.claim.work_path
    lines = _by_page(line for line in reading.lines if line.source is Source.OCR)
    with pikepdf.open(path) as pdf, open_pdf(path) as document:
        if len(pdf.pages) != len(document):
            raise ValueError(f"found {len(pdf.pages)} pages, expected {len(document)} as they were read")
        typesetter = Typesetter(pdf)
        for info in reading.pages:
            page = pdf.pages[info.index]
            if Name.Thumb in page.obj:
                del page.obj.Thumb
            if info.index not in lines:
                continue
            remove_hidden_text(pdf, page)
            to_page = _to_page(document, info.index, info.width_px, info.height_px)
            typesetter.add(page, lines[info.index], to_page)
        typesetter.finish()
        _unsign(pdf)
        _describe(pdf, admitted, {})
        return _saved(pdf, "1.5")


def _to_page(document: pypdfium2.PdfDocument, index: int, width: int, height: int) -> Matrix:
    with closing(document[index]) as page:
        inverse: Matrix = np.linalg.inv(to_pixels(page, width, height)).astype(np.float64)
        return inverse


def _by_page(lines: Iterable[Line]) -> Mapping[int, list[Line]]:
    found: dict[int, list[Line]] = {}
    for line in lines:
        found.setdefault(line.page_index, []).append(line)
    return found


def _unsign(pdf: Pdf) -> None:
    """Remove signatures: they are those of the original's bytes, and would be shown as broken."""
    if Name.Perms in pdf.Root:
        del pdf.Root.Perms
    form = pdf.Root.get(Name.AcroForm)
    if form is None:
        return
    if Name.SigFlags in form:
        del form.SigFlags
    for field in form.get(Name.Fields, Array()):
        if field.get(Name.FT) == Name.Sig and Name.V in field:
            del field.V


def _name_colours(pdf: Pdf) -> None:
    """Say that colours are sRGB, which PDF/A asks for."""
    profile = Stream(pdf, srgb_profile(), N=3)
    intent = Dictionary(
        Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier="sRGB", DestOutputProfile=profile
    )
    pdf.Root.OutputIntents = Array([intent])


def srgb_profile() -> bytes:
    """Return the ICC profile of sRGB, with a date of its own instead of today's: the same copy has the same bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_ICC_DATE] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)


def _describe(pdf: Pdf, admitted: Admitted, more: Mapping[str, str]) -> None:
    """Say in XMP that this is a copy, and of what."""
    with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
        metadata["dc:source"] = (
            f"searchable copy of {escape(admitted.claim.source_path.name)}, sha256 {admitted.claim.sha256}"
        )
        metadata["xmp:CreatorTool"] = f"ingestd {ingestd.__version__}"
        metadata.update(more)


def _saved(pdf: Pdf, version: str) -> bytes:
    target = io.BytesIO()
    pdf.save(target, min_version=version, deterministic_id=True, encryption=False)
    return target.getvalue()
