"""A crash inside a process: the test goes on, whatever was under way does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ingestd.files import durable

EFFECTS = ("move", "remove", "write_atomic", "remove_folder")
"""Functions of :mod:`ingestd.files.durable` that change files."""


class _Killed(BaseException):
    pass


@contextmanager
def crash_before(
    number: int, monkeypatch: pytest.MonkeyPatch, effects: tuple[str, ...] = EFFECTS
) -> Iterator[Callable[[], int]]:
    """End the block before its effect on files with this number (from 1); yields the count of effects begun."""
    begun = 0
    with monkeypatch.context() as patch:
        for name in effects:
            effect = getattr(durable, name)

            def counted(*args: object, effect=effect) -> None:  # type: ignore[no-untyped-def]
                nonlocal begun
                begun += 1
                if begun == number:
                    raise _Killed
                effect(*args)

            patch.setattr(durable, name, counted)
        try:
            yield lambda: begun
        except _Killed:
            assert begun == number
