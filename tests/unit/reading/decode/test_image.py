from __future__ import annotations

import io
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from ingestd.config import AdmitConfig, DecodeConfig
from ingestd.document import Page, Pixels
from ingestd.errors import DocumentError
from ingestd.reading.admit import admit
from ingestd.reading.decode import decode
from tests.support.claims import admitted_as, dropped
from tests.support.documents import (
    encoded,
    float_tiff,
    heic,
    jpeg_with_exif,
    oriented,
    picture,
    png_chunk,
    quadrants,
    sixteen_bit,
    tiff,
    transparent,
)

RED, GREEN, BLUE, WHITE = (0, 0, 255), (0, 255, 0), (255, 0, 0), (255, 255, 255)


def pages(folder: Path, content: bytes) -> list[Page]:
    admitted = admit(dropped(folder, content), AdmitConfig())
    return list(decode(admitted, DecodeConfig(), AdmitConfig()))


def only(folder: Path, content: bytes) -> Page:
    (page,) = pages(folder, content)
    return page


def expected(image: Image.Image | None = None) -> Pixels:
    return np.asarray((image or picture()).convert("RGB"))[..., ::-1]


def is_near(pixels: Pixels, wanted: Pixels, *, mean: float = 6) -> bool:
    return pixels.shape == wanted.shape and float(np.abs(pixels.astype(int) - wanted).mean()) <= mean


def test_a_page_is_what_the_next_stage_relies_on(tmp_path: Path) -> None:
    page = only(tmp_path, encoded(picture(), "PNG"))
    assert page.pixels.dtype == np.uint8
    assert page.pixels.flags.c_contiguous
    assert not page.pixels.flags.writeable
    assert page.decoded_size == picture().size
    assert (page.to_source == np.eye(3)).all()
    assert (page.index, page.steps, page.text_lines) == (0, (), ())
    np.testing.assert_array_equal(page.pixels, expected())


@pytest.mark.parametrize("kind", ["JPEG", "BMP", "WEBP", "PPM", "TIFF", "AVIF"])
def test_every_format_gives_the_same_picture(tmp_path: Path, kind: str) -> None:
    assert is_near(only(tmp_path, encoded(picture(), kind)).pixels, expected())


def test_heic(tmp_path: Path) -> None:
    assert is_near(only(tmp_path, heic(picture())).pixels, expected())


@pytest.mark.parametrize("kind", ["MPO", "WEBP", "AVIF", "PNG"])
def test_only_the_first_of_several_frames_is_a_page(tmp_path: Path, kind: str) -> None:
    content = encoded(picture(), kind, save_all=True, append_images=[picture("another")])
    assert is_near(only(tmp_path, content).pixels, expected())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(tmp_path: Path, kind: str, orientation: int) -> None:
    pixels = only(tmp_path, oriented(kind, orientation)).pixels
    assert pixels.shape == (40, 80, 3)
    corners = [pixels[10, 20], pixels[10, 60], pixels[30, 20], pixels[30, 60]]
    for found, wanted in zip(corners, (RED, GREEN, BLUE, WHITE), strict=True):
        assert np.abs(found.astype(int) - wanted).max() < 60
    assert pixels.flags.c_contiguous


def test_orientation_that_stands_behind_the_pixels_of_a_png(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    plain = encoded(quadrants(), "PNG")
    end = png_chunk(b"IEND", b"")
    late = plain.removesuffix(end) + png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + end
    assert only(tmp_path, late).pixels.shape == (80, 40, 3)


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"MM",
        b"II*\0\xff\xff\xff\x7f",
        b"MM\0*\0\0\0\x08\xff\xff" + bytes(100),
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x40\0\0\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0\0\0\0\0",
        bytes(range(256)),
    ],
)
def test_pitfall_19_broken_exif_is_no_fault(tmp_path: Path, exif: bytes) -> None:
    assert is_near(only(tmp_path, jpeg_with_exif(exif)).pixels, expected())


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr"])
def test_colour_models(tmp_path: Path, mode: str) -> None:
    kind = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    assert is_near(only(tmp_path, encoded(picture(mode=mode), kind)).pixels, expected())


def test_grey_tiff_with_premultiplied_alpha(tmp_path: Path) -> None:
    image = Image.new("LA", (60, 40), (0, 0))
    image.paste((0, 255), (10, 10, 30, 30))
    samples = bytes.fromhex("5201 0300 01000000")  # ExtraSamples, one SHORT: 2 is unassociated, 1 associated alpha
    content = encoded(image, "TIFF").replace(samples + b"\2", samples + b"\1")
    assert Image.open(io.BytesIO(content)).mode == "La"
    pixels = only(tmp_path, content).pixels
    assert pixels[20, 20].tolist() == [0, 0, 0] and pixels[5, 50].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_colours(tmp_path: Path, kind: str) -> None:
    pixels = only(tmp_path, encoded(quadrants().convert("CMYK"), kind)).pixels
    assert is_near(pixels, expected(quadrants()), mean=12)


@pytest.mark.parametrize("compression", ["group4", "tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits"])
def test_tiff_compressions(tmp_path: Path, compression: str) -> None:
    image = picture(mode="1" if compression == "group4" else "RGB")
    assert is_near(only(tmp_path, encoded(image, "TIFF", compression=compression)).pixels, expected())


def test_pages_of_a_tiff_come_in_order(tmp_path: Path) -> None:
    levels = (0, 80, 160, 240)
    stack = [Image.new("L", (10 + level, 20), level) for level in levels]
    found = pages(tmp_path, tiff(stack))
    assert [page.index for page in found] == [0, 1, 2, 3]
    assert [page.decoded_size for page in found] == [image.size for image in stack]
    assert [int(page.pixels[0, 0, 0]) for page in found] == list(levels)


def test_previews_in_a_tiff_are_skipped(tmp_path: Path) -> None:
    preview = picture().resize((32, 12))
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    found = pages(tmp_path, tiff([picture(), preview, picture()]))
    assert [page.decoded_size for page in found] == [picture().size] * 2


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("white", [65535, 4095, 1023])
def test_deep_greys_are_scaled_not_clipped(tmp_path: Path, kind: str, white: int) -> None:
    assert is_near(only(tmp_path, sixteen_bit(kind, white=white)).pixels, expected(), mean=1)


@pytest.mark.parametrize("white", [1.0, 255.0, 1e-3])
def test_floats_are_scaled(tmp_path: Path, white: float) -> None:
    assert is_near(only(tmp_path, float_tiff(white=white)).pixels, expected(), mean=1)


def test_floats_that_are_no_numbers_are_black(tmp_path: Path) -> None:
    levels = np.ones((8, 8), np.float32)
    levels[0] = (math.nan, math.inf, -math.inf, 1, 1, 1, 1, 1)
    pixels = only(tmp_path, encoded(Image.fromarray(levels), "TIFF")).pixels
    assert pixels[0, :, 0].tolist() == [0, 0, 0, 255, 255, 255, 255, 255]


def test_negative_levels_keep_their_distance(tmp_path: Path) -> None:
    levels = np.full((4, 4), -100, np.int32)
    levels[0] = 155
    pixels = only(tmp_path, encoded(Image.fromarray(levels), "TIFF")).pixels
    assert (pixels[0] == 255).all()
    assert (pixels[1:] == 0).all()


def test_a_blank_deep_page_stays_blank(tmp_path: Path) -> None:
    white = encoded(Image.fromarray(np.full((9, 9), 60_000, np.uint16)), "PNG")
    assert (only(tmp_path, white).pixels == 255).all()
    black = encoded(Image.fromarray(np.zeros((9, 9), np.uint16)), "PNG")
    assert (only(tmp_path, black).pixels == 0).all()


def test_a_deep_tiff_whose_white_is_zero(tmp_path: Path) -> None:
    levels = 65535 - np.asarray(picture(mode="L"), dtype=np.uint16) * 257
    content = encoded(Image.fromarray(levels), "TIFF", tiffinfo={262: 0})
    assert is_near(only(tmp_path, content).pixels, expected(), mean=1)


@pytest.mark.parametrize(("ink", "ground"), [((0, 0, 0), 255), ((255, 255, 255), 0), ((20, 30, 120), 255)])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_text_on_nothing_is_laid_on_what_it_contrasts_with(
    tmp_path: Path, ink: tuple[int, int, int], ground: int, kind: str
) -> None:
    pixels = only(tmp_path, transparent(ink, kind=kind)).pixels
    assert (pixels[0, 0] == ground).all()
    drawn = np.abs(pixels.astype(int) - ground).max(axis=2) > 128
    assert 0.02 < drawn.mean() < 0.5


def test_grey_with_alpha_and_a_transparent_palette(tmp_path: Path) -> None:
    assert is_near(only(tmp_path, transparent((0, 0, 0), mode="LA")).pixels, expected())
    palette = picture(mode="P")
    content = encoded(palette, "PNG", transparency=palette.getpixel((0, 0)))
    assert is_near(only(tmp_path, content).pixels, expected())


def test_the_inside_of_an_opaque_box_does_not_choose_the_background(tmp_path: Path) -> None:
    # Dark letters on nothing beside a large white box: on black the letters would be gone.
    image = Image.new("RGBA", (320, 240), (0, 0, 0, 0))
    image.paste(picture("DARK DARK DARK\nDARK DARK DARK"), (0, 120))
    letters = Image.open(io.BytesIO(transparent((0, 0, 0))))
    image.alpha_composite(letters)
    pixels = only(tmp_path, encoded(image, "PNG")).pixels
    assert is_near(pixels[:120], expected(), mean=1)


def test_fully_opaque_alpha_changes_nothing(tmp_path: Path) -> None:
    np.testing.assert_array_equal(only(tmp_path, encoded(picture(mode="RGBA"), "PNG")).pixels, expected())


@pytest.mark.parametrize(
    ("kind", "stated", "dpi"),
    [
        ("JPEG", (300, 300), 300),
        ("TIFF", (400, 400), 400),
        ("PNG", (600, 600), 600),
        ("JPEG", None, 100),
        ("JPEG", (1, 1), 100),
        ("TIFF", (9600, 9600), 100),
        ("JPEG", (72, 72), 100),
        ("PNG", (96, 96), 100),
    ],
)
def test_resolution_is_the_stated_one_or_that_of_a4(
    tmp_path: Path, kind: str, stated: tuple[int, int] | None, dpi: float
) -> None:
    options = {} if stated is None else {"dpi": stated}
    content = encoded(Image.new("L", (827, 1169), 255), kind, **options)
    assert only(tmp_path, content).dpi == pytest.approx(dpi, abs=0.1)


def test_a_fax_gets_square_pixels(tmp_path: Path) -> None:
    page = only(tmp_path, encoded(picture(mode="1"), "TIFF", dpi=(204, 98), compression="group4"))
    width, height = picture().size
    assert page.decoded_size == (width, round(height * 204 / 98))
    assert page.dpi == 204


def test_plain_files_decode_the_same_by_either_library(tmp_path: Path) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (99, 131, 3), dtype=np.uint8)
    image = Image.fromarray(cv2.GaussianBlur(noise, (5, 5), 0))
    for mode in ("RGB", "L"):
        for options in ({"quality": 60}, {"quality": 95, "subsampling": 0}, {"progressive": True}):
            content = encoded(image.convert(mode), "JPEG", **options)
            by_pillow = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))[..., ::-1]
            np.testing.assert_array_equal(only(tmp_path, content).pixels, by_pillow)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("kept", [0.5, 0.95])
def test_truncated_pixels(tmp_path: Path, kind: str, kept: float) -> None:
    content = encoded(picture(), kind)
    with pytest.raises(DocumentError) as caught:
        pages(tmp_path, content[: int(len(content) * kept)])
    assert caught.value.code == "truncated"


def test_damaged_pixels(tmp_path: Path) -> None:
    content = bytearray(encoded(picture(), "PNG"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(DocumentError) as caught:
        pages(tmp_path, bytes(content))
    assert caught.value.code == "damaged"


def test_pages_before_the_fault_are_yielded(tmp_path: Path) -> None:
    content = bytearray(tiff([picture()] * 3, compression="tiff_adobe_deflate"))
    with Image.open(io.BytesIO(bytes(content))) as image:
        assert isinstance(image, TiffImageFile)
        image.seek(2)
        start = image.tag_v2[273][0]
    content[start : start + 40] = bytes(40)
    claim = dropped(tmp_path, bytes(content))
    found = decode(admit(claim, AdmitConfig()), DecodeConfig(), AdmitConfig())
    assert next(found).index == 0
    with pytest.raises(DocumentError):
        list(found)
    told: list[int] = []
    again = decode(admit(claim, AdmitConfig()), DecodeConfig(), AdmitConfig(), skip=lambda index, _: told.append(index))
    assert ([page.index for page in again], told) == ([0, 1], [2])


def test_a_missing_file_is_no_fault_of_the_document(tmp_path: Path) -> None:
    claim = dropped(tmp_path, encoded(picture(), "PNG"))
    claim.work_path.unlink()
    with pytest.raises(FileNotFoundError):
        list(decode(admitted_as(claim, "image/png"), DecodeConfig(), AdmitConfig()))


def test_memory_errors_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    claim = dropped(tmp_path, encoded(picture(mode="P"), "PNG"))
    monkeypatch.setattr(Image.Image, "convert", exhausted)
    with pytest.raises(MemoryError):
        list(decode(admitted_as(claim, "image/png"), DecodeConfig(), AdmitConfig()))
