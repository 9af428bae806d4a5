"""Limits on what one client may use: requests per second, and places for long work."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from ingestd.clock import Clock
from ingestd.web.errors import Problem

_MAX_CLIENTS = 10_000
"""Clients that are remembered; those not heard of for longest are forgotten."""


class Rate:
    """Token bucket per client.

    Args:
        per_s: requests per second on average.
        burst: requests at once.
        clock: source of time.
    """

    def __init__(self, per_s: float, burst: float, clock: Clock) -> None:
        self._per_s = per_s
        self._burst = burst
        self._tick = clock.tick
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """Client -> requests left, and when that was so."""

    def take(self, client: str) -> None:
        """Count one request.

        Raises:
            Problem: 429, the client asks too often.
        """
        left = self._now_left(client)
        if left < 1:
            wait_s = max(1, round((1 - left) / self._per_s))
            raise Problem(429, headers={"Retry-After": str(wait_s)})
        self._left[client] = (left - 1, self._tick())
        self._left.move_to_end(client)
        if len(self._left) > _MAX_CLIENTS:
            self._left.popitem(last=False)

    def is_spent(self, client: str) -> bool:
        """True where the next request would be refused."""
        return self._now_left(client) < 1

    def _now_left(self, client: str) -> float:
        left, since = self._left.get(client, (self._burst, self._tick()))
        return min(self._burst, left + (self._tick() - since) * self._per_s)


class Places:
    """A number of places for work that takes long; who finds none is sent away.

    Args:
        count: places.
        retry_s: seconds after which to ask again.
        what: takes the places, for the message.
    """

    def __init__(self, count: int, retry_s: int, what: str) -> None:
        self._free = count
        self._retry_s = retry_s
        self._what = what

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place for the block.

        Raises:
            Problem: 503, all places are taken.
        """
        if self._free <= 0:
            raise Problem(503, f"found all places for {self._what} taken", headers={"Retry-After": str(self._retry_s)})
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
