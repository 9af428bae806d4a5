"""Everything that takes bytes from outside, each as a function of bytes that raises if a promise is broken.

Errors of the documented types are a good answer; any other exception, a result that breaks its contract, or a
crash is not. Property tests call these with a few inputs, ``make fuzz`` with as many as there is time for.
"""

from __future__ import annotations

import base64
import json
import math
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import numpy as np
import zxingcpp

from ingestd.admin.verify import disagreement
from ingestd.config import AdmitConfig, DecodeConfig, parse
from ingestd.document import Code, Extraction, Line, Page, PageInfo, Reading
from ingestd.errors import ConfigError, DocumentError
from ingestd.extract import RuleSet, extract, load_rules
from ingestd.extract.rulefile.load import parse_rule
from ingestd.files.archive_layout import archive_folder
from ingestd.files.completeness import is_complete
from ingestd.files.encoding import escape, path_from, path_text
from ingestd.files.media_types import STRUCTURED
from ingestd.files.names import free_target, safe_name
from ingestd.layout.geometry import rect_quad
from ingestd.pipeline import pages_of
from ingestd.reading.admit import admit, sniff
from ingestd.reading.barcodes import find_codes
from ingestd.reading.models import load_manifest
from ingestd.store import rows
from ingestd.structured.read import stated_invoices
from tests.support import einvoices
from tests.support.claims import dropped
from tests.support.places import ROOT

CODES = {
    "empty",
    "unsupported",
    "too-large",
    "too-many-pages",
    "too-many-pixels",
    "encrypted",
    "truncated",
    "damaged",
    "no-pages",
}
"""Of DocumentError, as documented in docs/documents.md."""

LIMITS = AdmitConfig(max_pixels=500_000, max_pages=4)
LARGE = AdmitConfig(max_pixels=4_000_000, max_pages=4)
TODAY = date(2026, 8, 3)


@cache
def _folder() -> Path:
    """One scratch folder a process, emptied by whoever cleans up temporary files."""
    return Path(tempfile.mkdtemp(prefix="ingestd-hostile-"))


def outcome(folder: Path, content: bytes, limits: AdmitConfig = LIMITS) -> str:
    """Admit and decode a file; ``pages``, or the code of the error."""
    try:
        admitted = admit(dropped(folder, content), limits)
        pages = 0
        for page in pages_of(admitted, DecodeConfig(pdf_dpi=50), limits):
            _require_page(page, pages)
            pages += 1
        assert pages == admitted.pages_expected or admitted.media_type in STRUCTURED
        _require_recordable((), stated_invoices(admitted))
    except DocumentError as error:
        assert error.code in CODES
        return error.code
    return "pages"


def _require_page(page: Page, index: int) -> None:
    height, width = page.pixels.shape[:2]
    assert (page.index, page.decoded_size) == (index, (width, height))
    assert page.pixels.dtype == np.uint8
    assert page.pixels.shape[2] == 3
    assert page.pixels.flags.c_contiguous
    assert math.isfinite(page.dpi) and page.dpi > 0
    _require_recordable(page.text_lines, find_codes(page))


def _require_recordable(lines: tuple[Line, ...], codes: tuple[Code, ...]) -> None:
    """What is found on a page has to fit into SQLite and JSON: UTF-8, finite numbers."""
    for row in (*rows.line_rows(lines), *map(rows.code_row, codes)):
        json.dumps(row, allow_nan=False, ensure_ascii=False).encode()
        assert "\n" not in row.get("text", "") or "kind" in row


def document(data: bytes) -> None:
    """Any file in an inbox, small limits."""
    assert sniff(data[:4096]) is None or isinstance(sniff(data[:4096]), str)
    outcome(_folder(), data)


def invoice(data: bytes) -> None:
    """Any e-invoice: its pages, its data, and the fields that follow."""
    claim = dropped(_folder(), data)
    try:
        admitted = admit(claim, LARGE)
        pages = tuple(pages_of(admitted, DecodeConfig(pdf_dpi=50), LARGE))
        codes = stated_invoices(admitted)
    except DocumentError as error:
        assert error.code in CODES
        return
    _require_recordable((), codes)
    texts = tuple(line for page in pages for line in page.text_lines)
    for page in pages:
        _require_page(page, page.index)
    infos = tuple(PageInfo(page.index, *page.decoded_size, page.dpi, 0, 0.0, {}, ()) for page in pages)
    _require_fields(extract(Reading(infos, texts, codes), _shipped_rules(), TODAY))


def structure(data: bytes) -> None:
    """The only look that the daemon itself takes into a file."""
    path = _folder() / "structure.bin"
    path.write_bytes(data)
    with path.open("rb") as file:
        assert is_complete(file) in (True, False)


def pixels(data: bytes) -> None:
    """Any picture, looked at for codes as hard as can be."""
    width = 16 + data[0] % 64 if data else 16
    height = max(1, len(data) // width)
    grey = np.resize(np.frombuffer(data or b"\0", np.uint8), (height, width))
    find_codes(_page(np.repeat(grey[:, :, None], 3, axis=2)), insist=True)


def code(data: bytes) -> None:
    """Any content of a QR code: drawn, read, and given to the rules."""
    try:
        drawn = zxingcpp.create_barcode(data[:400], zxingcpp.BarcodeFormat.QRCode)
    except ValueError:
        return
    grey = np.array(zxingcpp.write_barcode_to_image(drawn, scale=3))
    codes = find_codes(_page(np.repeat(grey[:, :, None], 3, axis=2)))
    _require_recordable((), codes)
    _extract(_shipped_rules(), "发票代码  4711\nTOTAL  12.50", *(found.text for found in codes))


def text(data: bytes) -> None:
    """Any text on a page, for all shipped rules."""
    words, _, content = data.decode("utf-8", "replace").partition("\x1e")
    _extract(_shipped_rules(), words[:4000], content[:400])


def rule(data: bytes) -> None:
    """Any rule file; one that is taken is applied."""
    try:
        found = parse_rule(data.decode("utf-8", "replace"), Path("sample.yaml"))
    except ConfigError as error:
        assert error.problems
        assert all(problem.startswith("sample.yaml") for problem in error.problems)
        return
    _extract(RuleSet((found,), "0"), "TOTAL  12.50\nDATE  2026-08-01", "01,04,")


def config(data: bytes) -> None:
    """Any configuration file."""
    try:
        found = parse(data.decode("utf-8", "replace"), Path("/srv/scans/config.yaml"))
    except ConfigError as error:
        assert error.problems
        assert all(len(problem) < 2000 for problem in error.problems)
        return
    for inbox in found.inboxes:
        os.fsencode(inbox.path)
        assert inbox.path.is_absolute()


def manifest(data: bytes) -> None:
    """Any manifest of models."""
    (_folder() / "manifest.yaml").write_bytes(data)
    try:
        load_manifest(_folder())
    except ConfigError as error:
        assert error.problems


def sidecar(data: bytes) -> None:
    """Any file in the place of a sidecar."""
    found = disagreement(data, b'{"schema": 1, "name": "a.pdf", "fields": []}')
    assert found is None or "\x1b" not in found


def name(data: bytes) -> None:
    """Any name that a file on Linux can have: stays in its folder, prints on one line, comes back the same."""
    raw = data.replace(b"\0", b"").replace(b"/", b"")[:255]
    given = os.fsdecode(raw)
    clean = safe_name(given)
    assert clean not in ("", ".", "..") and "/" not in clean and clean.isprintable() == escape(clean).isprintable()
    assert len(os.fsencode(clean)) <= 255
    archive = Path("/archive")
    folder, stored = archive_folder(
        archive, "{received:%Y}/{name}", received=datetime(2026, 8, 3, tzinfo=UTC), name=given, inbox="in", rule="r"
    )
    target = free_target(folder, stored, "abcdef01", lambda _: False)
    assert target.parent == archive / "2026"
    assert Path(os.path.normpath(target)) == target
    shown = path_text(given)
    assert str(path_from(shown)) == str(Path(given))
    assert not {char for char in shown + escape(given) if ord(char) < 32 and char not in "\t\n"}
    shown.encode()


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (document, invoice, structure, pixels, code, text, rule, config, manifest, sidecar, name)
}


def seeds(target: str) -> Iterator[bytes]:
    """Inputs to begin with: what the target is meant for."""
    match target:
        case "document" | "structure":
            yield from (path.read_bytes() for path in sorted((ROOT / "samples").iterdir()) if path.suffix != ".md")
        case "rule":
            yield from (path.read_bytes() for path in sorted((ROOT / "rules").glob("*.yaml")))
        case "config":
            yield (ROOT / "config.yaml").read_bytes()
            yield b"inboxes: [{path: a}]\nhooks: {on_success: [a, b]}\nmetrics: {port: 1}\nspool: {layout: '{name}'}\n"
            yield b"a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\ninboxes: *c\nlog: 2026-99-99\n"
        case "invoice":
            western = (einvoices.cii(), einvoices.ubl(), einvoices.ubl("CreditNote"), einvoices.fatturapa("1", "2"))
            yield from western
            yield from (einvoices.digital(), einvoices.original(), einvoices.xbrl(), einvoices.ofd())
            yield from (einvoices.signed(einvoices.cii()), einvoices.signed_in_pieces(einvoices.cii()))
            yield base64.b64encode(einvoices.signed(einvoices.cii()))
            yield einvoices.pdf_with(("factur-x.xml", einvoices.cii()), page=einvoices.page_of_invoice())
        case "manifest":
            yield (ROOT / "models" / "manifest.yaml").read_bytes()
        case "sidecar":
            yield b'{"schema": 1, "name": "a.pdf", "fields": [{"name": "total", "value": null}]}'
        case "code" | "text":
            yield b"01,04,044001900111,12345678,100.00,20190801,12345678901234567890,ABCD,"
            printed = (
                "发票代码：044001900111",
                "价税合计（大写） 壹佰圆整 ￥100.00",
                "开票日期 2019年08月01日\x1e01,10,",
            )
            yield "\n".join(printed).encode()
        case "pixels":
            yield bytes(range(256)) * 40
        case "name":
            yield "发票 ../..\x1b[2J\n.pdf".encode()


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The input with bytes changed, pieces removed, doubled or moved, or its end missing."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not changed:
            break
        at, length = chance.randrange(len(changed)), min(len(changed), chance.choice((1, 2, 4, 64, 1024)))
        match chance.randrange(6):
            case 0:
                changed[at] = chance.choice((0, 1, 10, 32, 34, 45, 58, 127, 128, 255, chance.randrange(256)))
            case 1:
                del changed[at : at + length]
            case 2:
                changed[at:at] = changed[at : at + length] * chance.choice((1, 2, 50))
            case 3:
                other = chance.randrange(len(changed))
                changed[at : at + length] = changed[other : other + length]
            case 4:
                changed[at : at + 4] = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000)).to_bytes(4)
            case 5:
                del changed[max(at, len(changed) // 8) :]
    return bytes(changed)


@cache
def _shipped_rules() -> RuleSet:
    return load_rules(ROOT / "rules")


def _extract(rules: RuleSet, words: str, *contents: str) -> None:
    """Apply rules to a page with these rows; two spaces begin a new box."""
    lines = tuple(
        Line(0, rect_quad(300 * column, 30 * number, 300 * column + 290, 30 * number + 20), part, 0.9)
        for number, row in enumerate(words.split("\n")[:60])
        for column, part in enumerate(row.split("  ")[:4])
        if part
    )
    codes = tuple(Code(0, rect_quad(0, 0, 9, 9), "QR", content) for content in contents)
    page = PageInfo(0, 1200, 1800, 100.0, 0, 0.0, {}, ())
    _require_fields(extract(Reading((page,), lines, codes), rules, TODAY))


def _require_fields(extraction: Extraction) -> None:
    """Fields fit into SQLite and JSON, and say why they are what they are."""
    for field in extraction.fields:
        json.dumps(rows.field_row(field), allow_nan=False, ensure_ascii=False).encode()
        assert (field.value is None) == (field.level == "missing")
        assert field.reasons


def _page(bgr: np.ndarray) -> Page:
    height, width = bgr.shape[:2]
    content = np.ascontiguousarray(bgr, np.uint8)
    return Page(index=0, pixels=content, dpi=200.0, decoded_size=(width, height), to_source=np.eye(3))
