"""The README's steps of 'Run as a service' lead to a service that can start.

They are executed in a root of their own, without sudo; installing packages and starting units are left out.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ingestd.config import parse
from ingestd.extract import load_rules
from tests.support.manuals import commands, section
from tests.support.places import ROOT

STEPS = commands(section((ROOT / "README.md").read_text(encoding="utf-8"), "Run as a service"))
LEFT_OUT = ("sudo /usr/bin/python3 -m venv", "sudo /opt/ingestd/.venv/bin/pip", "sudo systemctl", "journalctl")
TOOLS = ("systemd-sysusers", "systemd-tmpfiles")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root after the steps; ``/etc``, ``/opt`` and ``/usr/local`` of the commands are below it.

    The program of the steps is this one, under the name that the steps give it.
    """
    root = tmp_path_factory.mktemp("root")
    for folder in ("etc", "usr/local/bin", "opt/ingestd/.venv/bin"):
        (root / folder).mkdir(parents=True)
    for step in STEPS:
        if step.startswith(LEFT_OUT):
            continue
        command = step.removeprefix("sudo ")
        if command.startswith("ingestd "):
            command = f"{command} --root {root}"
            monkey = f"import sys; sys.executable = {str(root / 'opt/ingestd/.venv/bin/python3')!r}"
            (root / "opt/ingestd/.venv/bin/ingestd").touch()
            run = f"{monkey}; from ingestd.cli import main; main()"
            arguments = [sys.executable, "-c", run, *shlex.split(command)[1:]]
            done = subprocess.run(arguments, cwd=ROOT, check=False, timeout=60)
            assert done.returncode == 0 or not all(map(shutil.which, TOOLS))
        else:
            subprocess.run(["bash", "-c", command.replace(" /", f" {root}/")], cwd=ROOT, check=True, timeout=30)
    return root


def test_configuration_names_rules_that_are_there(root: Path) -> None:
    config = parse((root / "etc/ingestd/config.yaml").read_text(encoding="utf-8"), Path("/etc/ingestd/config.yaml"))
    assert config.extract.rules is not None
    assert load_rules(root / config.extract.rules.relative_to("/")).compiled


def test_unit_and_its_program_are_in_place(root: Path) -> None:
    unit = (root / "etc/systemd/system/ingestd.service").read_text(encoding="utf-8")
    program = next(row for row in unit.splitlines() if row.startswith("ExecStart=")).split("=")[1].split()[0]
    link = root / "usr/local/bin/ingestd"
    assert str(link.readlink()) == program
    program = program.removeprefix(str(root))
    assert f"sudo /usr/bin/python3 -m venv {Path(program).parents[1]}" in STEPS


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason="needs systemd's tools")
def test_user_and_folders_are_made(root: Path) -> None:
    assert "ingestd:" in (root / "etc/passwd").read_text(encoding="utf-8")
    assert (root / "var/lib/ingestd/inbox").is_dir()


def test_packages_are_the_locked_ones() -> None:
    pip = [step for step in STEPS if "/bin/pip " in step]
    assert [step.split(" install ")[1] for step in pip] == [
        "--require-hashes -r requirements.lock",
        "--no-deps --no-build-isolation .",
    ]
