"""A warm process for daemons, and folders where syncing costs nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nursery import Nursery


@pytest.fixture(scope="session")
def nurseries() -> Iterator[list[Nursery]]:
    """Two, because kills are independent of each other and mostly waiting."""
    nurseries = [Nursery(), Nursery()]
    yield nurseries
    for nursery in nurseries:
        nursery.close()


@pytest.fixture
def nursery(nurseries: list[Nursery]) -> Nursery:
    return nurseries[0]


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder in memory where there is one: a kill loses nothing that was not synced, and syncing takes most time."""
    memory = Path("/dev/shm")
    base = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)
        for log in Path(folder).glob("place/daemon.log"):  # shown by pytest if the test failed
            print(log.read_text(encoding="utf-8", errors="replace")[-5000:])
