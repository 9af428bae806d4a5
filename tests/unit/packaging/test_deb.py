"""The Debian package: what it holds, and what install, upgrade, remove and purge do to a system."""

from __future__ import annotations

import gzip
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.config import parse
from ingestd.extract import load_rules
from tests.support.places import ROOT

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg")
BUILD = [sys.executable, str(ROOT / "packaging" / "build_deb.py")]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run([*BUILD, str(folder), "--without-packages"], cwd=ROOT, check=True, capture_output=True, timeout=120)
    [package] = folder.glob("*.deb")
    return package


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True, timeout=60)
    return folder


def test_control_names_the_python_that_it_is_for(unpacked: Path) -> None:
    control = (unpacked / "DEBIAN" / "control").read_text(encoding="utf-8")
    major, minor = sys.version_info[:2]
    assert f"python3 (>= {major}.{minor}), python3 (<< {major}.{minor + 1})" in control
    assert (unpacked / f"usr/lib/ingestd/lib/python{major}.{minor}/site-packages/ingestd/py.typed").exists()


def test_units_start_the_program_of_the_package(unpacked: Path) -> None:
    program = unpacked / "usr/bin/ingestd"
    assert (program.parent / program.readlink()).resolve() == (unpacked / "usr/lib/ingestd/bin/ingestd").resolve()
    for name in ("ingestd.service", "ingestd-web.service"):
        unit = (unpacked / "usr/lib/systemd/system" / name).read_text(encoding="utf-8")
        assert "ExecStart=/usr/bin/ingestd " in unit
        assert "/opt/" not in unit


def test_nothing_but_the_program_is_executable(tmp_path: Path) -> None:
    """Wheels mark libraries and modules as executable, which lintian takes for errors."""
    site, programs = tmp_path / "usr/lib/ingestd/lib/site-packages", tmp_path / "usr/lib/ingestd/bin"
    for folder in (site, programs, tmp_path / "etc"):
        folder.mkdir(parents=True)
    for path in (site / "library.so", programs / "ingestd", tmp_path / "etc" / "config.yaml"):
        path.touch(0o755)
    runpy.run_path(str(ROOT / "packaging" / "build_deb.py"))["_write_control"](tmp_path)
    found = {path.name for path in tmp_path.rglob("*") if path.is_file() and os.access(path, os.X_OK)}
    assert found == {"ingestd", "postinst", "prerm", "postrm"}


def test_workers_that_import_the_program_do_not_run_it(unpacked: Path) -> None:
    program = unpacked / "usr/lib/ingestd/bin/ingestd"
    assert program.read_text(encoding="utf-8").startswith("#!/usr/lib/ingestd/bin/python3 -I\n")
    runpy.run_path(str(program), run_name="__mp_main__")


def test_configuration_and_rules_are_conffiles(unpacked: Path) -> None:
    conffiles = (unpacked / "DEBIAN" / "conffiles").read_text(encoding="utf-8").split()
    assert "/etc/ingestd/config.yaml" in conffiles
    assert {f"/{path.relative_to(unpacked)}" for path in (unpacked / "etc").rglob("*") if path.is_file()} == set(
        conffiles
    )
    config = parse((unpacked / "etc/ingestd/config.yaml").read_text(encoding="utf-8"), Path("/etc/ingestd/config.yaml"))
    assert config.extract.rules is not None
    assert load_rules(unpacked / config.extract.rules.relative_to("/")).compiled


def test_manual_page_and_completion_know_all_commands(unpacked: Path) -> None:
    page = gzip.decompress((unpacked / "usr/share/man/man1/ingestd.1.gz").read_bytes()).decode()
    for part in (".TH INGESTD 1", "ingestd export", "\\-\\-dry\\-run", "EXIT STATUS"):
        assert part in page, part
    completion = unpacked / "usr/share/bash-completion/completions/ingestd"
    assert "_INGESTD_COMPLETE=bash_complete" in completion.read_text(encoding="utf-8")


def test_licences_and_bill_of_materials_are_there(unpacked: Path) -> None:
    folder = unpacked / "usr/share/doc/ingestd"
    assert "Apache-2.0" in (folder / "copyright").read_text(encoding="utf-8")
    assert (folder / "ingestd.cdx.json").exists()
    assert (folder / "service.md").exists()


# -- on a system


class System:
    """Root of its own with a database of dpkg."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "usr/bin"):
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()

    def dpkg(self, *arguments: str | Path) -> None:
        """Run dpkg on this root; maintainer scripts run outside of it, with DPKG_ROOT."""
        options = [
            "--force-not-root",
            "--force-depends",
            "--force-script-chrootless",
            "--force-confold",
            "--log=/dev/null",
        ]
        command = ["dpkg", f"--root={self.root}", *options, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr

    def status(self) -> str:
        found = subprocess.run(
            ["dpkg-query", f"--admindir={self.root}/var/lib/dpkg", "-W", "-f=${Status}", "ingestd"],
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    if os.geteuid() != 0:
        pytest.skip("dpkg gives files to root")
    if not all(map(shutil.which, ("systemd-sysusers", "systemd-tmpfiles"))):
        pytest.skip("needs systemd's tools")
    yield System(tmp_path / "root")


def newer(package: Path, folder: Path) -> Path:
    """The same package with a higher version and a changed default configuration."""
    content = folder / "newer"
    subprocess.run(["dpkg-deb", "-R", package, content], check=True, timeout=60)
    control = content / "DEBIAN" / "control"
    text = control.read_text(encoding="utf-8")
    version = text.split("Version: ")[1].split()[0]
    control.write_text(text.replace(f"Version: {version}", f"Version: {version}+new"), encoding="utf-8")
    config = content / "etc/ingestd/config.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "\n# newer\n", encoding="utf-8")
    target = folder / "newer.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", content, target], check=True, timeout=60)
    return target


def test_install_upgrade_remove_and_purge(system: System, package: Path, tmp_path: Path) -> None:
    root = system.root
    config = root / "etc/ingestd/config.yaml"

    system.dpkg("--install", package)
    assert system.status() == "install ok installed"
    assert "ingestd:" in (root / "etc/passwd").read_text(encoding="utf-8")
    inbox = root / "var/lib/ingestd/inbox"
    assert inbox.is_dir()
    (inbox / "scan.png").write_bytes(b"a scan")
    (root / "var/lib/ingestd/ingestd.db").write_bytes(b"a database")

    config.write_text(config.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    system.dpkg("--install", newer(package, tmp_path))
    assert "# mine" in config.read_text(encoding="utf-8")
    assert "# newer" in (root / "etc/ingestd/config.yaml.dpkg-dist").read_text(encoding="utf-8")

    system.dpkg("--remove", "ingestd")
    assert not (root / "usr/bin/ingestd").exists() and not (root / "usr/lib/ingestd").exists()
    assert "# mine" in config.read_text(encoding="utf-8")

    system.dpkg("--purge", "ingestd")
    assert not (root / "etc/ingestd").exists()
    assert (inbox / "scan.png").read_bytes() == b"a scan"
    assert (root / "var/lib/ingestd/ingestd.db").read_bytes() == b"a database"
    assert not [path for path in root.rglob("*ingestd*") if "var/lib/ingestd" not in str(path)]
