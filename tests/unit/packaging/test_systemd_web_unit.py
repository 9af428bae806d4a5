"""The unit file of the page and the API: beside the daemon, on the loopback, and as little allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.cli import EX_CONFIG
from ingestd.config import parse
from ingestd.web import server
from tests.support.units import HARDENING, SYSTEMD, directives, require_safe, seconds

UNIT = SYSTEMD / "ingestd-web.service"
LOOPBACK = {"IPAddressAllow": "localhost", "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6"}


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    return directives(UNIT.read_text(encoding="utf-8"))


def test_it_serves_the_loopback_and_may_do_next_to_nothing(unit: dict[str, list[str]]) -> None:
    wanted = {**HARDENING, **LOOPBACK}
    assert {name: unit.get(name) for name in wanted} == {name: [value] for name, value in wanted.items()}


def test_it_may_do_nothing_that_the_daemon_may_not(unit: dict[str, list[str]]) -> None:
    daemon = directives((SYSTEMD / "ingestd.service").read_text(encoding="utf-8"))
    assert unit["SystemCallFilter"] == daemon["SystemCallFilter"]
    assert (unit["User"], unit["UMask"], unit["StateDirectory"]) == (
        daemon["User"],
        daemon["UMask"],
        daemon["StateDirectory"],
    )
    assert set(daemon) - set(unit) == {"ExecReload", "WatchdogSec", "PrivateNetwork"}


def test_requests_may_finish_and_a_wrong_configuration_does_not_restart_it(unit: dict[str, list[str]]) -> None:
    assert seconds(unit["TimeoutStopSec"][0]) > server._FINISH_S
    assert (unit["Restart"], unit["RestartPreventExitStatus"]) == (["on-failure"], [str(EX_CONFIG)])
    assert unit["ExecStart"][0].endswith("ingestd web -c /etc/ingestd/config.yaml")


def test_tokens_and_socket_lie_where_it_may_write(unit: dict[str, list[str]]) -> None:
    config = parse((SYSTEMD / "config.yaml").read_text(encoding="utf-8"), Path("/etc/ingestd/config.yaml"))
    assert config.web.tokens.is_relative_to(Path("/var/lib") / unit["StateDirectory"][0])
    assert config.web.is_loopback
    assert unit["RuntimeDirectory"] == ["ingestd-web"]


def test_systemd_understands_it_and_finds_it_safe(tmp_path: Path) -> None:
    require_safe(UNIT, tmp_path)
