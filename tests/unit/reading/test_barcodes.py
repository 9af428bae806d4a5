from __future__ import annotations

from typing import Any, cast

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from ingestd.config import BarcodesConfig, EnhanceConfig, OrientConfig
from ingestd.document import Line, Page, Splitting, frozen
from ingestd.layout.geometry import bounds, rect_quad
from ingestd.reading.barcodes import find_codes
from ingestd.reading.page import PageReader
from tests.support.documents import code, pasted, picture

INVOICE = "01,10,012001800311,33207675,46.62,20190508,76939056883466677916,E1BD,"


def page_of(image: Image.Image, to_source: Any = None) -> Page:
    pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])
    matrix = np.eye(3) if to_source is None else np.array(to_source, dtype=float)
    return Page(index=3, pixels=frozen(pixels), dpi=200, decoded_size=image.size, to_source=frozen(matrix))


def one_code(image: Image.Image, **options: bool) -> tuple[str, str]:
    (found,) = find_codes(page_of(image), **options)
    return found.kind, found.text


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("QRCode", INVOICE, "QR"),
        ("MicroQRCode", "12345", "MICROQR"),
        ("RMQRCode", "12345", "RMQR"),
        ("Code128", "ABC-12", "CODE128"),
        ("Code39", "HELLO", "CODE39"),
        ("EAN13", "4006381333931", "EAN13"),
        ("EAN8", "12345670", "EAN8"),
        ("ITF", "12345670", "ITF"),
        ("Codabar", "A12345A", "CODABAR"),
    ],
)
def test_kinds(kind: str, text: str, told: str) -> None:
    assert one_code(pasted(code(text, kind), at=(40, 60))) == (told, text)


def test_a_page_without_codes() -> None:
    assert find_codes(page_of(picture())) == ()
    assert find_codes(page_of(picture()), insist=True) == ()


def test_the_quad_encloses_the_code() -> None:
    (found,) = find_codes(page_of(pasted(code("12345"), at=(200, 300))))
    side = code("12345").size[0]
    quiet = 4 * 4
    wanted = (200 + quiet, 300 + quiet, 200 + side - quiet, 300 + side - quiet)
    assert bounds(found.quad) == pytest.approx(wanted, abs=4)
    assert found.page_index == 3


def test_the_quad_begins_at_the_top_left_as_read() -> None:
    turned = pasted(code("12345"), at=(200, 300)).transpose(Image.Transpose.ROTATE_180)
    (found,) = find_codes(page_of(turned))
    assert found.quad[0][0] > found.quad[1][0]
    assert found.quad[0][1] > found.quad[3][1]


@pytest.mark.parametrize("insist", [False, True])
def test_quads_are_in_decoded_pixels(insist: bool) -> None:
    half_and_moved = [[2, 0, 10], [0, 2, 20], [0, 0, 1]]
    image = pasted(code("12345"), at=(200, 300))
    (here,) = find_codes(page_of(image), insist=insist)
    (there,) = find_codes(page_of(image, half_and_moved), insist=insist)
    assert there.quad == tuple((2 * x + 10, 2 * y + 20) for x, y in here.quad)


def test_the_same_code_twice_is_told_once() -> None:
    page = pasted(code("12345"), at=(20, 20))
    page.paste(code("12345"), (300, 400))
    page.paste(code("67890"), (300, 20))
    assert sorted(found.text for found in find_codes(page_of(page))) == ["12345", "67890"]


def hard_to_read(seed: int = 5) -> Image.Image:
    """An invoice's code of 1.5 px a module, turned a little, blurred and noisy, on a page of text."""
    rng = np.random.default_rng(seed)
    small = code(INVOICE, scale=8).resize((68, 68), Image.Resampling.BOX)
    page = pasted(small, at=(60, 50), size=(700, 500))
    page.paste(picture("\n".join(["Text of the page"] * 6)).resize((320, 240)), (200, 200))
    turned = np.asarray(page.rotate(4, Image.Resampling.BICUBIC, fillcolor="white"), dtype=np.float64)
    soft = cv2.GaussianBlur(turned, (0, 0), 0.6)
    return Image.fromarray(np.clip(soft * 0.7 + 30 + rng.normal(0, 4, soft.shape), 0, 255).astype(np.uint8))


def test_insisting_finds_what_the_first_look_misses() -> None:
    page = page_of(hard_to_read())
    assert find_codes(page) == ()
    (found,) = find_codes(page, insist=True)
    assert (found.kind, found.text) == ("QR", INVOICE)
    left, top, right, bottom = bounds(found.quad)
    assert 30 < right - left < 80
    assert 30 < bottom - top < 80
    assert 30 < left < 100
    assert 30 < top < 110


@pytest.mark.parametrize(
    ("options", "text", "found"),
    [
        (BarcodesConfig(), "增值税发票", True),
        (BarcodesConfig(), "receipt", False),
        (BarcodesConfig(insist_on=("Tax invoice",)), "Tax invoice 12", True),
        (BarcodesConfig(insist_on=("Tax invoice",)), "增值税发票", False),
        (BarcodesConfig(insist_on=()), "增值税发票", False),
        (BarcodesConfig(enabled=False), "增值税发票", False),
    ],
)
def test_pages_with_a_configured_text_are_searched_harder(options: BarcodesConfig, text: str, found: bool) -> None:
    unused = cast(Any, None)
    reader = PageReader(EnhanceConfig(), OrientConfig(), options, unused, unused, unused, unused)
    line = Line(3, rect_quad(0, 0, 90, 20), text, 1.0)
    assert bool(reader.codes(page_of(hard_to_read()), (line,), Splitting())) is found


def test_insisting_goes_on_where_only_another_kind_was_found() -> None:
    page = hard_to_read()
    page.paste(code("ABC-12", "Code128", scale=1).resize((220, 60)), (400, 20))
    assert [found.kind for found in find_codes(page_of(page))] == ["CODE128"]
    assert [found.kind for found in find_codes(page_of(page), insist=True)] == ["CODE128", "QR"]


def test_insisting_stops_at_once_where_a_qr_code_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    read = zxingcpp.read_barcodes

    def counted(*args: Any, **kwargs: Any) -> Any:
        looks.append(1)
        return read(*args, **kwargs)

    monkeypatch.setattr(zxingcpp, "read_barcodes", counted)
    find_codes(page_of(pasted(code("12345"), at=(20, 20))), insist=True)
    assert len(looks) == 1


def test_insisting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def nothing(view: Any, **_: Any) -> list[zxingcpp.Barcode]:
        looked_at.append(view.size)
        return []

    monkeypatch.setattr(zxingcpp, "read_barcodes", nothing)
    find_codes(page_of(Image.new("RGB", (2000, 2000))), insist=True)
    assert len(looked_at) == 16
    assert max(looked_at) <= 8_100_000


def byte_mode(content: bytes) -> Image.Image:
    """A QR code that does not state the encoding of its bytes."""
    barcode = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, eci=-1)
    return Image.fromarray(np.array(zxingcpp.write_barcode_to_image(barcode, scale=4)), "L")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"01,10,0120\0\0\0,33\0", "01,10,0120,33"),
        ("发票代码 纳税人".encode(), "发票代码 纳税人"),
        ("发票代码 纳税人".encode("gbk"), "发票代码 纳税人"),
        ("销售方：朱镕（北京）有限公司".encode("gbk"), "销售方：朱镕（北京）有限公司"),
        ("Gérard Grüße".encode("latin-1"), "Gérard Grüße"),
        (b"\x01\xff\xfe\x80", "\x01\xff\xfe\x80"),
    ],
)
def test_bytes_of_unstated_encoding(content: bytes, text: str) -> None:
    assert one_code(pasted(byte_mode(content), at=(20, 20))) == ("QR", text)


def test_a_stated_encoding_is_believed() -> None:
    assert one_code(pasted(code("日本語テスト"), at=(20, 20))) == ("QR", "日本語テスト")


@pytest.mark.parametrize("upright", [True, False])
def test_pictures_longer_than_zxing_takes_are_read_in_pieces(upright: bool) -> None:
    width, height = (66_000, 120) if upright else (120, 66_000)
    page = Image.new("L", (width, height), 255)
    mark = code("12345").resize((100, 100), Image.Resampling.NEAREST)
    at = (65_600, 10) if upright else (10, 65_600)
    page.paste(mark, at)
    [found] = find_codes(page_of(page))
    assert found.text == "12345"
    left, top, right, bottom = bounds(found.quad)
    assert at[0] <= left < right <= at[0] + 100
    assert at[1] <= top < bottom <= at[1] + 100
