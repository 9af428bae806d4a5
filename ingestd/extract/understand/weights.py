"""Weights of evidence: a small readable file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

Table = dict[str, float]


class Weights(BaseModel):
    """Weights by section, in units of log-odds; see weights.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    link: Table
    role: dict[str, Table]
    amount: Table
    equation: Table
    probability: dict[str, Table] = {}


@cache
def load_weights() -> Weights:
    """Load the weights that ship beside this module."""
    path = Path(__file__).with_name("weights.yaml")
    return Weights.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
