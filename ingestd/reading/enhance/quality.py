"""Quality of a page in numbers: a handful of measures, each with unit, range and source.

All of them are taken from a grey page, on a small copy of the whole (layout: text height, skew, light) and on
a few full-resolution tiles where the text is (print: edges, noise, contrast), so that the cost hardly grows
with the page.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.reading.enhance.image import Grey, levels, reduced_by
from ingestd.reading.enhance.skew import skew_angle
from ingestd.reading.enhance.steps import despeckle, paper

OVERVIEW_PX = 700
"""Longest side of the small copy, at least (up to twice that)."""
TILE_PX = 192
"""Side of a full-resolution tile; about six lines of 150 dpi print."""
TILES = 8
"""Tiles with most text that are looked at."""
STROKE_PX = 15
"""Strokes up to this wide (px of the overview) stand out from their surroundings as text."""
SOBEL_GAIN = 8
"""Response of a 3x3 Sobel operator to a slope of one grey level per px."""
SLOPE_UNITS = 2
"""Steps per grey level in which slopes are counted: the steepest, 127.5, just fits into a byte."""
SPECK_LEVELS = 96
"""A speck differs from its neighbours by more than so many grey levels."""
RIM = 0.015
"""Share of each side next to the edge of the page that is not searched for text."""
X_AXIS, Y_AXIS = (1, 0), (0, 1)


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one page; every one is a plain number so that it can be stored and queried."""

    brightness: float = 1.0
    """Median grey level, 0 black to 1 white."""
    contrast: float = 0.0
    """Median over the tiles of the spread from the 0.5th to the 98th percentile, 0 to 1 (full range)."""
    noise: float = 0.0
    """Standard deviation of uncorrelated noise in grey levels (0-127): the median absolute diagonal detail
    of a Haar wavelet / 0.6745 (Donoho and Johnstone 1994). Noise that black or white cut off shows as less."""
    edge_width_px: float = 0.0
    """Rise of the steepest edges: spread / gradient, in px; 1.5 to 2 is a crisp scan, a Gaussian blur of sigma s
    gives about 2.5 s (Marziliano et al. 2002 measure the same by tracing). 0 where there is no text."""
    shading: float = 0.0
    """Darkening of the paper under the text, from its 95th to its 5th percentile, 0 even to 1 black."""
    text_height_px: float = 0.0
    """Median height of glyphs and of words whose letters touch, px of the page; 0 where there is no text."""
    text_share: float = 0.0
    """Share of the page that is ink, 0 to 1."""
    skew_deg: float = 0.0
    """Slope of the text lines in degrees, -15 to 15, positive falls to the right; 0 where it cannot be told
    (see ingestd.reading.enhance.skew)."""
    binary: float = 0.0
    """Share of the tiles' pixels that are practically black or white, 0 to 1; a 1-bit scan has 1."""
    specks: float = 0.0
    """Share of the tiles' pixels that are much darker or much lighter than all eight neighbours, 0 to 1."""
    inverted: float = 0.0
    """1 where the page is light print on dark ground, else 0."""

    def as_mapping(self) -> dict[str, float]:
        """Return the measures by name, rounded to what they are good for."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def measure(grey: Grey) -> Quality:
    """Measure a page.

    Args:
        grey: uint8, HxW, at least 1x1.
    """
    overview = _overview(grey)
    brightness = levels(overview, 0.5) / 255
    inverted = brightness < 0.5 and _is_light_on_dark(overview)
    if inverted:
        overview = np.asarray(cv2.bitwise_not(overview), np.uint8)
    mask = _text_mask(overview)
    if not mask.any():
        return Quality(brightness=brightness, inverted=float(inverted))
    tiles = _text_tiles(grey, mask)
    if inverted:
        tiles = [np.asarray(cv2.bitwise_not(tile), np.uint8) for tile in tiles]
    contrast, edge_width = _print_sharpness(tiles)
    return Quality(
        brightness=brightness,
        contrast=contrast,
        noise=_noise(tiles),
        edge_width_px=edge_width,
        shading=_shading(overview, mask),
        text_height_px=_text_height(mask) * (max(grey.shape) / max(overview.shape)),
        text_share=float(mask.mean()) / 255,
        skew_deg=skew_angle(mask),
        binary=_binary_share(tiles),
        specks=_specks(tiles),
        inverted=float(inverted),
    )


def _overview(grey: Grey) -> Grey:
    """Reduce the page by a whole factor."""
    height, width = grey.shape
    return reduced_by(grey, min(max(height, width) // OVERVIEW_PX, height, width))


def _is_light_on_dark(overview: Grey) -> bool:
    """Tell whether the page deviates more to light than to dark from its surroundings."""
    small = reduced_by(overview, min(2, *overview.shape))
    surroundings = cv2.medianBlur(small, 31)
    light, dark = cv2.subtract(small, surroundings), cv2.subtract(surroundings, small)
    return bool(cv2.sumElems(light)[0] > 1.5 * cv2.sumElems(dark)[0])


def _text_mask(overview: Grey) -> NDArray[np.uint8]:
    """Mark with 255 where a thin dark stroke stands out from its surroundings, else 0.

    A stroke has to reach half the mean depth of all that rises above the noise: on a page of pure noise the
    median of the black-hat is about 2.7 sigma with a spread of 1 sigma, on print it is near zero. The rim is
    left out, where the edge of the sheet and the bed of the scanner look like strokes.
    """
    smooth = cv2.GaussianBlur(overview, (3, 3), 0)
    strokes = cv2.morphologyEx(smooth, cv2.MORPH_BLACKHAT, np.ones((STROKE_PX, STROKE_PX), np.uint8))
    depth = np.asarray(strokes, np.uint8)
    floor = max(2.0 * levels(depth, 0.5), 5.0)
    rim_y, rim_x = (round(RIM * side) for side in depth.shape)
    depth[:rim_y], depth[depth.shape[0] - rim_y :] = 0, 0
    depth[:, :rim_x], depth[:, depth.shape[1] - rim_x :] = 0, 0
    _, above = cv2.threshold(depth, floor, 255, cv2.THRESH_BINARY)
    _, mask = cv2.threshold(depth, max(floor, cv2.mean(depth, above)[0] / 2), 255, cv2.THRESH_BINARY)
    return np.asarray(cv2.medianBlur(mask, 3), np.uint8)


def _text_tiles(grey: Grey, mask: NDArray[np.uint8]) -> list[Grey]:
    """Cut out up to TILES tiles with the most ink, in full resolution, without copies.

    Tiles with less than a quarter of the richest one's ink say more about the paper than about the print.
    """
    height, width = grey.shape
    rows, columns = max(1, height // TILE_PX), max(1, width // TILE_PX)
    small = reduced_by(mask, min(4, *mask.shape))
    ink = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_AREA).ravel()
    richest = np.argsort(ink, kind="stable")[::-1][:TILES]
    best = [int(i) for i in richest if int(ink[i]) * 4 >= int(ink[richest[0]])]
    corners = [(i // columns * height // rows, i % columns * width // columns) for i in best]
    return [grey[top : top + TILE_PX, left : left + TILE_PX] for top, left in corners]


def _print_sharpness(tiles: list[Grey]) -> tuple[float, float]:
    """Return contrast (0-1) and edge width in px, the medians over the tiles."""
    spreads, widths = [], []
    for tile in tiles:
        spread = levels(tile, 0.98) - levels(tile, 0.005)
        steepest = levels(np.maximum(_slope(tile, X_AXIS), _slope(tile, Y_AXIS)), 0.995) / SLOPE_UNITS
        spreads.append(spread)
        if steepest > 0:
            widths.append(spread / steepest)
    return float(np.median(spreads)) / 255, float(np.median(widths)) if widths else 0.0


def _slope(tile: Grey, axis: tuple[int, int]) -> Grey:
    """Return the absolute gradient along an axis in 1/SLOPE_UNITS grey levels per px."""
    return np.asarray(cv2.convertScaleAbs(cv2.Sobel(tile, cv2.CV_16S, *axis), alpha=SLOPE_UNITS / SOBEL_GAIN), np.uint8)


def _noise(tiles: list[Grey]) -> float:
    details = [_diagonal_detail(tile) for tile in tiles]
    every = np.concatenate(details)
    return float(np.median(every)) / 0.6745 if every.size else 0.0


def _diagonal_detail(tile: Grey) -> NDArray[np.floating]:
    """Return the absolute diagonal coefficients of one level of the orthonormal Haar wavelet."""
    height, width = tile.shape[0] & ~1, tile.shape[1] & ~1
    values = tile[:height, :width].astype(np.float32)
    columns = values[:, ::2] - values[:, 1::2]
    return np.abs(columns[::2] - columns[1::2]).ravel() / np.float32(2)


def _shading(overview: Grey, mask: NDArray[np.uint8]) -> float:
    """Measure how far the paper darkens under the print; surroundings of the sheet do not count."""
    sheet = paper(overview)
    print_on_it = np.asarray(cv2.resize(mask, sheet.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    dark, light = (levels(sheet, share, print_on_it) for share in (0.05, 0.95))
    return 1 - dark / light if light else 0.0


def _text_height(mask: NDArray[np.uint8]) -> float:
    """Return the median height of the glyphs in px of the mask, whichever way the text runs; 0 without any."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    sides = np.array([cv2.boundingRect(outline)[2:] for outline in outlines]).reshape(-1, 2)
    longer, shorter = sides.max(axis=1), sides.min(axis=1)
    # what is much longer than wide is a word whose letters touch
    heights = np.where(longer < 1.5 * shorter, longer, shorter)
    text = (heights >= 4) & (longer <= max(mask.shape) / 4)
    # a word counts as often as it has letters, a fragment of a letter less than one
    return float(np.median(np.repeat(heights[text], longer[text]))) if text.any() else 0.0


def _binary_share(tiles: list[Grey]) -> float:
    values = np.concatenate([tile.ravel() for tile in tiles])
    return float(np.mean((values < 16) | (values >= 240)))


def _specks(tiles: list[Grey]) -> float:
    """Measure the share of pixels beyond the range of their neighbours."""
    beyond = [cv2.absdiff(tile, despeckle(tile).image) > SPECK_LEVELS for tile in tiles]
    return float(np.mean(np.concatenate([speck.ravel() for speck in beyond])))
