"""Fitting a step: from which value of a measure it earns most."""

from __future__ import annotations

import numpy as np
import pytest

from ingestd.reading.enhance import apply
from ingestd.reading.enhance.plan import Planned
from lab.bench.fit import Trial, best_threshold
from lab.bench.score import Score
from tests.support.print import as_page, printed


def trial(noise: float, gain: int) -> Trial:
    return Trial("page", "noise 2", "denoise", {"noise": noise}, Score(5, 10, 10), Score(5 + gain, 10, 10))


def test_threshold_is_where_the_gain_in_all_is_highest() -> None:
    trials = [trial(30, 2), trial(20, 1), trial(10, -1), trial(2, -3)]
    limit, gain = best_threshold(trials, "noise", 1)
    assert limit == 20
    assert gain == pytest.approx(0.3 / 4)
    assert best_threshold(trials, "noise", -1)[1] < 0


def test_steps_are_applied_one_after_another() -> None:
    page = as_page(printed())
    once = apply(page, [Planned("grey", 1.0), Planned("invert", 1.0)])
    assert once.steps == ("grey", "invert")
    np.testing.assert_array_equal(
        apply(once, [Planned("invert", 1.0)]).pixels, apply(page, [Planned("grey", 1)]).pixels
    )
    assert apply(page, []) is page
