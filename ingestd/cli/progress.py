"""Progress of long commands: a bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")
Step = Callable[[int, int | None], None]
"""Called with the number of steps done and of all, None where that is not known."""


@contextmanager
def steps(what: str) -> Iterator[Step]:
    """Show a bar on standard error while the block runs, if that is a terminal.

    Args:
        what: the activity, such as ``exporting``.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    # Lines printed meanwhile go above the bar, unless they go into a file.
    above = sys.stdout.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=above) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


_EVERY = 100


def counted(items: Iterable[T], step: Step, total: int | None) -> Iterator[T]:
    """Yield items, and tell every hundredth how many there were.

    >>> list(counted("abc", lambda done, total: print(done, total), 3))
    3 3
    ['a', 'b', 'c']
    """
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        if done % _EVERY == 0:
            step(done, total)
    step(done, total)
