"""Choice of steps for a page and their strengths: a short list of rules over its measured quality.

Recognisers trained on photographs read a clean page best as it is, so a step is taken only where a defect is
measured that it is known to mend (docs/enhancement.md).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ingestd.config import EnhanceConfig
from ingestd.reading.enhance.image import Grey
from ingestd.reading.enhance.quality import Quality
from ingestd.reading.enhance.scan_border import find_border
from ingestd.reading.enhance.sheet_boundary import find_sheet
from ingestd.reading.enhance.steps import ON_GREY

MIN_TEXT = 0.001
"""A page with a smaller share of ink is taken for blank: nothing there is worth mending."""
MIN_BORDER = 0.15
"""A dark border that covers less of the page stays: the reader does not mind it, and without it print hardly grows."""
GLYPH_PX = (12.0, 48.0)
"""Text height that needs no scaling."""
MAX_ENLARGEMENT = 2.0


class Planned(NamedTuple):
    """A step and its strength in the unit that the step documents."""

    step: str
    strength: float


class StepRule(NamedTuple):
    """One line of the adaptive plan."""

    step: str
    applies: Callable[[Quality], bool]
    because: str
    """The condition in words, as the manual states it."""


CRISP_PX = 3.5
"""Print with narrower edges is not blurred; blurred print loses more by a change of levels than it gains."""
FAINT = 0.25
"""Contrast below this is low."""

RULES = (
    StepRule("invert", lambda q: q.inverted == 1 and q.contrast < FAINT, "inverted is 1 and contrast below 0.25"),
    StepRule("despeckle", lambda q: q.binary > 0.98 and q.specks > 0.002, "binary above 0.98 and specks above 0.002"),
    StepRule(
        "flatten",
        lambda q: q.shading > 0.3 and q.edge_width_px < CRISP_PX and not q.inverted,
        "shading above 0.3, edges narrower than 3.5 px, not inverted",
    ),
    StepRule(
        "stretch",
        lambda q: q.contrast < FAINT and q.edge_width_px < CRISP_PX,
        "contrast below 0.25, edges narrower than 3.5 px",
    ),
    StepRule("deskew", lambda q: abs(q.skew_deg) >= 1.0, "skew of 1 degree or more"),
)
"""In the order in which the steps are applied."""


def _rescale(quality: Quality) -> float:
    """Return the factor that brings the text height into GLYPH_PX."""
    if not quality.text_height_px:
        return 1.0
    low, high = (wanted / quality.text_height_px for wanted in GLYPH_PX)
    return min(MAX_ENLARGEMENT, max(1.0, low), high)


STRENGTHS: dict[str, Callable[[Quality], float]] = {
    "clahe": lambda _: 2.0,
    "rescale": _rescale,
    "stretch": lambda _: 8.0,
    "denoise": lambda q: q.noise,
    "bleed_through": lambda _: 0.3,
    "deskew": lambda q: q.skew_deg,
}
"""Strength by step; 1.0 for every other."""


def plan_surroundings(brightness: Grey, options: EnhanceConfig) -> tuple[Planned, ...]:
    """Choose what to take away around a page, before it is measured.

    Args:
        brightness: the page, grey.
        options: ``plan: auto`` looks for a sheet and, where there is none, for a dark border; other plans do not.
    """
    if options.plan != "auto" or not options.cut_out:
        return ()
    if find_sheet(brightness) is not None:
        return (Planned("sheet_boundary", 1.0),)
    found = find_border(brightness)
    return (Planned("border", 1.0),) if found is not None and found.share >= MIN_BORDER else ()


def plan_steps(quality: Quality, options: EnhanceConfig) -> tuple[Planned, ...]:
    """Choose the steps for a page.

    Args:
        quality: the page's measures.
        options: ``plan: auto`` asks the rules, ``fixed`` takes the configured steps, ``none`` takes nothing;
            without ``deskew`` the page is never turned.

    Returns:
        Steps in order, led by ``grey`` where one needs a grey image and none is made before it.
    """
    names: tuple[str, ...] = ()
    if options.plan == "auto" and quality.text_share >= MIN_TEXT:
        names = tuple(rule.step for rule in RULES if rule.applies(quality))
    elif options.plan == "fixed":
        names = options.steps
    if not options.deskew:
        names = tuple(name for name in names if name != "deskew")
    first = next((place for place, name in enumerate(names) if name in ON_GREY), None)
    if first is not None and "grey" not in names[:first]:
        names = ("grey", *names)
    return tuple(Planned(name, STRENGTHS[name](quality) if name in STRENGTHS else 1.0) for name in names)
