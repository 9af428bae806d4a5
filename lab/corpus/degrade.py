"""Named ways to spoil a page, seeded and repeatable, to measure readers and enhancement with.

Every degradation takes a BGR page (uint8, HxWx3), a severity from 1 to 3 and a random generator, and returns a new BGR
page. Lengths are in pixels of pages scanned at about 150 dpi, which is what receipt corpora hold. Physics common with
training is in lab.corpus.effects, amounts are not.

Held out from training, which has no such effect or another form of it: ``defocus`` (a lens's disk; training blurs by
a Gaussian), ``uneven`` (the edge of a cast shadow), ``fax`` (Otsu's threshold and flipped bits), ``bleed-through`` (a
whole page, several lines deep), ``skew`` and ``turned`` (of a page), ``inverted`` with a shrunk range, and ``mixed``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from ingestd.document import Pixels
from lab.corpus import effects

Degradation = Callable[[Pixels, int, np.random.Generator], MatLike]

PAGE_DPI = 150
"""Resolution that an undegraded page counts as where a degradation is defined by one."""
FAX_DPI = 200


def _clipped(values: NDArray[np.float32]) -> Pixels:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


def defocus(pixels: Pixels, severity: int, _rng: np.random.Generator) -> MatLike:
    """Lens out of focus: a disk of radius 1.2, 1.8, 2.4 px."""
    radius = (1.2, 1.8, 2.4)[severity - 1]
    reach = math.ceil(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    disk = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return cv2.filter2D(pixels, -1, disk / disk.sum(), borderType=cv2.BORDER_REPLICATE)


def motion(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """Moved while exposed: a line of 4, 6, 8 px in a random direction."""
    return effects.moved(pixels, (4, 6, 8)[severity - 1], rng.uniform(0, math.pi))


def low_contrast(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """Faded print: the range from ink to paper shrinks to 0.35, 0.2, 0.12 of itself; noise sigma 1.5."""
    share = np.float32((0.35, 0.2, 0.12)[severity - 1])
    return _clipped(effects.with_noise(215 - (255 - pixels.astype(np.float32)) * share, 1.5, rng))


def uneven(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """Light falls off across the page and a soft shadow lies on it: darkest spot 0.5, 0.35, 0.22 of the light."""
    height, width = pixels.shape[:2]
    floor = (0.5, 0.35, 0.22)[severity - 1]
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = (x / width - 0.5) * math.cos(angle) + (y / height - 0.5) * math.sin(angle)
    fall = 0.5 + along / (abs(math.cos(angle)) + abs(math.sin(angle)))
    edge = 1 / (1 + np.exp(-(along - rng.uniform(-0.15, 0.15)) * 40))
    light = 1 - (1 - floor) * (0.5 * fall + 0.5 * edge)
    return _clipped(effects.with_noise(pixels * light[..., np.newaxis].astype(np.float32), 1.5, rng))


def noise(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """Sensor noise: Gaussian, sigma 20, 40, 60 grey levels."""
    return _clipped(effects.with_noise(pixels.astype(np.float32), (20, 40, 60)[severity - 1], rng))


def jpeg(pixels: Pixels, severity: int, _rng: np.random.Generator) -> MatLike:
    """Compressed too hard: JPEG quality 25, 15, 8."""
    return effects.compressed(pixels, (25, 15, 8)[severity - 1])


def fax(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """Sent by fax: 1 bit at 200 dpi; share of flipped pixels 0, 0.01, 0.03."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    grey = cv2.resize(grey, None, fx=FAX_DPI / PAGE_DPI, fy=FAX_DPI / PAGE_DPI, interpolation=cv2.INTER_LINEAR)
    _, bits = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    flipped = rng.random(bits.shape, dtype=np.float32) < (0, 0.01, 0.03)[severity - 1]
    return cv2.cvtColor(np.where(flipped, 255 - bits, bits), cv2.COLOR_GRAY2BGR)


def skew(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """Fed in crooked: turned by 2, 5, 10 degrees to a random side, on white."""
    angle = (2.0, 5.0, 10.0)[severity - 1] * rng.choice([-1, 1])
    return effects.turned(pixels, angle, (255, 255, 255))


def turned(pixels: Pixels, severity: int, _rng: np.random.Generator) -> MatLike:
    """Laid in the wrong way: 90, 180, 270 degrees clockwise."""
    turns = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return cv2.rotate(pixels, turns[severity - 1])


def bleed_through(pixels: Pixels, severity: int, _rng: np.random.Generator) -> MatLike:
    """The other side shines through: the page mirrored, blurred and shifted, at 0.2, 0.35, 0.5 of its ink."""
    share = np.float32((0.2, 0.35, 0.5)[severity - 1])
    back = effects.other_side(pixels, 1.2, (9, 5)).astype(np.float32)
    return _clipped(pixels * (1 - share * (1 - back / np.float32(255))))


def inverted(pixels: Pixels, severity: int, _rng: np.random.Generator) -> MatLike:
    """White on black: a film or a negative, its range shrunk to 1, 0.7, 0.4."""
    return _clipped((255 - pixels.astype(np.float32)) * np.float32((1, 0.7, 0.4)[severity - 1]))


def mixed(pixels: Pixels, severity: int, rng: np.random.Generator) -> MatLike:
    """A bad photo: out of focus, uneven light, faded, noisy (sigma 3, 5, 7), JPEG 40, turned by 1.5 degrees."""
    step = severity - 1
    blurred = cv2.GaussianBlur(pixels, (0, 0), (0.7, 1.0, 1.3)[step])
    faded = _clipped(200 - (255 - blurred.astype(np.float32)) * np.float32((0.6, 0.45, 0.35)[step]))
    page = _clipped(effects.with_noise(uneven(faded, severity, rng).astype(np.float32), (3, 5, 7)[step], rng))
    height, width = page.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 1.5 * rng.choice([-1, 1]), 1)
    return effects.compressed(cv2.warpAffine(page, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), 40)


DEGRADATIONS: dict[str, Degradation] = {
    "defocus": defocus,
    "motion": motion,
    "low-contrast": low_contrast,
    "uneven": uneven,
    "noise": noise,
    "jpeg": jpeg,
    "fax": fax,
    "skew": skew,
    "turned": turned,
    "bleed-through": bleed_through,
    "inverted": inverted,
    "mixed": mixed,
}


def degrade(pixels: Pixels, name: str, severity: int, seed: int) -> Pixels:
    """Return the page degraded; the same arguments always give the same pixels.

    Args:
        pixels: uint8, HxWx3, BGR; not changed.
        name: a key of DEGRADATIONS, or ``clean``, which returns the page as it is.
        severity: 1 (noticeable) to 3 (hard to read for a person).
        seed: different for every page of a corpus, else all get the same shadow.
    """
    if severity not in (1, 2, 3):
        raise ValueError(f"severity is 1, 2 or 3, not {severity}")
    if name == "clean":
        return pixels
    return np.asarray(DEGRADATIONS[name](pixels, severity, np.random.default_rng(seed)), np.uint8)
