"""Tell systemd how the service is (sd_notify(3)); does nothing when not started by it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


def notify(message: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send a state such as ``READY=1``; False when nobody asked for it.

    Raises:
        OSError: the socket that systemd named does not take it.
    """
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):  # abstract namespace
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection:
        connection.sendto(message.encode(), address)
    return True


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds after which systemd wants to hear ``WATCHDOG=1``, None if it does not.

    >>> watchdog_s({"WATCHDOG_USEC": "30000000"})
    30.0
    """
    period = environment.get("WATCHDOG_USEC")
    return int(period) / 1e6 if period and period.isdigit() else None
