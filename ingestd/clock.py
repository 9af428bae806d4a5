"""Wall clock, monotonic clock and calendar day, handed in wherever time matters."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Source of time."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...

    def tick(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean anything."""
        ...

    def today(self) -> date:
        """Return the calendar day in the time zone of this machine."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """See :class:`Clock`."""
        return datetime.now(UTC)

    def tick(self) -> float:
        """See :class:`Clock`."""
        return time.monotonic()

    def today(self) -> date:
        """See :class:`Clock`."""
        return datetime.now(UTC).astimezone().date()
