"""The product as it comes and pages for it, for benchmarks that look inside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from ingestd.app import build_pipeline, manifest_of, rules_of
from ingestd.config import Config, EnhanceConfig, InboxConfig
from ingestd.document import Page, Pixels, frozen
from ingestd.pipeline import Pipeline
from lab.corpus.degrade import PAGE_DPI


@cache
def product(plan: Literal["auto", "fixed", "none"] = "auto") -> Pipeline:
    """A pipeline with its default settings but for the plan of enhancement, once a process."""
    config = Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),), enhance=EnhanceConfig(plan=plan))
    return build_pipeline(config, rules_of(config), manifest_of(config))


def page_of(pixels: Pixels) -> Page:
    """Pixels (uint8, HxWx3, BGR) as a freshly decoded page."""
    height, width = pixels.shape[:2]
    return Page(0, frozen(pixels), PAGE_DPI, (width, height), frozen(np.eye(3)))
