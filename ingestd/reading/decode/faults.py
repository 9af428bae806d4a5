"""Pages that cannot be decoded, of documents of which others can."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingestd.errors import DocumentError

Skip = Callable[[int, DocumentError], None]
"""Told the index of a page and why it cannot be decoded."""

_OF_THE_FILE = "truncated"
"""Code of the fault of a file that is not whole: other pages may be missing too, so it is copied again."""


@contextmanager
def skipping(index: int, skip: Skip | None) -> Iterator[None]:
    """Hand a fault of this page to ``skip`` instead of raising it.

    Raises:
        DocumentError: there is no ``skip``, or the fault is one of the whole file.
    """
    try:
        yield
    except DocumentError as error:
        if skip is None or error.code == _OF_THE_FILE:
            raise
        skip(index, error)
