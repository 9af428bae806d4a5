"""Make a page easier to read: measure it, choose steps, apply them; a clean page passes through untouched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ingestd.config import EnhanceConfig
from ingestd.document import Matrix, Page, Pixels, frozen
from ingestd.reading.enhance.image import Grey, Image, grey
from ingestd.reading.enhance.plan import Planned, plan_steps, plan_surroundings
from ingestd.reading.enhance.quality import measure
from ingestd.reading.enhance.steps import STEPS

__all__ = ["apply", "enhance", "without_specks"]

SPECKLED = 0.01
"""Share of specks above which a detector takes them for print, or overlooks print among them."""


def enhance(page: Page, options: EnhanceConfig) -> Page:
    """Return the page with its quality measured and the chosen steps applied.

    What surrounds a sheet goes first, so that measures are those of the sheet. Where no step is chosen the result
    holds the very same pixels. Steps that move pixels are composed into ``to_source``, so that what is found on the
    result maps back to the decoded page.
    """
    brightness = grey(page.pixels).image
    surroundings = plan_surroundings(brightness, options)
    if surroundings:
        page = apply(page, surroundings)
        brightness = grey(page.pixels).image
    quality = measure(brightness)
    return apply(replace(page, quality=quality.as_mapping()), plan_steps(quality, options), brightness)


def apply(page: Page, planned: Sequence[Planned], brightness: Grey | None = None) -> Page:
    """Return the page with these steps applied in order.

    Args:
        page: the page.
        planned: the steps.
        brightness: its grey image, where it has been made already.
    """
    if not planned:
        return page
    # the one conversion serves measuring and the step of that name, which leaves a grey image as it is
    image = page.pixels if brightness is None or planned[0].step != "grey" else brightness
    to_source, dpi = page.to_source, page.dpi
    for name, strength in planned:
        image, moved = STEPS[name](image, strength)
        if moved is not None:
            back = np.asarray(np.linalg.inv(moved), np.float64)
            to_source, dpi = to_source @ back, dpi / _scale(back, image)
    return replace(
        page,
        pixels=page.pixels if image is page.pixels else frozen(_as_bgr(image)),
        dpi=dpi,
        to_source=frozen(to_source),
        steps=(*page.steps, *(name for name, _ in planned)),
        skew_deg=page.skew_deg + sum(strength for name, strength in planned if name == "deskew"),
    )


def without_specks(page: Page) -> Page:
    """Return a page as lines are looked for on it: a bad fax without its specks, whatever that does to thin strokes.

    Lines are read on the page as it is, because strokes count there.
    """
    if page.quality.get("specks", 0.0) <= SPECKLED:
        return page
    return replace(page, pixels=frozen(np.asarray(cv2.medianBlur(page.pixels, 3), np.uint8)))


def _scale(matrix: Matrix, image: Image) -> float:
    """Return the enlargement by a homography at the middle of the image: root of the Jacobian."""
    height, width = image.shape[:2]
    weight = matrix[2] @ ((width - 1) / 2, (height - 1) / 2, 1.0)
    return float(np.sqrt(abs(np.linalg.det(matrix) / weight**3)))


def _as_bgr(image: Image) -> Pixels:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8) if image.ndim == 2 else image
