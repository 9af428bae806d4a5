"""The unit file: what the daemon relies on, and how little it may do.

Scores and spelling are checked by systemd-analyze where it is installed; everything asserted about single
directives holds everywhere.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingestd.cli import EX_CONFIG
from ingestd.config import parse
from ingestd.daemon import service
from tests.support.units import HARDENING, SYSTEMD, directives, require_safe, seconds

UNIT = SYSTEMD / "ingestd.service"
NO_NETWORK = {"PrivateNetwork": "yes", "RestrictAddressFamilies": "AF_UNIX"}


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    return directives(UNIT.read_text(encoding="utf-8"))


def test_systemd_is_told_when_it_is_ready_and_that_it_lives(unit: dict[str, list[str]]) -> None:
    assert unit["Type"] == ["notify"]
    assert seconds(unit["WatchdogSec"][0]) >= 30
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert unit["ExecStart"][0].endswith("ingestd run -c /etc/ingestd/config.yaml")


def test_a_start_may_take_a_while(unit: dict[str, list[str]]) -> None:
    """The default of 90 s killed, and started again, a daemon that was not done; each start tells of long work."""
    assert seconds(unit["TimeoutStartSec"][0]) >= 300


def test_documents_in_work_may_finish_before_it_is_killed(unit: dict[str, list[str]]) -> None:
    assert seconds(unit["TimeoutStopSec"][0]) > service._FINISH_S
    assert unit["KillMode"] == ["mixed"], "workers are not told to end before the daemon has used them"


def test_a_fault_restarts_it_and_a_wrong_configuration_does_not(unit: dict[str, list[str]]) -> None:
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == [str(EX_CONFIG)]
    assert unit["OOMPolicy"] == ["continue"], "a worker killed for memory is one attempt of one document"


def test_it_may_do_next_to_nothing(unit: dict[str, list[str]]) -> None:
    wanted = {**HARDENING, **NO_NETWORK}
    assert {name: unit.get(name) for name in wanted} == {name: [value] for name, value in wanted.items()}
    broad, less, confining = unit["SystemCallFilter"]
    assert (broad, less) == ("@system-service", "~@privileged"), "@resources: workers limit their memory"
    assert set(confining.split()) == {"seccomp", "landlock_create_ruleset", "landlock_restrict_self"}


def test_models_can_see_what_processor_they_run_on(unit: dict[str, list[str]]) -> None:
    assert "ProcSubset" not in unit


def test_user_folders_and_configuration_fit_together(unit: dict[str, list[str]]) -> None:
    user = unit["User"][0]
    assert f"u {user} " in (SYSTEMD / "sysusers.conf").read_text(encoding="utf-8")
    config = parse((SYSTEMD / "config.yaml").read_text(encoding="utf-8"), Path("/etc/ingestd/config.yaml"))
    state, settings = Path("/var/lib") / unit["StateDirectory"][0], Path("/etc") / unit["ConfigurationDirectory"][0]
    folders = [config.spool.work, config.spool.archive, config.spool.failed, config.record.database]
    inboxes = [inbox.path for inbox in config.inboxes]
    assert all(path.is_relative_to(state) for path in [*folders, *inboxes]), "all else is read-only"
    assert config.extract.rules is not None and config.extract.rules.is_relative_to(settings)
    made = re.findall(r"^d (\S+)", (SYSTEMD / "tmpfiles.conf").read_text(encoding="utf-8"), re.MULTILINE)
    assert {str(path) for path in inboxes} <= set(made)


def test_metrics_open_the_loopback_and_nothing_else() -> None:
    more = directives((SYSTEMD / "metrics.conf").read_text(encoding="utf-8"))
    assert more.pop("IPAddressAllow") == ["localhost"]
    assert more.pop("PrivateNetwork") == ["no"]
    assert more.pop("RestrictAddressFamilies") == ["AF_INET AF_INET6"]
    assert more == {}


@pytest.mark.parametrize("drop_ins", [(), ("metrics.conf",)])
def test_systemd_understands_it_and_finds_it_safe(tmp_path: Path, drop_ins: tuple[str, ...]) -> None:
    require_safe(UNIT, tmp_path, drop_ins)
