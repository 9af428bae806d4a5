"""The units of scheduler and worker machines: private networks, and as little allowed as the daemon."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest

from ingestd.cli import EX_CONFIG
from ingestd.cli.cluster import cluster, worker
from ingestd.engine import node
from tests.support.units import HARDENING, SYSTEMD, directives, require_safe, seconds

UNITS = ["ingestd-scheduler.service", "ingestd-worker.service"]
PRIVATE = "localhost 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"


def unit(name: str) -> dict[str, list[str]]:
    return directives((SYSTEMD / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", UNITS)
def test_it_speaks_to_private_networks_and_may_do_next_to_nothing(name: str) -> None:
    wanted = {**HARDENING, "IPAddressAllow": PRIVATE, "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6"}
    found = unit(name)
    assert {key: found.get(key) for key in wanted} == {key: [value] for key, value in wanted.items()}
    daemon = unit("ingestd.service")
    assert (found["User"], found["SystemCallErrorNumber"]) == (daemon["User"], daemon["SystemCallErrorNumber"])
    assert found["SystemCallFilter"] == daemon["SystemCallFilter"][: len(found["SystemCallFilter"])]
    assert found["RestartPreventExitStatus"] == [str(EX_CONFIG)]


def test_processes_of_a_worker_confine_themselves_and_its_documents_may_finish() -> None:
    found, daemon = unit("ingestd-worker.service"), unit("ingestd.service")
    assert found["SystemCallFilter"] == daemon["SystemCallFilter"]
    assert seconds(found["TimeoutStopSec"][0]) > node._FINISH_S + node._FETCH_S
    assert (found["KillMode"], found["OOMPolicy"]) == (["mixed"], ["continue"])
    assert f"--work /run/{found['RuntimeDirectory'][0]} " in found["ExecStart"][0]


@pytest.mark.parametrize(("name", "command"), [(UNITS[0], cluster.commands["scheduler"]), (UNITS[1], worker)])
def test_options_of_the_commands_exist(name: str, command: click.Command) -> None:
    known = {option for parameter in command.params for option in parameter.opts}
    used = {word for word in shlex.split(unit(name)["ExecStart"][0]) if word.startswith("--")}
    assert used and used <= known


def test_drop_in_lets_the_daemon_reach_the_scheduler_and_nothing_public() -> None:
    assert unit("cluster.conf") == {
        "PrivateNetwork": ["no"],
        "RestrictAddressFamilies": ["AF_INET AF_INET6"],
        "IPAddressAllow": [PRIVATE],
    }


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_it_and_finds_it_safe(tmp_path: Path, name: str) -> None:
    require_safe(SYSTEMD / name, tmp_path)


def test_systemd_finds_the_daemon_safe_with_its_drop_in(tmp_path: Path) -> None:
    require_safe(SYSTEMD / "ingestd.service", tmp_path, ("cluster.conf",))
