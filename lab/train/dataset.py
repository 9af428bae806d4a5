"""Mixes drawn and real lines into batches of like width, without end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lab.corpus import fonts
from lab.train import degrade, real, render, text, written
from lab.train.charset import encode, frames_needed

Pixels = NDArray[np.uint8]

STRIDE = 8
"""Input px per time step of the recogniser."""
MAX_WIDTH_PX = 1000
"""Wider lines are left out of training, px."""
POOL = 256
"""Lines sorted by width before they are cut into batches."""
MAX_LINES = 48
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
    """A key of text.SHARES, ``real``, or ``written`` for handwriting."""
    severity: int


@dataclass(frozen=True)
class Batch:
    """Lines of like width."""

    pixels: NDArray[np.uint8]
    """(n, 48, width, 3) BGR, grey at the right."""
    classes: list[list[int]]


def readable(line: Line) -> bool:
    """Tell whether CTC has enough time steps for the text, and the line is not too wide."""
    width = line.pixels.shape[1]
    return bool(24 <= width <= MAX_WIDTH_PX and width // STRIDE >= frames_needed(line.text))


@dataclass(frozen=True)
class Mixture:
    """Shares of the kinds of lines that are trained on."""

    clean: float = 0.18
    """Share of drawn lines that are not degraded."""
    severities: tuple[float, float, float] = (0.24, 0.31, 0.27)
    real: float = 0.18
    """Share of real lines."""
    written: float = 0.0
    """Share of handwriting; needs strokes."""
    pen: float = 0.55
    """Share of handwriting that is written stroke by stroke; the rest comes from fonts."""
    as_the_world: float = 0.0
    """Share of degraded lines that forms, copies, phones and screens degrade as well."""
    uses: int = 1
    """Lines made of each drawn ink, all degraded differently."""


WRITTEN_SEVERITIES = (0.35, 0.35, 0.22, 0.08)
"""Shares of severities 0 to 3 of handwriting."""


class Sampler:
    """Draws lines.

    Args:
        folder: fonts and word list, as fetched.
        split: which families to draw with.
        mixture: shares.
        receipts: real lines, may be empty.
        seed: two samplers with one seed draw the same lines.
        strokes: for handwriting.
    """

    def __init__(
        self, folder: Path, split: fonts.Split, mixture: Mixture, receipts: Sequence[real.RealLine], seed: int,
        strokes: written.Strokes | None = None,
    ) -> None:  # fmt: skip
        faces = fonts.load(folder, split)
        self.faces = tuple(face for face in faces if face.han or not face.written)
        self.hands = tuple(replace(face, weight=1.0) for face in faces if face.written)
        self.strokes = strokes or {}
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
            line = self._seen(mask, said, drawn_kind, self._severity() if severity is None else severity)
            if readable(line):
                return line

    def _severity(self) -> int:
        return self.chance.choices(range(4), weights=(self.mixture.clean, *self.mixture.severities))[0]

    def _seen(self, mask: render.Ink, said: str, kind: str, severity: int) -> Line:
        """Ink as a scanner or camera sees it."""
        world = self.mixture.as_the_world > 0 and self.chance.random() < self.mixture.as_the_world
        pixels = degrade.degrade(mask, severity, self.noise, held_out=self.held_out, as_the_world=world)
        return Line(pixels, said, kind, severity)

    def _ink(self, *, by_hand: bool) -> tuple[render.Ink, str, str]:
        """Any text as ink, its text and its kind."""
        while True:
            if not by_hand:
                said, kind = text.draw(self.chance, self.lexicon)
                mask = render.draw(said, self.faces, self.chance)
            else:
                said, _ = text.draw(self.chance, self.lexicon, None, text.WRITTEN_SHARES)
                kind = "written"
                pen = self.chance.random() < self.mixture.pen and not said.isascii()
                mask = written.draw(said, self.strokes, self.chance, self.noise) if pen else None
                mask = render.draw(said, self.hands, self.chance) if mask is None else mask
            if mask is not None:
                return mask, said, kind

    def many(self) -> Iterator[Line]:
        """Lines without end, by the mixture's shares."""
        while True:
            chance = self.chance.random()
            if chance < self.mixture.real and self.receipts:
                yield self.receipt()
                continue
            by_hand = chance > 1 - self.mixture.written
            mask, said, kind = self._ink(by_hand=by_hand)
            for _ in range(self.mixture.uses):
                severity = self.chance.choices(range(4), WRITTEN_SEVERITIES)[0] if by_hand else self._severity()
                line = self._seen(mask, said, kind, severity)
                if readable(line):
                    yield line

    def receipt(self) -> Line:
        """Return a real line with new margins; very short texts come half as often."""
        while True:
            chosen = self.chance.choice(self.receipts)
            if len(chosen.text) < 3 and self.chance.random() < 0.5:
                continue
            line = Line(real.augment(chosen, self.noise), chosen.text, "real", 0)
            if readable(line):
                return line

    def batches(self, area: int) -> Iterator[Batch]:
        """Batches without end.

        Args:
            area: most px of width of all lines of a batch together.
        """
        lines = self.many()
        while True:
            pool = sorted(islice(lines, POOL), key=lambda line: line.pixels.shape[1])
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
        if group and ((len(group) + 1) * line.pixels.shape[1] > area or len(group) == MAX_LINES):
            yield group
            group = []
        group.append(line)
    yield group
