"""The commands of the README do what it says, in its order, on the samples that 'make run' drops."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.manuals import commands, section
from tests.support.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = [path for path in (ROOT / "samples").iterdir() if path.suffix in {".jpg", ".png", ".pdf"}]


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = command.replace("ingestd", f"'{sys.executable}' -m ingestd", 1)
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", words], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of 'Install for yourself' after ``init``, and one ``run --once`` over the samples."""
    folder = tmp_path_factory.mktemp("readme") / "scans"
    init = next(row for row in commands(section(README, "Install for yourself")) if row.startswith("ingestd init"))
    done = run(folder.parent, init.replace("~", str(folder.parent)))
    assert done.returncode == 0, done.stderr
    for sample in SAMPLES:
        shutil.copy(sample, folder / "inbox")
    once = run(folder, "ingestd run --once")
    assert once.returncode == 0, once.stderr
    return folder


@pytest.mark.parametrize(
    "command",
    [
        row
        for title in ("Try it", "Ask", "Teach it your documents")
        for row in commands(section(README, title))
        if row.startswith("ingestd ")
    ],
)
def test_commands_of_the_readme_succeed(scans: Path, command: str) -> None:
    done = run(scans, command.replace("invoice.jpg", "cn-vat-invoice.jpg"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_search_finds_a_chinese_sample(scans: Path) -> None:
    assert "cn-vat-invoice.jpg" in run(scans, "ingestd search 发票").stdout


def test_files_are_where_the_readme_says(scans: Path) -> None:
    for sample in SAMPLES:
        (original,) = (scans / "archive").glob(f"*/*/{sample.name}")
        assert original.with_name(f"{sample.name}.json").exists()
    assert not [path for path in (scans / "inbox").iterdir() if path.is_file()]
