"""Make a page easier to read: measure it, choose steps, apply them; a clean page passes through untouched."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ingestd.config import EnhanceConfig
from ingestd.document import Page, Pixels, frozen
from ingestd.enhance.plan import plan
from ingestd.enhance.quality import measure
from ingestd.enhance.steps import STEPS, Image

__all__ = ["enhance"]


def enhance(page: Page, options: EnhanceConfig) -> Page:
    """Return the page with its quality measured and the chosen steps applied.

    Where no step is chosen the result holds the very same pixels. Steps that move pixels are composed into
    ``to_source``, so that what is found on the result maps back to the decoded page.
    """
    grey = np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    quality = measure(grey)
    planned = plan(quality, options)
    page = replace(page, quality=quality.as_mapping())
    if not planned:
        return page
    # the one conversion serves measuring and the step of that name, which leaves a grey image as it is
    image = grey if planned[0].step == "grey" else page.pixels
    to_source, dpi = page.to_source, page.dpi
    for name, strength in planned:
        image, moved = STEPS[name](image, strength)
        if moved is not None:
            to_source = to_source @ np.linalg.inv(moved)
            dpi *= float(np.sqrt(abs(np.linalg.det(moved[:2, :2]))))
    return replace(
        page,
        pixels=page.pixels if image is page.pixels else frozen(_as_bgr(image)),
        dpi=dpi,
        to_source=frozen(to_source),
        steps=(*page.steps, *(name for name, _ in planned)),
        skew_deg=page.skew_deg + sum(strength for name, strength in planned if name == "deskew"),
    )


def _as_bgr(image: Image) -> Pixels:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8) if image.ndim == 2 else image
