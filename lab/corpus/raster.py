"""Sheets become pixels: every ink is a mask that takes light away from the paper."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

from ingestd.document import Quad
from ingestd.layout.geometry import as_quad, transform
from lab.corpus.effects import smooth_noise
from lab.corpus.fonts import Fonts
from lab.corpus.sheet import Arc, Ellipse, Fill, Ink, Modules, Sheet, Stroke, Text, Wear

Mask = NDArray[np.float32]
"""HxW, 0 (no ink) to 1."""
TextLine = tuple[Quad, str]
"""Corners in px, clockwise from the top left, and the characters."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A drawn page and the lines of text on it."""

    image: Image.Image
    lines: tuple[TextLine, ...]


class _Plate:
    """One ink's mask while shapes are put on it."""

    def __init__(self, size: tuple[int, int], px_per_mm: float, fonts: Fonts) -> None:
        self.mask = Image.new("L", size, 0)
        self.lines: list[TextLine] = []
        self._draw = ImageDraw.Draw(self.mask)
        self._scale = px_per_mm
        self._fonts = fonts

    def put(self, shape: Text | Arc | Stroke | Ellipse | Modules | Fill) -> None:
        match shape:
            case Text():
                self._text(shape)
            case Arc():
                self._arc(shape)
            case Stroke():
                ends = [tuple(value * self._scale for value in point) for point in (shape.start, shape.end)]
                self._draw.line(ends, fill=255, width=max(1, round(shape.width * self._scale)))
            case Ellipse():
                self._ellipse(shape)
            case Modules():
                self._modules(shape)
            case Fill():
                edges = (shape.left, shape.top, shape.right, shape.bottom)
                self._draw.rectangle([value * self._scale for value in edges], fill=255)

    def _font(self, face: str, size: float) -> ImageFont.FreeTypeFont:
        return self._fonts.face(face, round(size * self._scale))

    def _text(self, shape: Text) -> None:
        if not shape.text:
            return
        font = self._font(shape.face, shape.size)
        x, y = shape.x * self._scale, shape.y * self._scale
        if shape.upright_column:
            self._column(shape, font, x, y)
        elif shape.spread:
            self._spaced(shape, font, x, y)
        else:
            self._run(shape, font, x, y)

    def _run(self, shape: Text, font: ImageFont.FreeTypeFont, x: float, y: float) -> None:
        natural = font.getlength(shape.text)
        width = min(natural, shape.fit * self._scale) if shape.fit else natural
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[shape.anchor]
        ascent, descent = font.getmetrics()
        if width < natural:
            strip = Image.new("L", (math.ceil(natural), ascent + descent), 0)
            ImageDraw.Draw(strip).text((0, ascent), shape.text, fill=255, font=font, anchor="ls")
            strip = strip.resize((max(1, round(width)), strip.height), Image.Resampling.BILINEAR)
            self.mask.paste(255, (round(left), round(y) - ascent), strip)
        else:
            self._draw.text((left, y), shape.text, fill=255, font=font, anchor="ls")
        self._note(font, left, y, left + width, shape.text)

    def _spaced(self, shape: Text, font: ImageFont.FreeTypeFont, x: float, y: float) -> None:
        width = shape.spread * self._scale
        left = x - {"left": 0.0, "middle": width / 2, "right": width}[shape.anchor]
        room = width - font.getlength(shape.text[-1])
        for index, character in enumerate(shape.text):
            step = room * index / max(1, len(shape.text) - 1)
            self._draw.text((left + step, y), character, fill=255, font=font, anchor="ls")
        self._note(font, left, y, left + width, shape.text)

    def _column(self, shape: Text, font: ImageFont.FreeTypeFont, x: float, y: float) -> None:
        step = shape.spread * self._scale / max(1, len(shape.text) - 1) if shape.spread else font.size * 1.05
        for index, character in enumerate(shape.text):
            self._draw.text((x, y + index * step), character, fill=255, font=font, anchor="ms")
            half = font.getlength(character) / 2
            self._note(font, x - half, y + index * step, x + half, character)

    def _note(self, font: ImageFont.FreeTypeFont, left: float, y: float, right: float, text: str) -> None:
        """Remember where a line of text is: its box as high as the ink can be."""
        top, bottom = y - 0.88 * font.size, y + 0.17 * font.size
        self.lines.append((as_quad([(left, top), (right, top), (right, bottom), (left, bottom)]), text))

    def _arc(self, shape: Arc) -> None:
        font = self._font(shape.face, shape.size)
        side = 2 * math.ceil(font.size)
        for index, character in enumerate(shape.text):
            share = index / max(1, len(shape.text) - 1)
            angle = math.radians(shape.start + (shape.end - shape.start) * share)
            cx = (shape.centre[0] + shape.radii[0] * math.sin(angle)) * self._scale
            cy = (shape.centre[1] - shape.radii[1] * math.cos(angle)) * self._scale
            glyph = Image.new("L", (side, side), 0)
            ImageDraw.Draw(glyph).text((side / 2, side / 2), character, fill=255, font=font, anchor="mm")
            # The normal of an ellipse is not its radius; characters stand on the curve.
            lean = math.atan2(math.sin(angle) / shape.radii[0], math.cos(angle) / shape.radii[1])
            turn = -math.degrees(lean) + (180 if shape.feet_out else 0)
            glyph = glyph.rotate(turn, Image.Resampling.BICUBIC)
            self.mask.paste(255, (round(cx - side / 2), round(cy - side / 2)), glyph)

    def _ellipse(self, shape: Ellipse) -> None:
        (cx, cy), (rx, ry) = shape.centre, shape.radii
        edges = [value * self._scale for value in (cx - rx, cy - ry, cx + rx, cy + ry)]
        if shape.width:
            self._draw.ellipse(edges, outline=255, width=max(1, round(shape.width * self._scale)))
        else:
            self._draw.ellipse(edges, fill=255)

    def _modules(self, shape: Modules) -> None:
        side = round(shape.size * self._scale)
        code = Image.fromarray(np.where(shape.dark, 255, 0).astype(np.uint8)).resize(
            (side, side), Image.Resampling.NEAREST
        )
        self.mask.paste(255, (round(shape.x * self._scale), round(shape.y * self._scale)), code)


def rasterise(sheet: Sheet, fonts: Fonts, rng: np.random.Generator, px_per_mm: float = 8.0) -> Raster:
    """Draw a sheet.

    Args:
        sheet: what to draw.
        fonts: where faces come from.
        rng: of the inks' wear; the same state gives the same pixels.
        px_per_mm: 8 is 203 dpi.
    """
    size = (round(sheet.width * px_per_mm), round(sheet.height * px_per_mm))
    light = np.broadcast_to(np.array(sheet.paper, np.float32) / 255, (size[1], size[0], 3)).copy()
    lines: list[TextLine] = []
    for name, ink in sheet.inks.items():
        plate = _Plate(size, px_per_mm, fonts)
        for shape in sheet.shapes:
            if shape.ink == name:
                plate.put(shape)
        mask = _WEAR[ink.wear](_mask(np.asarray(plate.mask) / 255), rng)
        matrix = _misplaced(ink, size, px_per_mm)
        mask = np.asarray(cv2.warpAffine(mask, matrix[:2], size, flags=cv2.INTER_LINEAR), np.float32)
        absorbed = 1 - np.array(ink.colour, np.float32) / 255
        light *= 1 - mask[..., np.newaxis] * absorbed
        lines += [(as_quad(transform(matrix, quad)), text) for quad, text in plate.lines]
    pixels = np.clip(light * 255 + 0.5, 0, 255).astype(np.uint8)
    return Raster(Image.fromarray(pixels), tuple(lines))


def _misplaced(ink: Ink, size: tuple[int, int], px_per_mm: float) -> NDArray[np.float64]:
    """3x3 matrix that carries a layer from where it should be to where it is."""
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), -ink.turn, 1.0)
    matrix[:2, 2] += np.array(ink.shift) * px_per_mm
    return matrix


def _mask(values: ArrayLike) -> Mask:
    return np.asarray(values, np.float32)


def blotches(shape: tuple[int, int], rng: np.random.Generator, size_px: float) -> Mask:
    """Smooth noise with blobs of about ``size_px``, 0 to 1, median about 0.5."""
    grid = (round(shape[0] / size_px), round(shape[1] / size_px))
    return _mask(np.clip(smooth_noise(grid, shape, rng), 0, 1))


def _needles(mask: Mask, rng: np.random.Generator) -> Mask:
    """A needle printer with a tired ribbon: needles blunt every stroke, rows of dots, unevenly dark."""
    blunt = np.clip(cv2.GaussianBlur(mask, (0, 0), 0.75) * 1.7, 0, 1)
    rows = 0.86 + 0.14 * np.cos(np.arange(mask.shape[0], dtype=np.float32) * (2 * math.pi / 3.2))
    ribbon = 0.78 + 0.22 * blotches(mask.shape, rng, 60)
    return _mask(blunt * rows[:, np.newaxis] * ribbon)


def _stamp(mask: Mask, rng: np.random.Generator) -> Mask:
    """A rubber stamp: specks where no ink was, blotches where there was less."""
    specks = np.clip((blotches(mask.shape, rng, 3) - 0.12) * 6, 0, 1)
    return _mask(mask * specks * (0.6 + 0.35 * blotches(mask.shape, rng, 45)))


def _thermal(mask: Mask, rng: np.random.Generator) -> Mask:
    """A thermal printer: weak bands across, tired heating elements along the paper, a slight bleed."""
    soft = np.maximum(mask * 0.9, cv2.GaussianBlur(mask, (0, 0), 0.8))
    bands = 0.78 + 0.22 * blotches((mask.shape[0], 1), rng, 40)
    elements = np.where(rng.random(mask.shape[1]) < 0.006, 0.35, 1).astype(np.float32)
    return _mask(soft * bands[:, :1] * elements[np.newaxis, :])


def _none(mask: Mask, _rng: np.random.Generator) -> Mask:
    return mask


_WEAR: dict[Wear, Callable[[Mask, np.random.Generator], Mask]] = {
    "none": _none,
    "needles": _needles,
    "stamp": _stamp,
    "thermal": _thermal,
}
