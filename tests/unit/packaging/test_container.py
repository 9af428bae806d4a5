"""The container recipe: its steps are tried without a builder."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from ingestd.config import parse
from tests.support.places import ROOT

FOLDER = ROOT / "packaging" / "container"
RECIPE = re.sub(r"\\\n", " ", (FOLDER / "Containerfile").read_text(encoding="utf-8"))
STEPS = [tuple(row.split(maxsplit=1)) for row in RECIPE.splitlines() if row and not row.startswith("#")]


def arguments(name: str) -> list[str]:
    return [rest for step, rest in STEPS if step == name]


def test_everything_that_is_copied_is_there() -> None:
    for copied in arguments("COPY"):
        *sources, _ = [word for word in shlex.split(copied) if not word.startswith("--")]
        if "--from=" not in copied:
            assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_wheel_can_be_built_from_what_is_copied() -> None:
    copied = " ".join(arguments("COPY"))
    included = re.findall(r'^"(\S+)" = "ingestd/shipped', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert included
    for needed in ("ingestd", "pyproject.toml", "README.md", "LICENSE", "NOTICE", *included):
        assert needed in copied.split(), needed


def test_it_is_pinned_and_runs_as_a_user_without_rights() -> None:
    assert all(re.search(r":\d", image.split()[0]) for image in arguments("FROM"))
    assert "--require-hashes -r requirements.lock" in RECIPE
    assert arguments("USER") == ["10001:10001"]
    assert arguments("VOLUME") == ["/data"]
    assert arguments("HEALTHCHECK")


def test_nothing_but_data_is_written(tmp_path: Path) -> None:
    config = parse((FOLDER / "config.yaml").read_text(encoding="utf-8"), tmp_path / "config.yaml")
    spool = config.spool
    written = (spool.work, spool.archive, spool.failed, config.record.database, config.web.tokens, config.extract.rules)
    assert all(Path("/data") in path.parents for path in (*written, config.inboxes[0].path) if path is not None)


@pytest.mark.parametrize("with_token", [False, True])
def test_the_start_makes_data_ready_once(tmp_path: Path, with_token: bool) -> None:
    programs, data = tmp_path / "bin", tmp_path / "data"
    for folder in (programs, data):
        folder.mkdir()
    (programs / "ingestd").write_text('#!/bin/sh\necho "$@" >> "$LOG"\nif [ "$1" = init ]; then mkdir "$2/rules"; fi\n')
    (programs / "ingestd").chmod(0o755)
    if with_token:
        (data / "web-tokens.json").touch()
    log = tmp_path / "log"
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "LOG": str(log), "DATA": str(data), "SETTINGS": str(FOLDER)}
    for _ in range(2):
        subprocess.run([FOLDER / "start.sh"], env=environment, check=True, capture_output=True, timeout=30)
    run = f"run {'--page ' if with_token else ''}-c {data}/config.yaml"
    assert log.read_text().splitlines() == [f"init {data}", run, run]
    assert (data / "inbox").is_dir()


def test_the_builder_script_says_what_is_missing(tmp_path: Path) -> None:
    for name in ("sh", "dirname"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        ["/bin/sh", FOLDER / "build.sh"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "podman" in done.stderr
    builder = tmp_path / "podman"
    builder.write_text('#!/bin/sh\necho "$@"\n')
    builder.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", FOLDER / "build.sh"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "build -t ingestd -f packaging/container/Containerfile .\n"
