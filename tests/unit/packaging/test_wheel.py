"""The wheel holds what an installation needs, and NOTICE names what it brings along."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.places import ROOT


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_types_licence_and_notice_are_in_the_wheel(names: set[str]) -> None:
    assert "ingestd/py.typed" in names
    assert {Path(name).name for name in names if ".dist-info/" in name} >= {"LICENSE", "NOTICE", "METADATA"}


def test_rules_models_and_configuration_are_in_the_wheel(names: set[str]) -> None:
    rules = {f"ingestd/shipped/rules/{path.name}" for path in (ROOT / "rules").glob("*.yaml")}
    models = {f"ingestd/shipped/{path.relative_to(ROOT)}" for path in (ROOT / "models").rglob("*.onnx")}
    units = {f"ingestd/shipped/systemd/{path.name}" for path in (ROOT / "systemd").iterdir()}
    others = {"ingestd/shipped/models/manifest.yaml", "ingestd/shipped/config.yaml"}
    assert names >= rules | models | units | others


def test_development_stays_out_of_the_wheel(names: set[str]) -> None:
    assert not [name for name in names if name.startswith(("lab/", "tests/", "docs/"))]


def test_notice_names_every_locked_package_and_extra() -> None:
    notice = re.findall(r"^  ([a-z0-9-]+)  ", (ROOT / "NOTICE").read_text(encoding="utf-8"), re.MULTILINE)
    locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert {*locked, "pillow-heif", "prometheus-client"} == set(notice)
