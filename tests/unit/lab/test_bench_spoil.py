"""The degrader that figures are reported on: repeatable, on its own, and frozen."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingestd.document import Pixels
from lab.bench import spoil
from lab.bench.spoil import CONDITIONS, spoilt

SOURCES = sorted(Path(spoil.__file__).parent.glob("*.py"))
FROZEN = "f6f87126a6973cf1ea21b076f29dd8ae707800a9ebc6024b1266e0060d694728"


@pytest.fixture(scope="module")
def page() -> Pixels:
    pixels = np.full((260, 220, 3), 255, np.uint8)
    for row in range(8):
        cv2.putText(pixels, f"TOTAL {row}23.45", (12, 30 + 28 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (20, 20, 20), 1)
    return pixels


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_same_seed_gives_the_same_page_and_another_seed_another(page: Pixels, condition: str) -> None:
    first = spoilt(page, condition, 1)
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert np.array_equal(first, spoilt(page, condition, 1))
    assert not np.array_equal(first, spoilt(page, condition, 2))


def test_it_shares_no_code_with_training_or_the_corpus() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not any(name.startswith(("lab.train", "lab.corpus")) for name in names), path.name


def test_it_was_not_changed_since_readers_were_run_over_its_pages() -> None:
    content = b"".join(path.read_bytes() for path in SOURCES)
    assert hashlib.sha256(content).hexdigest() == FROZEN, "frozen: write another degrader instead of changing this one"
