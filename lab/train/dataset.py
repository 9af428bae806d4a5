"""Mixes drawn and real lines into batches of like width, without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.corpus import fonts
from lab.train import degrade, real, render, text
from lab.train.charset import encode, frames_needed

Pixels = NDArray[np.uint8]

STRIDE = 8
"""Input px per time step of the recogniser."""
WIDEST = 1000
"""Wider lines are left out of training, px."""
POOL = 256
"""Lines sorted by width before they are cut into batches."""
MOST_LINES = 48
"""In a batch."""
PADDING = 127
"""Grey that becomes zero."""


@dataclass(frozen=True)
class Line:
    """One training or evaluation line."""

    pixels: Pixels
    """uint8 BGR, 48 px high."""
    text: str
    kind: str
    """A key of text.SHARES, or ``real``."""
    severity: int


@dataclass(frozen=True)
class Batch:
    """Lines of like width."""

    pixels: NDArray[np.uint8]
    """(n, 48, width, 3) BGR, grey at the right."""
    classes: list[list[int]]


def readable(line: Line) -> bool:
    """Whether CTC has time steps enough for the text, and the line is not too wide."""
    width = line.pixels.shape[1]
    return bool(24 <= width <= WIDEST and width // STRIDE >= frames_needed(line.text))


@dataclass(frozen=True)
class Mixture:
    """What is trained on."""

    clean: float = 0.18
    """Share of drawn lines that are not degraded."""
    severities: tuple[float, float, float] = (0.24, 0.31, 0.27)
    real: float = 0.18
    """Share of real lines."""


class Sampler:
    """Draws lines.

    Args:
        folder: fonts and word list, as fetched.
        split: which families to draw with.
        mixture: shares.
        receipts: real lines, may be empty.
        seed: two samplers with one seed draw the same lines.
    """

    def __init__(
        self, folder: Path, split: fonts.Split, mixture: Mixture, receipts: Sequence[real.RealLine], seed: int
    ) -> None:
        self.faces = fonts.load(folder, split)
        self.lexicon = text.load_lexicon([folder / name for name in fonts.WORD_LISTS])
        self.mixture = mixture
        self.receipts = receipts
        self.held_out = split is fonts.Split.HELD_OUT
        self.chance = Random(seed)
        self.noise: Generator = np.random.default_rng(seed)

    def drawn(self, kind: str | None = None, severity: int | None = None) -> Line:
        """A rendered line; kind and severity by share where not given."""
        while True:
            said, drawn_kind = text.draw(self.chance, self.lexicon, kind)
            mask = render.draw(said, self.faces, self.chance)
            if mask is None:
                continue
            shares = (self.mixture.clean, *self.mixture.severities)
            level = self.chance.choices(range(4), weights=shares)[0] if severity is None else severity
            pixels = degrade.degrade(mask, level, self.noise, held_out=self.held_out)
            line = Line(pixels, said, drawn_kind, level)
            if readable(line):
                return line

    def receipt(self) -> Line:
        """A real line, cut anew; very short texts only half as often."""
        while True:
            chosen = self.chance.choice(self.receipts)
            if len(chosen.text) < 3 and self.chance.random() < 0.5:
                continue
            line = Line(real.augment(chosen, self.noise), chosen.text, "real", 0)
            if readable(line):
                return line

    def line(self) -> Line:
        """A line by the mixture's shares."""
        if self.receipts and self.chance.random() < self.mixture.real:
            return self.receipt()
        return self.drawn()

    def batches(self, area: int) -> Iterator[Batch]:
        """Batches without end.

        Args:
            area: most px of width of all lines of a batch together.
        """
        while True:
            pool = sorted((self.line() for _ in range(POOL)), key=lambda line: line.pixels.shape[1])
            groups = list(_groups(pool, area))
            self.chance.shuffle(groups)
            for group in groups:
                yield self._batch(group)

    def _batch(self, group: Sequence[Line]) -> Batch:
        width = -(-max(line.pixels.shape[1] for line in group) // 16) * 16
        if self.chance.random() < 0.25:  # as padded as short lines are when the product reads them
            width = max(width, 320)
        pixels = np.full((len(group), degrade.HEIGHT, width, 3), PADDING, np.uint8)
        for row, line in zip(pixels, group, strict=True):
            row[:, : line.pixels.shape[1]] = line.pixels
        return Batch(pixels, [encode(line.text) for line in group])


def _groups(pool: Sequence[Line], area: int) -> Iterator[list[Line]]:
    """Runs of a list sorted by width, each as long as its widest line allows."""
    group: list[Line] = []
    for line in pool:
        if group and ((len(group) + 1) * line.pixels.shape[1] > area or len(group) == MOST_LINES):
            yield group
            group = []
        group.append(line)
    yield group
