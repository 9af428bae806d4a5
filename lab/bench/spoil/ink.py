"""Ink and paper as densities: faded thermal print, carbon copies, dot matrix beside a pale form, stamps.

A picture is light; its density is how much of the paper's light its ink takes, as a logarithm (Lambert and Beer).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.bench.spoil.light import Floats, Generator, smooth

_FLOOR = 0.004
"""Light that comes back from the blackest ink."""


def separated(light: Floats, size: float) -> tuple[Floats, Floats]:
    """Return the paper's light (H, W, 3) and the density of ink upon it (H, W).

    Args:
        light: the page.
        size: height of its letters in px.
    """
    reach = 2 * round(2 * size) + 1
    grey = light.mean(axis=2)
    bare = (grey > 0.86 * cv2.blur(grey, (reach, reach))).astype(np.float32)
    bare = cv2.erode(bare, np.ones((3, 3), np.uint8)) + np.float32(1e-4)
    weight = cv2.GaussianBlur(bare, (0, 0), 1.5 * size)
    paper = np.asarray(cv2.GaussianBlur(light * bare[..., None], (0, 0), 1.5 * size) / weight[..., None], np.float32)
    ratio = (light.mean(axis=2) + _FLOOR) / (paper.mean(axis=2) + _FLOOR)
    return paper, np.asarray(np.clip(-np.log(np.clip(ratio, _FLOOR, 1)), 0, None), np.float32)


def printed(paper: Floats, density: Floats, ink: tuple[float, float, float]) -> Floats:
    """Return the light of a page: paper with ink whose three factors (B, G, R) say what colours it takes most."""
    return np.asarray(paper * np.exp(-density[..., None] * np.array(ink, np.float32)), np.float32)


def thermal(light: Floats, size: float, left: float, rng: Generator) -> Floats:
    """Fade a receipt of a thermal printer: by columns, as its heating elements wear; old paper yellows.

    Args:
        light: the page.
        size: height of letters in px.
        left: share of the density that is left on average.
        rng: random numbers.
    """
    paper, density = separated(light, size)
    height, width = density.shape
    worn = 1 + 0.35 * smooth((1, width), 9, rng)[0] + 0.15 * smooth((1, width), width / 5, rng)[0]
    for _ in range(int(rng.integers(1, 5))):  # elements that are broken
        place = int(rng.integers(0, width))
        worn[place : place + max(1, round(size / 12))] *= 0.15
    stretch = 1 + 0.3 * smooth((height, 1), 6, rng)
    spots = np.clip(1 - 0.5 * np.clip(smooth((height, width), 7, rng) - 0.3, 0, 1), 0, 1)
    faded = np.minimum(density, 2.2) * left * np.clip(worn, 0, 1.3) * stretch * spots
    haze = 0.05 * np.clip(smooth((height, width), 4, rng), 0, 1)
    brown = rng.random() < 0.5
    aged = paper * np.array([0.78, 0.93, 0.97] if brown else [0.9, 0.93, 0.93], np.float32)
    return printed(aged, faded + haze, (1.1, 1.0, 0.75) if brown else (0.8, 1.0, 1.1))


def carbon(light: Floats, size: float, strength: float, rng: Generator) -> Floats:
    """Make the third sheet of a set: soft, uneven, smeared to one side, on coloured paper.

    Args:
        light: the page.
        size: height of letters in px.
        strength: 0 to 1.
        rng: random numbers.
    """
    paper, density = separated(light, size)
    density = np.minimum(density, 2.5)
    soft = cv2.GaussianBlur(density, (0, 0), size * (0.045 + 0.035 * strength))
    reach = max(2, round(size * (0.5 + 0.8 * strength)))
    tail = np.exp(-np.arange(reach) / (reach / 3.0)).astype(np.float32)
    kernel = np.zeros((1, 2 * reach + 1), np.float32)
    kernel[0, reach + 1 :] = tail / tail.sum()
    smear = cv2.filter2D(soft, -1, kernel[:, :: int(rng.choice([-1, 1]))])
    pressure = np.clip(0.65 + 0.4 * smooth(density.shape, 8, rng), 0.3, 1.2)
    fibres = np.clip(1 + 0.35 * rng.standard_normal(density.shape, np.float32), 0, 2)
    fibres = np.asarray(cv2.blur(fibres, (2, 2)), np.float32)
    rubbed = 0.1 * np.clip(smooth(density.shape, 12, rng), 0, 1) * strength
    ink = (0.6 - 0.25 * strength) * soft * pressure * fibres + 0.22 * smear * strength + rubbed
    sheets = ((0.78, 0.72, 0.97), (0.62, 0.93, 0.97), (0.95, 0.88, 0.78), (0.96, 0.96, 0.96))
    sheet = np.array(sheets[int(rng.integers(0, len(sheets)))], np.float32)
    colour = ((0.45, 1.0, 1.1), (0.9, 1.0, 1.0), (0.55, 1.15, 0.75))[int(rng.integers(0, 3))]
    return printed(paper * sheet, ink, colour)


def form(light: Floats, size: float, shift: float, rng: Generator) -> Floats:
    """Part the page into a pale printed form and the dots of a needle printer, whose sheet was not fed straight.

    Long strokes are the form's, and so is every other word, by lot.

    Args:
        light: the page.
        size: height of letters in px.
        shift: of the needles' print against the form, in heights of letters.
        rng: random numbers.
    """
    paper, density = separated(light, size)
    density = np.minimum(density, 2.5)
    ink = (density > 0.25).astype(np.uint8)
    words = cv2.dilate(ink, np.ones((max(1, round(0.3 * size)), max(1, round(0.9 * size))), np.uint8))
    _, labels, found, _ = cv2.connectedComponentsWithStats(words)
    typed = (rng.random(len(found)) < 0.55) & (found[:, 3] < 2.5 * size) & (found[:, 3] > 0.5 * size)
    typed[0] = False
    needles = np.where(typed[labels], density, 0).astype(np.float32)
    below = np.where(typed[labels], 0, density).astype(np.float32)
    moved = np.array([[1, rng.normal(0, 0.002), rng.uniform(-1, 1) * shift * size], [0, 1, 0]], np.float32)
    moved[1] = (rng.normal(0, 0.002), 1, rng.uniform(0.4, 1) * rng.choice([-1, 1]) * shift * size)
    needles = np.asarray(cv2.warpAffine(needles, moved, needles.shape[::-1]), np.float32)
    dots = _dots(needles, size, rng)
    colours = ((0.35, 0.75, 1.0), (1.0, 0.85, 0.35), (0.4, 1.0, 0.9), (0.75, 1.0, 0.6))
    pale = below * rng.uniform(0.2, 0.34)
    sheet = printed(paper, pale, colours[int(rng.integers(0, len(colours)))])
    worn = np.clip(0.95 + 0.3 * smooth(density.shape, 5, rng), 0.5, 1.2)
    return printed(sheet, dots * worn * rng.uniform(0.9, 1.6), (0.9, 1.0, 1.0))


def _dots(density: Floats, size: float, rng: Generator) -> Floats:
    """Strike the ink as dots: one at each place of a grid where there is ink, round, larger than the grid is wide."""
    pitch = max(1.0, size / 13)
    rows, columns = (round(side / pitch) for side in density.shape)
    struck = cv2.resize(density, (columns, rows), interpolation=cv2.INTER_AREA)
    hits = np.clip((struck - 0.25) * 2.5, 0, 1) * np.clip(1 + 0.15 * rng.standard_normal(struck.shape), 0, 1.4)
    fine = np.zeros((rows * 4, columns * 4), np.float32)
    fine[2::4, 2::4] = hits
    y, x = np.mgrid[-3:4, -3:4]
    dot = (np.hypot(x, y) <= 2.7).astype(np.float32)
    spread = np.clip(cv2.filter2D(fine, -1, dot), 0, 1)
    return np.asarray(cv2.resize(spread, density.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def stamped(light: Floats, size: float, rng: Generator) -> Floats:
    """Set three rubber stamps on the page, over what is printed: round ones with a star, framed ones with a date."""
    height, width = light.shape[:2]
    where = np.argwhere(separated(light, size)[1] > 0.7)
    paper = light
    for _ in range(3):
        mark = _round_stamp(size, rng) if rng.random() < 0.5 else _framed_stamp(size, rng)
        side = min(mark.shape[0], height, width)
        mark = np.asarray(cv2.resize(mark, (side, side), interpolation=cv2.INTER_AREA), np.float32)
        row, column = where[int(rng.integers(0, len(where)))] if len(where) else (height // 2, width // 2)
        top = int(np.clip(row - side // 2, 0, height - side))
        left = int(np.clip(column - side // 2, 0, width - side))
        texture = np.clip(0.8 + 0.5 * smooth((side, side), 18, rng), 0, 1.2)
        texture = texture * (rng.random((side, side), np.float32) > 0.08)
        ink = ((1.0, 1.0, 0.08), (0.15, 0.75, 1.0), (0.5, 1.0, 0.45))[int(rng.integers(0, 3))]
        window = np.s_[top : top + side, left : left + side]
        paper = paper.copy()
        paper[window] = printed(paper[window], mark * texture * rng.uniform(0.7, 1.5), ink)
    return paper


def _round_stamp(size: float, rng: Generator) -> Floats:
    """Return a round stamp (density 0 to 1): a ring, a star, letters around."""
    side = round(size * rng.uniform(9, 13))
    mask = np.zeros((480, 480), np.uint8)
    cv2.circle(mask, (240, 240), 225, (255,), 12, cv2.LINE_AA)
    points: NDArray[np.float64] = np.array(
        [(240 + r * math.sin(k * math.pi / 5), 240 - r * math.cos(k * math.pi / 5)) for k, r in enumerate([78, 30] * 5)]
    )
    cv2.fillPoly(mask, [points.astype(np.int32)], (255,), cv2.LINE_AA)
    for place, letter in enumerate("ACCOUNTS OFFICE CHECKED"):
        letter_mask = np.zeros_like(mask)
        cv2.putText(letter_mask, letter, (224, 88), cv2.FONT_HERSHEY_DUPLEX, 1.6, (255,), 4, cv2.LINE_AA)
        turn = cv2.getRotationMatrix2D((240, 240), 130 - place * 12, 1)
        mask = np.maximum(mask, np.asarray(cv2.warpAffine(letter_mask, turn, (480, 480)), np.uint8))
    turn = cv2.getRotationMatrix2D((240, 240), rng.uniform(-30, 30), 1)
    turned = cv2.warpAffine(mask, turn, (480, 480))
    return np.asarray(cv2.resize(turned, (side, side), interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)


def _framed_stamp(size: float, rng: Generator) -> Floats:
    """Return a framed stamp (density 0 to 1) with a word and a date, turned."""
    side = round(size * rng.uniform(9, 13))
    word = ("RECEIVED", "PAID", "COPY", "ENTERED")[int(rng.integers(0, 4))]
    mask = np.zeros((480, 480), np.uint8)
    cv2.rectangle(mask, (30, 150), (450, 330), (255,), 9, cv2.LINE_AA)
    scale = 2.6 * 8 / max(8, 1.2 * len(word)) / 1.25
    cv2.putText(mask, word, (60, 225), cv2.FONT_HERSHEY_DUPLEX, scale, (255,), 6, cv2.LINE_AA)
    day = f"{int(rng.integers(1, 29)):02d} {('JAN', 'MAY', 'SEP')[int(rng.integers(0, 3))]} {int(rng.integers(12, 20))}"
    cv2.putText(mask, day, (100, 300), cv2.FONT_HERSHEY_DUPLEX, 1.6, (255,), 4, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((240, 240), rng.uniform(-35, 35), 1)
    turned = cv2.warpAffine(mask, turn, (480, 480))
    return np.asarray(cv2.resize(turned, (side, side), interpolation=cv2.INTER_AREA), np.float32) / np.float32(255)
