import numpy as np
import pytest

from ingestd.document import frozen
from lab.corpus.degrade import DEGRADATIONS, degrade
from tests.support.print import printed

PAGE = frozen(printed(300, 400))


@pytest.mark.parametrize("severity", [1, 2, 3])
@pytest.mark.parametrize("name", DEGRADATIONS)
def test_degraded_page_is_a_page_and_repeats(name: str, severity: int) -> None:
    once, again = (degrade(PAGE, name, severity, 5) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert once.dtype == np.uint8
    assert once.ndim == 3
    assert once.shape[2] == 3
    assert not np.array_equal(once, PAGE)


@pytest.mark.parametrize("name", [name for name in DEGRADATIONS if name not in {"skew", "turned", "fax", "inverted"}])
def test_higher_severity_is_further_from_the_page(name: str) -> None:
    distances = [np.abs(degrade(PAGE, name, severity, 5).astype(int) - PAGE).mean() for severity in (1, 2, 3)]
    assert distances == sorted(distances)


@pytest.mark.parametrize("name", ["motion", "uneven", "noise", "mixed"])
def test_seed_decides_what_is_left_to_chance(name: str) -> None:
    assert not np.array_equal(degrade(PAGE, name, 2, 1), degrade(PAGE, name, 2, 2))


def test_clean_is_the_page_itself() -> None:
    assert degrade(PAGE, "clean", 1, 5) is PAGE


def test_severity_has_three_levels() -> None:
    with pytest.raises(ValueError, match="severity is 1, 2 or 3, not 4"):
        degrade(PAGE, "noise", 4, 5)
