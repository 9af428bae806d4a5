"""A page as a list of shapes in millimetres, before it becomes pixels or PDF.

The origin is the top left corner, y grows downward. Text sits on its baseline. Every shape belongs to an
ink: the form, what a printer put on it, a stamp. Inks are laid over each other in the order of the sheet's
``inks``, each with its own colour, wear and misregistration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Anchor = Literal["left", "middle", "right"]
Wear = Literal["none", "needles", "stamp", "thermal"]
Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Look of one layer of a sheet."""

    colour: Colour
    wear: Wear = "none"
    shift: tuple[float, float] = (0.0, 0.0)
    """Millimetres to the right and down by which the layer missed its place."""
    turn: float = 0.0
    """Degrees clockwise about the middle of the sheet."""


@dataclass(frozen=True, slots=True)
class Text:
    """One run of characters."""

    ink: str
    x: float
    y: float
    text: str
    face: str
    size: float
    """Height of the em in mm."""
    anchor: Anchor = "left"
    spread: float = 0.0
    """Width over which the characters are spaced out, 0 for their natural distance."""
    fit: float = 0.0
    """Widest it may be; longer text is condensed to it. 0: any width."""
    upright_column: bool = False
    """Characters below each other; ``y`` is then the baseline of the first, ``spread`` the height."""


@dataclass(frozen=True, slots=True)
class Arc:
    """Characters along the upper or lower part of an ellipse, as in a seal; never a line of text."""

    ink: str
    centre: tuple[float, float]
    radii: tuple[float, float]
    text: str
    face: str
    size: float
    start: float
    end: float
    """Degrees clockwise from the top of the first and last character's middle."""
    feet_out: bool = False
    """Characters stand with their feet outward, as along the lower edge."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line."""

    ink: str
    start: tuple[float, float]
    end: tuple[float, float]
    width: float


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse; filled when ``width`` is 0."""

    ink: str
    centre: tuple[float, float]
    radii: tuple[float, float]
    width: float


@dataclass(frozen=True, slots=True)
class Modules:
    """A QR code: a square of dark (True) and light modules."""

    ink: str
    x: float
    y: float
    size: float
    dark: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fill:
    """A filled rectangle."""

    ink: str
    left: float
    top: float
    right: float
    bottom: float


Shape = Text | Arc | Stroke | Ellipse | Modules | Fill


@dataclass(slots=True)
class Sheet:
    """A page being composed."""

    width: float
    height: float
    inks: Mapping[str, Ink]
    paper: Colour = (255, 255, 255)
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Put shapes on the sheet."""
        self.shapes.extend(shapes)

    def line(self, ink: str, x0: float, y0: float, x1: float, y1: float, width: float = 0.25) -> None:
        """Draw a straight line."""
        self.shapes.append(Stroke(ink, (x0, y0), (x1, y1), width))

    def box(self, ink: str, left: float, top: float, right: float, bottom: float, width: float = 0.25) -> None:
        """Draw the four sides of a rectangle."""
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
            self.shapes.append(Stroke(ink, start, end, width))

    def rules(self, ink: str, xs: Sequence[float], top: float, bottom: float, width: float = 0.25) -> None:
        """Draw vertical lines."""
        for x in xs:
            self.line(ink, x, top, x, bottom, width)
