"""``ingestd service`` puts the units of the wheel in place and takes them away again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingestd.admin import service_files
from ingestd.cli import cli
from ingestd.errors import IngestdError
from tests.support.places import ROOT


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(service_files, "program", lambda: Path("/opt/mine/bin/ingestd"))
    monkeypatch.setattr(service_files, "apply", lambda _: iter(()))
    return tmp_path


def service(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, ["service", *map(str, words)])


def test_files_are_put_in_place_and_start_this_installation(root: Path) -> None:
    said = service("install", "--root", root)
    assert said.exit_code == 0
    assert "systemctl enable --now ingestd" in said.output
    for name, place in service_files.PLACES.items():
        text = (root / place).read_text(encoding="utf-8")
        assert "/opt/ingestd/.venv" not in text
        assert ("ExecStart=/opt/mine/bin/ingestd " in text) == name.endswith(".service")
    assert (root / "etc/ingestd/config.yaml").read_bytes() == (ROOT / "systemd/config.yaml").read_bytes()
    assert (root / "etc/ingestd/rules/lexicon").is_dir()


def test_configuration_stays_and_units_are_replaced(root: Path) -> None:
    service("install", "--root", root)
    config, unit = root / "etc/ingestd/config.yaml", root / "etc/systemd/system/ingestd.service"
    for path in (config, unit):
        path.write_text("changed", encoding="utf-8")
    said = service("install", "--root", root)
    assert config.read_text(encoding="utf-8") == "changed"
    assert unit.read_text(encoding="utf-8") != "changed"
    assert f"kept     {config}" in said.output


def test_uninstall_leaves_configuration(root: Path) -> None:
    service("install", "--root", root)
    assert service("uninstall", "--root", root).exit_code == 0
    assert not any((root / place).exists() for place in service_files.PLACES.values())
    assert (root / "etc/ingestd/config.yaml").exists()
    assert service("uninstall", "--root", root).exit_code == 0


def test_what_cannot_be_written_is_told(root: Path) -> None:
    (root / "etc").write_text("not a folder")
    said = service("install", "--root", root)
    assert isinstance(said.exception, IngestdError)
    assert "run this command as root" in str(said.exception)


def test_a_program_that_the_service_cannot_reach_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    with pytest.raises(IngestdError, match="found no such program"):
        service_files.program()
    (tmp_path / "ingestd").touch()
    assert service_files.program() == tmp_path / "ingestd"
    monkeypatch.setattr(service_files, "_HIDDEN", (tmp_path,))
    with pytest.raises(IngestdError, match="which the service cannot reach"):
        service_files.program()
