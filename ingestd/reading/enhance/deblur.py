"""Blur taken back: the blur of a page is found by trying, and the recogniser tells which try reads best.

A camera that moved while it exposed draws every point as a short line, a lens out of focus as a spot. What that leaves
of each spatial frequency is known once length and direction are, and can be amplified again as far as noise allows
(Wiener 1949). A few lines of the page are enough to find them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ingestd.document import Page, Pixels, frozen
from ingestd.layout.geometry import Quads, sizes
from ingestd.reading.crop import MeanCharConfidence
from ingestd.reading.enhance.image import Grey, Image, grey

Planes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits of the search. Lengths are shares of the height of the page's lines."""

    sharp: float = 0.96
    """Lines read with this mean confidence need nothing."""
    lines: int = 8
    """Lines that are read at each try."""
    min_lines: int = 2
    """With fewer lines nothing is tried: chance would decide."""
    wide: float = 2.5
    """Lines at least this many times as wide as high are asked."""
    widest: float = 10.0
    """Of a longer line, so many heights are enough."""
    tallest: float = 100.0
    """Median height of lines (px) above which nothing is tried: such print is legible blurred, and a correction that
    wide costs memory by the square."""
    directions: int = 8
    """Directions that are tried first."""
    length: float = 0.3
    """Movement that is tried in each direction; one that is too long reads worse than one that is too short."""
    spots: tuple[float, ...] = (0.05, 0.09)
    """Standard deviations of spots that are tried first."""
    hopeless: float = 0.1
    """Mean confidence that the best of the first tries may lose, else the search ends."""
    best_directions: int = 3
    """Directions that are tried with other lengths."""
    other_lengths: tuple[float, ...] = (0.2, 0.45)
    rounds: int = 3
    """Times that the search goes on around the best try, each time closer."""
    gain: float = 0.02
    """Mean confidence that is gained at least, else the page stays as it is."""
    reach: float = 4.0
    """The correction of a pixel looks this many lengths of the blur in each direction."""


LIMITS = Thresholds()
TURN = math.pi / LIMITS.directions
"""Between directions that are tried first, in radians."""
NOISE = 0.02
"""Power of the noise beside that of the print: more takes back less blur, and amplifies less grain."""


class Blur(NamedTuple):
    """Smear of every point of a page; lengths in px."""

    length: float
    """Of the movement; 0: none."""
    direction: float
    """Of the movement in radians, clockwise from the right."""
    sigma: float
    """Standard deviation of the spot; 0: none."""

    def left(self, across: Planes, down: Planes) -> Planes:
        """Return what is left of each frequency (cycles per px), -0.22 to 1."""
        along = across * math.cos(self.direction) + down * math.sin(self.direction)
        spot = np.exp(-2 * (math.pi * self.sigma) ** 2 * (across**2 + down**2))
        return np.asarray(np.sinc(self.length * along) * spot, np.float32)


def deblurred(page: Page, quads: Quads, confidence: MeanCharConfidence) -> Page:
    """Take back the blur of a page where its lines read better without.

    Args:
        page: the page that was searched, upright.
        quads: lines found on it, float32 (N, 4, 2), page pixels, clockwise from the top left.
        confidence: tells how well lines can be read.

    Returns:
        The page, with ``deblur`` among its steps where its pixels changed; its lines have to be detected again then.
    """
    blur = find_blur(page, quads, confidence)
    if blur is None:
        return page
    measured = {"motion_px": round(blur.length, 1), "motion_deg": round(math.degrees(blur.direction) % 180, 1)}
    spot = {"spot_px": round(blur.sigma, 2)}
    return replace(
        page,
        pixels=frozen(without(page.pixels, blur)),
        quality={**page.quality, **(measured if blur.length else spot)},
        steps=(*page.steps, "deblur"),
    )


def without(pixels: Image, blur: Blur) -> Image:
    """Return a picture without a blur: uint8, of the shape of the one given."""
    reach = math.ceil(LIMITS.reach * max(blur.length, 4 * blur.sigma, 1.0))
    size = 4 * reach  # the correction must not come round to its own other side
    left = blur.left(np.fft.rfftfreq(size).astype(np.float32)[None], np.fft.fftfreq(size).astype(np.float32)[:, None])
    whole = np.fft.fftshift(np.fft.irfft2(left / (left**2 + NOISE), s=(size, size)))
    middle = size // 2
    kernel = whole[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
    kernel = (kernel / kernel.sum()).astype(np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.uint8)


def find_blur(page: Page, quads: Quads, confidence: MeanCharConfidence) -> Blur | None:
    """Find the blur of a page; None where its lines read well, or no try reads clearly better."""
    sample = _sample(page, quads)
    if sample is None:
        return None
    brightness, lines, height = sample

    def read(blur: Blur | None) -> float:
        sharper = brightness if blur is None else without(brightness, blur)
        tried = np.asarray(cv2.cvtColor(sharper, cv2.COLOR_GRAY2BGR), np.uint8)
        return float(np.mean(confidence(replace(page, pixels=tried), lines)))

    plain = read(None)
    if plain >= LIMITS.sharp:
        return None
    tried = sorted(((read(blur), blur) for blur in _first_tries(height)), reverse=True)
    if tried[0][0] < plain - LIMITS.hopeless:
        return None
    best, blur = max(tried[0], *((read(blur), blur) for blur in _other_lengths([blur for _, blur in tried], height)))
    if best < plain:
        return None
    for closer in range(LIMITS.rounds):
        best, blur = max((best, blur), *((read(other), other) for other in _near(blur, 0.5**closer)))
    return blur if best >= plain + LIMITS.gain else None


def _first_tries(height: float) -> Iterator[Blur]:
    """Yield a movement in each direction, and spots; ``height`` is that of lines, px."""
    for turn in range(LIMITS.directions):
        yield Blur(LIMITS.length * height, turn * TURN, 0.0)
    for share in LIMITS.spots:
        yield Blur(0.0, 0.0, share * height)


def _other_lengths(tried: Sequence[Blur], height: float) -> Iterator[Blur]:
    """Yield movements in the best directions, with other lengths; ``tried`` begins with what reads best."""
    for blur in [blur for blur in tried if blur.length][: LIMITS.best_directions]:
        for share in LIMITS.other_lengths:
            yield Blur(share * height, blur.direction, 0.0)


def _near(blur: Blur, step: float) -> Iterator[Blur]:
    """Yield blurs beside one: at step 1 half a TURN away, and three tenths longer and shorter."""
    for factor in (1 + 0.3 * step, 1 / (1 + 0.3 * step)):
        yield Blur(blur.length * factor, blur.direction, blur.sigma * factor)
    if blur.length:
        for turn in (step * TURN / 2, -step * TURN / 2):
            yield blur._replace(direction=blur.direction + turn)


def _sample(page: Page, quads: Quads) -> tuple[Grey, Quads, float] | None:
    """Put a few lines below each other in a small picture, with what is around them.

    Returns:
        The picture, its lines, and the median height of the page's lines in px; None where there are too few.
    """
    if not len(quads):
        return None
    width, height = sizes(quads).T
    usual = float(np.median(np.minimum(width, height)))
    fit = np.flatnonzero((width > LIMITS.wide * height) & (height > 0.6 * usual) & (height < 1.6 * usual))
    if len(fit) < LIMITS.min_lines or usual > LIMITS.tallest:
        return None
    fit = fit[np.argsort(-np.minimum(width[fit], LIMITS.widest * height[fit]), kind="stable")][: 3 * LIMITS.lines]
    asked = fit[np.linspace(0, len(fit) - 1, min(LIMITS.lines, len(fit))).astype(int)]
    share = np.minimum(1, LIMITS.widest * height[asked] / width[asked])[:, None]
    cut = quads[asked].copy()
    cut[:, 1] = cut[:, 0] + (cut[:, 1] - cut[:, 0]) * share
    cut[:, 2] = cut[:, 3] + (cut[:, 2] - cut[:, 3]) * share
    margin = math.ceil(usual)
    low, high = np.floor(cut.min(axis=1)).astype(int) - margin, np.ceil(cut.max(axis=1)).astype(int) + margin
    across = int((high - low)[:, 0].max())
    strips, top = [], 0
    for line, (left, upper), (_, lower) in zip(cut, low.tolist(), high.tolist(), strict=True):
        strips.append(_window(page.pixels, left, upper, across, lower - upper))
        line -= (left, upper - top)
        top += lower - upper
    return grey(np.concatenate(strips)).image, cut, usual


def _window(pixels: Pixels, left: int, top: int, width: int, height: int) -> Pixels:
    """Cut a window out of a page; outside, the page's edge goes on."""
    rows = np.clip(np.arange(top, top + height), 0, pixels.shape[0] - 1)
    columns = np.clip(np.arange(left, left + width), 0, pixels.shape[1] - 1)
    return np.asarray(pixels[rows[:, None], columns], np.uint8)
