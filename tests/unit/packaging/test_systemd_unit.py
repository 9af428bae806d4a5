"""The unit file: what the daemon relies on, and how little it may do.

Scores and spelling are checked by systemd-analyze where it is installed; everything asserted about single
directives holds everywhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ingestd.cli import EX_CONFIG
from ingestd.config import parse
from ingestd.daemon import service
from tests.support.places import ROOT

SYSTEMD = ROOT / "systemd"
UNIT = SYSTEMD / "ingestd.service"
MAX_EXPOSURE = 2.0

HARDENING = {
    "CapabilityBoundingSet": "",
    "IPAddressDeny": "any",
    "KeyringMode": "private",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateNetwork": "yes",
    "PrivateTmp": "yes",
    "PrivateUsers": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": "AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
}


def directives(text: str) -> dict[str, list[str]]:
    """Directive -> its values in order, sections run together (no name is used in two)."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", "[")):
            name, equals, value = line.partition("=")
            assert equals, line
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture(scope="module")
def unit() -> dict[str, list[str]]:
    return directives(UNIT.read_text(encoding="utf-8"))


def seconds(value: str) -> float:
    number, scale = re.fullmatch(r"(\d+)(s|min)", value).groups()  # type: ignore[union-attr]
    return int(number) * {"s": 1, "min": 60}[scale]


def test_systemd_is_told_when_it_is_ready_and_that_it_lives(unit: dict[str, list[str]]) -> None:
    assert unit["Type"] == ["notify"]
    assert seconds(unit["WatchdogSec"][0]) >= 30
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert unit["ExecStart"][0].endswith("ingestd run -c /etc/ingestd/config.yaml")


def test_documents_in_work_may_finish_before_it_is_killed(unit: dict[str, list[str]]) -> None:
    assert seconds(unit["TimeoutStopSec"][0]) > service._FINISH_S
    assert unit["KillMode"] == ["mixed"], "workers are not told to end before the daemon has used them"


def test_a_fault_restarts_it_and_a_wrong_configuration_does_not(unit: dict[str, list[str]]) -> None:
    assert unit["Restart"] == ["on-failure"]
    assert unit["RestartPreventExitStatus"] == [str(EX_CONFIG)]
    assert unit["OOMPolicy"] == ["continue"], "a worker killed for memory is one attempt of one document"


def test_it_may_do_next_to_nothing(unit: dict[str, list[str]]) -> None:
    assert {name: unit.get(name) for name in HARDENING} == {name: [value] for name, value in HARDENING.items()}
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
    analyze = shutil.which("systemd-analyze")
    text = UNIT.read_text(encoding="utf-8")
    if analyze is None:
        assert set(HARDENING) <= set(directives(text))
        return
    for name in drop_ins:  # sections may be named again, and the last word counts
        text += (SYSTEMD / name).read_text(encoding="utf-8")
    whole = tmp_path / "whole" / "ingestd.service"
    whole.parent.mkdir()
    whole.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [analyze, "security", "--offline=true", str(whole)], capture_output=True, text=True, check=True, timeout=30
    )
    score = re.search(r"Overall exposure level for ingestd\.service: ([\d.]+)", done.stdout)
    assert score is not None, done.stdout
    assert float(score[1]) <= MAX_EXPOSURE
    # Programs that are certainly there, so that only spelling and values are left to complain about.
    runnable = tmp_path / "ingestd.service"
    runnable.write_text(re.sub(r"^(Exec\w+)=.*$", r"\1=/bin/sh", text, flags=re.MULTILINE), encoding="utf-8")
    verified = subprocess.run([analyze, "verify", str(runnable)], capture_output=True, text=True, timeout=30)
    complaints = [line for line in verified.stderr.splitlines() if "ingestd.service" in line]
    assert complaints == []
