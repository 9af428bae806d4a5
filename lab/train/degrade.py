"""Degradation of a line between the printer and the file, one named effect at a time.

Every effect has a unit, a chance and a range of amounts for each severity (1 mild, 2 clear, 3 heavy);
severity 0 is a clean scan. Effects on ink work on a float mask (1 is ink), effects on the picture on
float BGR (0 to 1). Lengths are fractions of the line's height unless the unit says px.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.train import effects_ink as ink
from lab.train import effects_picture as picture
from lab.train import effects_world as world

Array = NDArray[np.float32]
Apply = Callable[[Array, float, Generator], Array]
Span = tuple[float, float]

HEIGHT = 48
"""Height of the finished line, px."""


@dataclass(frozen=True)
class Effect:
    """One thing that goes wrong."""

    name: str
    unit: str
    apply: Apply
    chance: tuple[float, float, float]
    """Probability at severity 1, 2, 3."""
    spans: tuple[Span, Span, Span]
    """Least and greatest amount at severity 1, 2, 3."""

    def amount(self, severity: int, rng: Generator) -> float:
        """Draw how strong the effect is."""
        return float(rng.uniform(*self.spans[severity - 1]))


def _same(low: float, high: float) -> tuple[Span, Span, Span]:
    return (low, high), (low, high), (low, high)


INK = (
    Effect("stretch", "width factor", ink.stretch, (0.4, 0.5, 0.5), ((0.85, 1.15), (0.8, 1.2), (0.75, 1.25))),
    Effect("dot matrix", "dots per height", ink.dot_matrix, (0.05, 0.07, 0.07), ((24, 28), (20, 26), (18, 26))),
    Effect("thin strokes", "px", ink.thin, (0.05, 0.08, 0.10), _same(1, 1.99)),
    Effect("bleeding strokes", "px", ink.bleed, (0.08, 0.12, 0.18), ((1, 2), (1, 2.5), (1, 3))),
    Effect(
        "broken strokes",
        "share of area lost",
        ink.break_strokes,
        (0.15, 0.3, 0.4),
        ((0.08, 0.16), (0.1, 0.22), (0.1, 0.3)),
    ),
    Effect("print head gaps", "rows", ink.head_gaps, (0.03, 0.07, 0.12), ((1, 1), (1, 2), (1, 3))),
    Effect("uneven ink", "depth", ink.uneven_ink, (0.2, 0.25, 0.3), ((0.2, 0.4), (0.3, 0.6), (0.4, 0.7))),
    Effect("underline or frame", "height", ink.rules, (0.12, 0.18, 0.2), _same(0.02, 0.06)),
    Effect(
        "neighbouring line", "height", ink.neighbour, (0.08, 0.12, 0.15), ((0.03, 0.08), (0.04, 0.12), (0.05, 0.16))
    ),
    Effect("skew", "degrees", ink.skew, (0.4, 0.5, 0.6), ((-0.8, 0.8), (-1.2, 1.2), (-1.8, 1.8))),
    Effect("shear", "ratio", ink.shear, (0.3, 0.4, 0.5), ((-0.1, 0.1), (-0.18, 0.18), (-0.25, 0.25))),
    Effect(
        "perspective",
        "height lost at one end",
        ink.perspective,
        (0.08, 0.12, 0.15),
        ((0.03, 0.1), (0.05, 0.15), (0.05, 0.2)),
    ),
    Effect("wave", "height", ink.wave, (0.08, 0.12, 0.15), ((0.01, 0.03), (0.02, 0.04), (0.02, 0.06))),
)

PAPER = (
    Effect("texture", "depth", picture.texture, (0.2, 0.3, 0.4), ((0.02, 0.06), (0.03, 0.09), (0.03, 0.13))),
    Effect("guilloche", "depth", picture.guilloche, (0.1, 0.12, 0.12), ((0.02, 0.05), (0.03, 0.07), (0.04, 0.1))),
    Effect(
        "show-through", "depth", picture.show_through, (0.04, 0.06, 0.08), ((0.04, 0.1), (0.06, 0.15), (0.08, 0.22))
    ),
    Effect("seal", "opacity", picture.seal, (0.08, 0.12, 0.14), ((0.2, 0.5), (0.3, 0.7), (0.3, 0.85))),
    Effect("uneven light", "depth", picture.uneven_light, (0.3, 0.45, 0.5), ((0.1, 0.35), (0.1, 0.5), (0.1, 0.65))),
    Effect("shadow", "depth", picture.shadow, (0.06, 0.1, 0.15), ((0.1, 0.2), (0.1, 0.3), (0.15, 0.45))),
    Effect("dim light", "share kept", picture.dim, (0.4, 0.6, 0.7), ((0.85, 1.05), (0.7, 1.05), (0.55, 1.05))),
)

SENSOR = (
    Effect("low resolution", "line height in px", picture.resolution, (1, 1, 1), ((24, 46), (18, 34), (15, 26))),
    Effect("defocus", "sigma in px", picture.defocus, (0.5, 0.6, 0.6), ((0.2, 0.6), (0.3, 0.75), (0.3, 0.9))),
    Effect("motion", "px", picture.motion, (0.12, 0.2, 0.25), ((1.5, 3), (1.5, 5), (2, 9))),
    Effect("noise", "standard deviation", picture.noise, (0.5, 0.65, 0.7), ((0.005, 0.03), (0.01, 0.06), (0.02, 0.1))),
    Effect(
        "specks", "share of pixels", picture.specks, (0.05, 0.08, 0.12), ((0.002, 0.006), (0.002, 0.012), (0.004, 0.02))
    ),
    Effect("JPEG", "quality", picture.jpeg, (0.6, 0.7, 0.7), ((50, 92), (35, 90), (20, 85))),
    Effect("fax", "threshold", picture.fax, (0.05, 0.05, 0.03), _same(0.4, 0.6)),
    Effect("grey", "share", picture.grey, (0.4, 0.4, 0.4), _same(1, 1)),
    Effect("inverted", "share", picture.invert, (0.04, 0.04, 0.04), _same(1, 1)),
)

HELD_OUT = (
    Effect("halftone", "period in px", picture.halftone, (0.1, 0.15, 0.2), ((2.5, 4), (3, 5), (3, 6))),
    Effect("fold", "depth", picture.fold, (0.1, 0.2, 0.3), ((0.1, 0.25), (0.2, 0.4), (0.3, 0.6))),
)
"""Drawn for evaluation only: what training has never shown."""


WORLD_INK = (
    Effect("carbon copy", "sigma in px", world.carbon, (0.04, 0.07, 0.09), ((0.6, 1.2), (0.8, 1.8), (1, 2.4))),
)

WORLD_PAPER = (
    Effect("form", "depth", world.form, (0.2, 0.25, 0.3), ((0.1, 0.4), (0.2, 0.6), (0.3, 0.8))),
    Effect("seal's text", "opacity", world.chop, (0.06, 0.1, 0.12), ((0.2, 0.5), (0.3, 0.7), (0.4, 0.85))),
    Effect("fading", "share of contrast lost", world.fade, (0.06, 0.1, 0.12), ((0.2, 0.5), (0.3, 0.7), (0.4, 0.85))),
    Effect("creases", "depth", world.crease, (0.05, 0.09, 0.13), ((0.2, 0.5), (0.3, 0.7), (0.4, 1))),
    Effect("hand's shadow", "depth", world.hand_shadow, (0.08, 0.12, 0.15), ((0.1, 0.35), (0.2, 0.5), (0.3, 0.65))),
    Effect("glare", "brightness", world.glare, (0.04, 0.06, 0.08), ((0.1, 0.3), (0.2, 0.5), (0.3, 0.8))),
    Effect("exposure", "power", world.gamma, (0.2, 0.25, 0.3), ((0.7, 1.4), (0.5, 1.8), (0.4, 2.4))),
)

WORLD_SENSOR = (
    Effect("colours apart", "px", world.channels_apart, (0.08, 0.12, 0.15), ((0.3, 0.8), (0.5, 1.2), (0.5, 1.6))),
    Effect("screen", "depth", world.moire, (0.04, 0.06, 0.08), ((0.03, 0.1), (0.05, 0.15), (0.08, 0.25))),
    Effect(
        "colour noise",
        "standard deviation",
        world.colour_noise,
        (0.1, 0.15, 0.2),
        ((0.01, 0.03), (0.01, 0.05), (0.02, 0.08)),
    ),
    Effect("noise reduction", "tolerance", world.smoothed, (0.08, 0.14, 0.18), ((0.05, 0.12), (0.08, 0.2), (0.1, 0.3))),
    Effect("sharpening", "gain", world.sharpened, (0.15, 0.2, 0.25), ((0.3, 1), (0.5, 2), (0.8, 3))),
    Effect("scan filter", "share of grey", world.scan_filter, (0.03, 0.05, 0.05), _same(0.03, 0.12)),
    Effect("fax lines", "rows per height", world.fax_lines, (0.05, 0.09, 0.09), ((20, 30), (16, 26), (13, 22))),
)
"""Drawn for training only, besides the others, so that evaluation sets stay as they are."""


def apply(effects: Sequence[Effect], array: Array, severity: int, rng: Generator) -> Array:
    """Let each effect happen by its chance at this severity, in order; nothing happens at severity 0."""
    for effect in effects:
        if severity and rng.random() < effect.chance[severity - 1]:
            array = effect.apply(array, effect.amount(severity, rng), rng)
    return array


def _contrast(severity: int, rng: Generator) -> float:
    """Share of the distance between ink and paper that is left."""
    if not severity or rng.random() < 0.5:
        return 1.0
    return float(rng.uniform(0.8 - 0.18 * severity, 0.95))


def compose(mask: Array, contrast: float, rng: Generator) -> Array:
    """Print ink on paper: float32 BGR, at least a fifth of the range between the two.

    Args:
        mask: ink, 0 to 1.
        contrast: share of the drawn distance between ink and paper that is left.
        rng: source of chance.
    """
    paper = np.full(3, rng.uniform(0.75, 1), np.float32)
    if rng.random() < 0.5:  # yellowed, or a coloured copy of a set
        paper = paper * np.array([rng.uniform(0.85, 1), rng.uniform(0.92, 1), 1])
    if rng.random() < 0.65:
        colour = np.full(3, rng.uniform(0, 0.35))
    else:
        colour = np.array([rng.uniform(0, 0.65), rng.uniform(0, 0.4), rng.uniform(0, 0.6)])
    colour = paper + (colour - paper) * contrast
    distance = float(np.abs(paper - colour).mean())
    if distance < 0.2:
        colour = np.clip(paper - (paper - colour + 1e-3) * 0.2 / (distance + 1e-3), 0, 1)
    ink = (colour - paper).astype(np.float32)
    # Planes, then merged: many times faster than arithmetic along a last axis of three.
    return np.asarray(cv2.merge([mask * ink[channel] + np.float32(paper[channel]) for channel in range(3)]))


def degrade(
    mask: Array, severity: int, rng: Generator, *, held_out: bool = False, as_the_world: bool = False
) -> NDArray[np.uint8]:
    """Make a scan or photograph of a drawn line.

    Args:
        mask: ink as drawn, cut to the strokes.
        severity: 0 (clean) to 3 (heavy).
        rng: source of chance.
        held_out: add the effects reserved for evaluation.
        as_the_world: add the effects of forms, copies, phones and screens.

    Returns:
        uint8 BGR, 48 px high, with a margin as detectors leave it.
    """
    mask = ink.margins(mask, rng)
    mask = apply(INK + WORLD_INK if as_the_world else INK, mask, severity, rng)
    image = compose(mask, _contrast(severity, rng), rng)
    image = apply(PAPER + WORLD_PAPER if as_the_world else PAPER, image, severity, rng)
    if held_out:
        image = apply(HELD_OUT, image, severity, rng)
    image = apply(SENSOR, image, severity, rng)
    if as_the_world:
        image = apply(WORLD_SENSOR, image, severity, rng)
    return finish(image, rng)


def finish(image: Array, rng: Generator) -> NDArray[np.uint8]:
    """Scale to the height the recogniser reads, as its caller would."""
    height, width = image.shape[:2]
    how = cv2.INTER_LINEAR if rng.random() < 0.6 else cv2.INTER_CUBIC
    scaled = cv2.resize(image, (max(16, round(width * HEIGHT / height)), HEIGHT), interpolation=how)
    return np.asarray(np.rint(scaled.clip(0, 1) * 255), np.uint8)
