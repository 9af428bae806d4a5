"""Build the Debian package: ``python packaging/build_deb.py DIR [--without-packages]``; ``make deb`` does.

The package brings its Python packages along, in an environment of its own below /usr/lib/ingestd, so that it installs
without a network. It is for the Python version that builds it.
"""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from manual import page  # noqa: E402
from sbom import bill, version_of  # noqa: E402

HOME = "usr/lib/ingestd"
"""Environment of the program."""
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_NEXT = f"{sys.version_info.major}.{sys.version_info.minor + 1}"
SITE = f"{HOME}/lib/python{PYTHON}/site-packages"
UNITS = ("ingestd.service", "ingestd-web.service")
# Workers import the program of their parent, which must not run again in them.
_PROGRAM = f"""\
#!/{HOME}/bin/python3 -I
import sys

if __name__ == "__main__":
    from ingestd.cli import main

    sys.exit(main())
"""
_PROGRAM_OF_UNITS = "/opt/ingestd/.venv/bin/ingestd"
_COMPLETIONS = {
    "bash": "usr/share/bash-completion/completions/ingestd",
    "zsh": "usr/share/zsh/vendor-completions/_ingestd",
    "fish": "usr/share/fish/vendor_completions.d/ingestd.fish",
}

_MAINTAINER = "the ingestd contributors <maintainers@ingestd.invalid>"
_CONTROL = """\
Package: ingestd
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {kilobytes}
Depends: python3 (>= {python}), python3 (<< {next}), libc6 (>= 2.28), libstdc++6, systemd (>= 252)
Section: utils
Priority: optional
Description: watch folders for scans and record what they say
 A scan, photo, PDF or e-invoice dropped into a folder becomes one row in a
 SQLite database, a sidecar beside the archived original, and a list of fields.
 Each field says why it is believed; what is in doubt goes to a review desk.
 .
 This package brings its Python packages and models along and needs no network.
"""

_LICENCES = """
--------------------------------------------------------------------------------
On Debian, the licences are in /usr/share/common-licenses: Apache-2.0, LGPL-2.1,
LGPL-3, GPL-2. Those of packages are beside them in
/usr/lib/ingestd/lib/python3*/site-packages.
"""

_OVERRIDES = """\
# The program runs in an environment of its own, so that no package of the system changes what it reads.
ingestd: wrong-path-for-interpreter /usr/lib/ingestd/bin/python3 != /usr/bin/python3 [usr/lib/ingestd/bin/ingestd]
# Not a package of the Debian archive.
ingestd: initial-upload-closes-no-bugs [usr/share/doc/ingestd/changelog.Debian.gz:1]
# Compiled here, so that removing the package leaves nothing behind.
ingestd: package-installs-python-pycache-dir *
# Wheels as their projects publish them, checked by the hashes of requirements.lock.
ingestd: embedded-library *site-packages/*
ingestd: library-not-linked-against-libc *site-packages/*
ingestd: national-encoding *site-packages/*
ingestd: shared-library-lacks-prerequisites *site-packages/*
ingestd: unstripped-binary-or-object *site-packages/*
ingestd: unusual-interpreter *site-packages/*
"""

_CHANGES = """\
ingestd ({version}) unstable; urgency=medium

  * See CHANGELOG.md.

 -- {maintainer}  {date}
"""

_POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"} ingestd.conf
    systemd-tmpfiles ${DPKG_ROOT:+--root="$DPKG_ROOT"} --create ingestd.conf || true
    deb-systemd-helper enable ingestd.service >/dev/null || true
    if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
        systemctl daemon-reload
        if [ -z "$2" ]; then
            deb-systemd-invoke start ingestd.service || true
        else
            deb-systemd-invoke try-restart ingestd.service ingestd-web.service || true
        fi
    fi
fi
"""

_PRERM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    deb-systemd-invoke stop ingestd.service ingestd-web.service || true
fi
"""

# Documents are the user's: purge leaves /var/lib/ingestd alone.
_POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
fi
if [ "$1" = purge ]; then
    deb-systemd-helper purge ingestd.service ingestd-web.service >/dev/null || true
    for unit in ingestd ingestd-web; do
        rm -rf "${DPKG_ROOT:-}/etc/systemd/system/$unit.service.d"
    done
    if [ -d "${DPKG_ROOT:-}/var/lib/ingestd" ]; then
        echo "ingestd: documents and database stay in /var/lib/ingestd; remove that folder yourself" >&2
    fi
fi
"""


def build(target: Path, *, with_packages: bool = True) -> Path:
    """Build the package into a folder.

    Args:
        target: the folder.
        with_packages: False leaves the packages of requirements.lock out, compiles and compresses nothing, for a quick
            look at the rest.
    """
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target) as folder:
        root = Path(folder) / "root"
        _environment(root, Path(folder), with_packages=with_packages)
        _settings(root)
        _documents(root)
        _write_control(root)
        architecture = _output("dpkg", "--print-architecture")
        compression = ["-Zxz", "-z3"] if with_packages else ["-Znone"]
        package = target / f"ingestd_{_version()}_{architecture}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", *compression, "--build", root, package], check=True)
    return package


def _environment(root: Path, scratch: Path, *, with_packages: bool) -> None:
    """Lay out a virtual environment of the system's Python, with all packages and compiled modules."""
    site = root / SITE
    site.mkdir(parents=True)
    home = root / HOME
    (home / "bin").mkdir()
    (home / "bin" / "python3").symlink_to("../../../bin/python3")
    (home / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n")
    program = home / "bin" / "ingestd"
    program.write_text(_PROGRAM)
    program.chmod(0o755)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/ingestd").symlink_to("../lib/ingestd/bin/ingestd")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch], cwd=ROOT, check=True)
    (wheel,) = scratch.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    install += ["--target", str(site)]
    if with_packages:
        subprocess.run([*install, "--require-hashes", "-r", ROOT / "requirements.lock"], check=True)
    shutil.rmtree(site / "bin", ignore_errors=True)
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    if with_packages:  # some bring modules for other versions of Python along, which do not compile
        command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", root, site]
        subprocess.run(command, check=False)


def _settings(root: Path) -> None:
    """Lay out units, users, folders, configuration, rules and shell completion."""
    units = root / "usr/lib/systemd/system"
    units.mkdir(parents=True)
    for name in UNITS:
        text = (ROOT / "systemd" / name).read_text(encoding="utf-8")
        (units / name).write_text(text.replace(_PROGRAM_OF_UNITS, "/usr/bin/ingestd"), encoding="utf-8")
    for name, place in (("sysusers.conf", "usr/lib/sysusers.d"), ("tmpfiles.conf", "usr/lib/tmpfiles.d")):
        _copy(ROOT / "systemd" / name, root / place / "ingestd.conf")
    _copy(ROOT / "systemd" / "config.yaml", root / "etc/ingestd/config.yaml")
    shutil.copytree(ROOT / "rules", root / "etc/ingestd/rules")
    for shell, place in _COMPLETIONS.items():
        environment = {**os.environ, "_INGESTD_COMPLETE": f"{shell}_source", "PYTHONPATH": str(ROOT)}
        script = subprocess.run(
            [sys.executable, "-c", "from ingestd.cli import cli; cli(prog_name='ingestd')"],
            env=environment,
            capture_output=True,
            check=False,
        )
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(script.stdout)


def _documents(root: Path) -> None:
    """Lay out manuals, licences, the bill of materials and the manual page."""
    import json

    folder = root / "usr/share/doc/ingestd"
    folder.mkdir(parents=True)
    for manual in sorted((ROOT / "docs").glob("*.md")):
        _copy(manual, folder / manual.name)
    for name in ("README.md", "NOTICE"):
        _copy(ROOT / name, folder / name)
    (folder / "copyright").write_text((ROOT / "NOTICE").read_text(encoding="utf-8") + _LICENCES, encoding="utf-8")
    overrides = root / "usr/share/lintian/overrides/ingestd"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(_OVERRIDES, encoding="utf-8")
    (folder / "ingestd.cdx.json").write_text(json.dumps(bill(), indent=1) + "\n", encoding="utf-8")
    made = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), UTC)
    entry = _CHANGES.format(version=_version(), maintainer=_MAINTAINER, date=format_datetime(made))
    _packed(folder / "changelog.gz", (ROOT / "CHANGELOG.md").read_bytes())
    _packed(folder / "changelog.Debian.gz", entry.encode())
    _packed(root / "usr/share/man/man1/ingestd.1.gz", page().encode())


def _write_control(root: Path) -> None:
    programs = root / HOME / "bin"
    for path in root.rglob("*"):  # wheels mark libraries and modules as executable
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (path.parent == programs and os.access(path, os.X_OK)) else 0o644)
    control = root / "DEBIAN"
    control.mkdir()
    size = sum(path.lstat().st_size for path in root.rglob("*")) // 1024
    fields = {
        "version": _version(),
        "architecture": _output("dpkg", "--print-architecture"),
        "kilobytes": size,
        "maintainer": _MAINTAINER,
    }
    (control / "control").write_text(_CONTROL.format(**fields, python=PYTHON, next=_NEXT), encoding="utf-8")
    (control / "conffiles").write_text("".join(f"/{path}\n" for path in _conffiles(root)), encoding="utf-8")
    for name, script in (("postinst", _POSTINST), ("prerm", _PRERM), ("postrm", _POSTRM)):
        (control / name).write_text(script)
        (control / name).chmod(0o755)


def _conffiles(root: Path) -> Iterator[Path]:
    for path in sorted((root / "etc").rglob("*")):
        if path.is_file():
            yield path.relative_to(root)


def _version() -> str:
    """Return the version as Debian orders it: a pre-release comes before its release."""
    version = version_of(ROOT)
    for mark in ("a", "b", "rc", ".dev"):
        version = version.replace(mark, f"~{mark.lstrip('.')}")
    return f"{version}-1"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _packed(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(content, 9, mtime=0))


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path, help="folder for the package")
    parser.add_argument("--without-packages", action="store_true", help="leave the packages of requirements.lock out")
    options = parser.parse_args()
    print(build(options.target, with_packages=not options.without_packages))
