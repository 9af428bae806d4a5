from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ingestd.daemon.systemd import notify, watchdog_s


def test_message_reaches_the_socket_that_systemd_named(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        assert notify("READY=1", {"NOTIFY_SOCKET": address})
        assert systemd.recv(100) == b"READY=1"


def test_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0ingestd-test-notify")
        assert notify("WATCHDOG=1", {"NOTIFY_SOCKET": "@ingestd-test-notify"})
        assert systemd.recv(100) == b"WATCHDOG=1"


def test_nothing_is_sent_without_systemd() -> None:
    assert not notify("READY=1", {})
    assert watchdog_s({}) is None
    assert watchdog_s({"WATCHDOG_USEC": "soon"}) is None


def test_socket_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "none")})
