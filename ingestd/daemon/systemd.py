"""State of the service for systemd (sd_notify(3)); nothing happens if systemd did not start it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


def notify(message: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send a state such as ``READY=1``; False if systemd did not ask for it.

    Raises:
        OSError: the socket that systemd named refuses it.
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
    """Return the seconds after which systemd expects ``WATCHDOG=1``; None if it does not.

    >>> watchdog_s({"WATCHDOG_USEC": "30000000"})
    30.0
    """
    period = environment.get("WATCHDOG_USEC")
    return int(period) / 1e6 if period and period.isdigit() else None
