"""Imports go down only, by folder: the contracts of pyproject.toml hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.places import ROOT

FILES = sorted((ROOT / "ingestd").rglob("*.py"))


def test_contracts_of_import_linter_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_only_reading_models_imports_onnxruntime() -> None:
    users = [path.relative_to(ROOT) for path in FILES if "import onnxruntime" in path.read_text(encoding="utf-8")]
    assert users == [Path("ingestd/reading/models.py")]


def test_nothing_asks_whether_it_is_tested() -> None:
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert "PYTEST" not in text
        assert "is_testing" not in text


def test_nothing_of_dask_is_imported_without_the_option(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "config.yaml").write_text("inboxes: [{path: inbox}]\n")
    program = (
        "import sys, ingestd.cli.run, ingestd.cli.cluster, ingestd.web.app\n"
        "from ingestd.cli import main\n"
        "try: main()\n"
        "finally: print(*{'dask', 'distributed', 'cryptography', 'tornado'} & {n.split('.')[0] for n in sys.modules})\n"
    )
    command = [sys.executable, "-c", program, "run", "--once", "-c", str(tmp_path / "config.yaml")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "\n"), ran.stderr
