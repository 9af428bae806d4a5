"""Files that the user names, and what a command says when one cannot be written."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ingestd.cli.common import command_line, output_file, require_writable
from ingestd.errors import IngestdError, TransientError
from tests.support.places import ROOT
from tests.support.unprivileged import open_folder, unprivileged


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(RuntimeError, match="half way"), output_file(path) as file:
        file.write(b"new, but")
        raise RuntimeError("half way")
    assert list(tmp_path.iterdir()) == []
    with output_file(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_a_missing_folder_is_named_and_not_made(tmp_path: Path) -> None:
    with (
        pytest.raises(IngestdError, match=r"nope/x\.csv: found no folder .*nope; create it"),
        output_file(tmp_path / "nope" / "x.csv"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_permission_is_named() -> None:
    with open_folder() as folder:
        folder.chmod(0o555)
        with unprivileged(), pytest.raises(IngestdError, match="no permission to write in"):
            require_writable(folder / "x.csv")


def test_a_device_or_a_folder_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, found in (("pipe", "a FIFO"), (".", "a folder")):
        with pytest.raises(IngestdError, match=f"found {found}"):
            require_writable(tmp_path / name)


def test_a_full_disk_is_told_without_promising_another_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(IngestdError) as caught, output_file(tmp_path / "x.csv") as file:
        file.write(b"x")
    assert not isinstance(caught.value, TransientError)
    assert str(caught.value).endswith("x.csv: cannot be written: No space left on device; name a file in another place")


def test_a_printed_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ingestd"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    config = Path("/srv/scans folder/it's/config.yaml")
    assert shlex.split(command_line("run", config=config)) == ["ingestd", "run", "-c", str(config)]
    assert command_line("status", config=None) == "ingestd status"
    program.unlink()
    monkeypatch.setattr("sys.argv", ["/opt/my venv/bin/ingestd"])
    assert shlex.split(command_line("status", config=None)) == ["/opt/my venv/bin/ingestd", "status"]
    monkeypatch.setattr("sys.argv", ["/somewhere/ingestd/__main__.py"])
    assert shlex.split(command_line("status", config=None)) == [sys.executable, "-m", "ingestd", "status"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_standard_output_is_one_line(unbuffered: str) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "ingestd", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    said = "ingestd: standard output: cannot be written: No space left on device; send it to another place\n"
    assert (ran.returncode, ran.stderr) == (1, said)
