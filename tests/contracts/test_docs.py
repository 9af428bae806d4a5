"""Pages that are made from the code are up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
_spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
assert _spec is not None
assert _spec.loader is not None
generate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(generate)


@pytest.mark.parametrize("name", generate.PAGES)
def test_page_is_what_the_code_says(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run 'make docs'"


def test_every_key_of_the_shipped_configuration_is_explained() -> None:
    reference = (DOCS / "configuration.md").read_text(encoding="utf-8")
    shipped = (DOCS.parent / "config.yaml").read_text(encoding="utf-8")
    keys = {row.split(":")[0].strip(" -#") for row in shipped.splitlines() if ":" in row and not row.startswith("# ")}
    for key in keys - {""}:
        assert f"`{key}`" in reference or f"## {key}" in reference, key
