"""Pages that are made from the code are up to date."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.places import ROOT

DOCS = ROOT / "docs"


def test_pages_are_what_the_code_says() -> None:
    check = subprocess.run(
        [sys.executable, str(DOCS / "generate.py"), "--check"],
        cwd=DOCS.parent,
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (check.returncode, check.stdout) == (0, ""), check.stdout + check.stderr


def test_every_key_of_the_shipped_configuration_is_explained() -> None:
    reference = (DOCS / "configuration.md").read_text(encoding="utf-8")
    shipped = (DOCS.parent / "config.yaml").read_text(encoding="utf-8")
    keys = {row.split(":")[0].strip(" -#") for row in shipped.splitlines() if ":" in row and not row.startswith("# ")}
    for key in keys - {""}:
        assert f"`{key}`" in reference or f"## {key}" in reference, key
