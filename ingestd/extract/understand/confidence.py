"""Calibrated probability that a value is right, from features of how it was found."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ingestd.extract.understand.weights import load_weights

MAX_UNSETTLED = 0.9
"""Highest probability of a date whose day and month may be the other way round: never enough without a person."""
MAX_MISSHAPEN = 0.5
"""Highest probability of a tax number that no number of its country looks like."""


def probability(name: str, features: Mapping[str, float]) -> float:
    """Chance, 0 to 1, that the value of a field is right.

    Args:
        name: of the field.
        features: of the finding, in the units that the weights were fitted on.
    """
    weights = load_weights().probability.get(name)
    if weights is None:
        return 0.5
    total = weights["bias"] + sum(weight * features.get(key, 0.0) for key, weight in weights.items() if key != "bias")
    chance = round(1 / (1 + math.exp(-max(-12.0, min(12.0, total)))), 4)
    if features.get("misshapen"):
        return min(chance, MAX_MISSHAPEN)
    return min(chance, MAX_UNSETTLED) if features.get("settled", 1.0) == 0.0 else chance
