"""The product as it comes, for benchmarks that look inside it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from ingestd.app import build_pipeline, manifest_of, rules_of
from ingestd.config import Config, EnhanceConfig, InboxConfig
from ingestd.pipeline import Pipeline


@cache
def product(plan: Literal["auto", "fixed", "none"] = "auto") -> Pipeline:
    """A pipeline with its default settings but for the plan of enhancement, once a process."""
    config = Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),), enhance=EnhanceConfig(plan=plan))
    return build_pipeline(config, rules_of(config), manifest_of(config))
