"""The pen: what it writes is ink, what nobody taught it is left to fonts, strokes survive their file."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from lab.train import written

CROSS = {"十": [[[100, 400], [500, 400], [900, 400]], [[500, 850], [500, 400], [500, -50]]]}


@pytest.fixture
def strokes(tmp_path: Path) -> written.Strokes:
    written.save(CROSS, tmp_path / "strokes.npz")
    return written.load(tmp_path / "strokes.npz")


def test_strokes_survive_their_file(strokes: written.Strokes) -> None:
    level, upright = strokes["十"]
    np.testing.assert_allclose(level[:, 1], level[0, 1])
    np.testing.assert_allclose(upright[:, 0], 500 / 1024, atol=0.01)
    assert upright[0, 1] < upright[-1, 1]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("text", ["十十", "十 A7", "十.-"])
def test_written_text_is_ink(text: str, seed: int, strokes: written.Strokes) -> None:
    ink = written.draw(text, strokes, Random(seed), np.random.default_rng(seed))
    assert ink is not None
    assert ink.dtype == np.float32
    assert 0 <= ink.min() <= ink.max() <= 1
    assert ink.max() > 0.5
    assert ink[:, 0].max() > 0.1 and ink[:, -1].max() > 0.1


def test_more_characters_take_more_room(strokes: written.Strokes) -> None:
    short, long = (written.draw("十" * count, strokes, Random(3), np.random.default_rng(3)) for count in (2, 8))
    assert short is not None and long is not None
    assert long.shape[1] > 2 * short.shape[1]


def test_unknown_signs_are_not_written(strokes: written.Strokes) -> None:
    assert written.draw("十一", strokes, Random(1), np.random.default_rng(1)) is None
