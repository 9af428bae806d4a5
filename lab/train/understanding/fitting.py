"""Logistic regression with signs that are known, and figures of how well its probabilities are calibrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingestd.extract.understand.features import AGAINST
from lab.train.understanding.samples import Sample, Split

Floats = NDArray[np.float64]

SHARES: Mapping[Split, float] = {"tune": 1.0, "spoilt": 1.0, "drawn": 0.1, "damaged": 0.1, "report": 0.0}
"""Weight of a sample in the fit; documents of the report split have none."""
RIDGE = 0.1
"""Strength of the pull of every weight to zero, in samples."""
RULE_RIDGE = 0.5
"""The same for values that rules found, few of which are wrong."""
STEPS = 4000
PLACES = 3
"""Decimals of weights in the file."""
EDGES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 1.0)
"""Of the bins of the reliability diagram."""


def fit(samples: Sequence[Sample], ridge: float = RIDGE) -> dict[str, float]:
    """Fit the weights of one field.

    Args:
        samples: of one field, at least one right and one wrong among those that count.
        ridge: strength of the pull of every weight to zero, in samples.

    Returns:
        Feature -> weight, and ``bias``. Weights of features in AGAINST are at most 0, all others at least 0, so that
        better evidence never lowers a probability.
    """
    names = sorted({name for sample in samples for name in sample.features})
    given, right, shares = _arrays(samples, names)
    used = shares > 0
    given, right, shares = given[used], right[used], shares[used]
    scale = given.std(axis=0)
    names_kept = [name for name, spread in zip(names, scale, strict=True) if spread > 0]
    given, scale = given[:, scale > 0], scale[scale > 0]
    signs = np.array([-1.0 if name in AGAINST else 1.0 for name in names_kept])
    weights = _descend(given * signs / scale, right, shares, ridge)
    fitted = dict(zip(names_kept, (weights[:-1] * signs / scale).tolist(), strict=True))
    return {name: round(value, PLACES) for name, value in fitted.items() if round(value, PLACES)} | {
        "bias": round(float(weights[-1]), PLACES)
    }


def _arrays(samples: Sequence[Sample], names: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    given = np.array([[sample.features.get(name, 0.0) for name in names] for sample in samples])
    right = np.array([float(sample.right) for sample in samples])
    return given, right, np.array([SHARES[sample.split] for sample in samples])


def _descend(given: Floats, right: Floats, shares: Floats, ridge: float) -> Floats:
    """Return non-negative weights and a free bias (last) that maximise the likelihood, by accelerated descent."""
    columns = np.hstack([given, np.ones((len(given), 1))])
    rate = 4.0 / (np.linalg.norm(columns * np.sqrt(shares)[:, None], 2) ** 2 + ridge)
    weights = np.zeros(columns.shape[1])
    ahead, momentum = weights.copy(), 1.0
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-np.clip(columns @ ahead, -30, 30)))
        slope = columns.T @ (shares * (chance - right))
        slope[:-1] += ridge * ahead[:-1]
        moved = ahead - rate * slope
        moved[:-1] = np.maximum(moved[:-1], 0.0)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - weights)
        weights, momentum = moved, following
    return weights


def chance(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """Return the probability that weights give to features."""
    total = weights["bias"] + sum(weights.get(name, 0.0) * value for name, value in features.items())
    return float(1 / (1 + np.exp(-np.clip(total, -12, 12))))


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples whose probability lies between two edges."""

    low: float
    high: float
    count: int
    expected: float
    """Mean probability."""
    right: float
    """Share that is right."""


def bins(chances: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Group samples by their probability; empty groups are left out."""
    found = []
    for low, high in pairwise(EDGES):
        inside = [(p, y) for p, y in zip(chances, right, strict=True) if low <= p < high or p == high == 1.0]
        if inside:
            expected = sum(p for p, _ in inside) / len(inside)
            found.append(Bin(low, high, len(inside), expected, sum(y for _, y in inside) / len(inside)))
    return found


def calibration_error(found: Sequence[Bin]) -> float:
    """Return the mean distance between probability and share right, weighted by samples (ECE)."""
    count = sum(one.count for one in found)
    return sum(one.count * abs(one.expected - one.right) for one in found) / max(count, 1)
