"""Degradations: every effect keeps its promises about shape, type and range, and happens as often as it says."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.train import degrade, effects_ink, effects_picture

ON_INK = (*degrade.INK, *degrade.WORLD_INK)
ON_PICTURE = (
    *degrade.PAPER, *degrade.WORLD_PAPER, *degrade.SENSOR, *degrade.WORLD_SENSOR, *degrade.HELD_OUT,
)  # fmt: skip
SEVERITIES = (1, 2, 3)


@pytest.fixture
def mask() -> NDArray[np.float32]:
    """Bars as high as strokes, 40 x 200."""
    drawn = np.zeros((40, 200), np.float32)
    drawn[8:32, 10:190:12] = 1
    drawn[8:32, 11:190:12] = 1
    drawn[18:21, 10:190] = 1
    return drawn


def name_of(effect: degrade.Effect) -> str:
    return effect.name


@pytest.mark.parametrize("effect", ON_INK, ids=name_of)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_ink_stays_ink(effect: degrade.Effect, severity: int, mask: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(severity)
    before = mask.copy()
    after = effect.apply(mask, effect.amount(severity, rng), rng)
    assert after.dtype == np.float32
    assert after.ndim == 2
    assert -0.01 <= after.min() <= after.max() <= 1.01
    assert after.max() > 0.2
    np.testing.assert_array_equal(mask, before)


@pytest.mark.parametrize("effect", ON_PICTURE, ids=name_of)
@pytest.mark.parametrize("severity", SEVERITIES)
def test_pictures_stay_pictures(effect: degrade.Effect, severity: int, mask: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(severity)
    image = degrade.compose(mask, 1.0, rng)
    before = image.copy()
    after = effect.apply(image, effect.amount(severity, rng), rng)
    assert after.dtype == np.float32
    assert after.shape[2] == 3
    assert np.isfinite(after).all()
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("effect", (*ON_INK, *ON_PICTURE), ids=name_of)
def test_amounts_stay_in_the_span_and_chances_are_probabilities(effect: degrade.Effect) -> None:
    rng = np.random.default_rng(0)
    for severity in SEVERITIES:
        low, high = effect.spans[severity - 1]
        assert low <= effect.amount(severity, rng) <= high
        assert 0 < effect.chance[severity - 1] <= 1


def test_effect_names_are_unique() -> None:
    names = [effect.name for effect in (*ON_INK, *ON_PICTURE)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("severity", (0, *SEVERITIES))
def test_lines_come_out_48_px_high(severity: int, mask: NDArray[np.float32]) -> None:
    line = degrade.degrade(mask, severity, np.random.default_rng(severity), held_out=True)
    assert line.dtype == np.uint8
    assert line.shape[0] == degrade.HEIGHT
    assert line.shape[2] == 3
    assert line.shape[1] > line.shape[0]


def test_world_effects_change_the_line(mask: NDArray[np.float32]) -> None:
    plain, worldly = (degrade.degrade(mask, 3, np.random.default_rng(4), as_the_world=world) for world in (False, True))
    assert plain.shape != worldly.shape or (plain != worldly).any()


def test_one_seed_gives_one_line(mask: NDArray[np.float32]) -> None:
    first, again = (degrade.degrade(mask, 3, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_heavier_severity_loses_more(mask: NDArray[np.float32]) -> None:
    def sharpness(severity: int) -> float:
        lines = [degrade.degrade(mask, severity, np.random.default_rng(seed)) for seed in range(40)]
        return float(np.mean([np.ptp(np.percentile(line.mean(2), [5, 95])) for line in lines]))

    assert sharpness(0) > sharpness(1) > sharpness(3)


def test_severity_zero_applies_nothing(mask: NDArray[np.float32]) -> None:
    np.testing.assert_array_equal(degrade.apply(degrade.INK, mask, 0, np.random.default_rng(0)), mask)


@pytest.mark.parametrize("contrast", [1.0, 0.5, 0.01])
def test_ink_can_always_be_told_from_paper(contrast: float, mask: NDArray[np.float32]) -> None:
    for seed in range(20):
        image = degrade.compose(mask, contrast, np.random.default_rng(seed))
        assert abs(image[0, 0].mean() - image[19, 100].mean()) > 0.15


def test_skew_turns_the_line_by_the_angle() -> None:
    mask = np.zeros((40, 400), np.float32)
    mask[20] = 1
    turned = effects_ink.skew(mask, 2.0, np.random.default_rng(0))
    left, right = turned[:, 50].argmax(), turned[:, 350].argmax()
    assert (right - left) / 300 == pytest.approx(np.tan(np.radians(2)), abs=0.005)


def test_low_resolution_has_the_height_asked_for(mask: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(0)
    image = degrade.compose(mask, 1.0, rng)
    assert effects_picture.resolution(image, 20.0, rng).shape[:2] == (20, 100)


def test_motion_moves_nothing_on_average() -> None:
    image = np.zeros((31, 31, 3), np.float32)
    image[15, 15] = 1
    smeared = effects_picture.motion(image, 5.0, np.random.default_rng(0))[:, :, 0]
    rows, columns = np.indices(smeared.shape)
    assert (smeared * rows).sum() == pytest.approx(15, abs=0.3)
    assert (smeared * columns).sum() == pytest.approx(15, abs=0.3)
    assert smeared.sum() == pytest.approx(1, abs=1e-3)


def test_fax_leaves_two_values(mask: NDArray[np.float32]) -> None:
    rng = np.random.default_rng(0)
    assert set(np.unique(effects_picture.fax(degrade.compose(mask, 1.0, rng), 0.5, rng))) == {0.0, 1.0}
