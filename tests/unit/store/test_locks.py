"""The lock files: complete, in step with pyproject.toml, and free of this or that machine's places."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.places import ROOT

RUNTIME, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+) \\$", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in _PIN.findall(path.read_text(encoding="utf-8"))}


def wanted(*extras: str) -> list[str]:
    optional = PROJECT["project"]["optional-dependencies"]
    texts = PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]
    return [*texts, *(text for extra in extras for text in optional[extra])]


@pytest.mark.parametrize(("path", "extras"), [(RUNTIME, ()), (DEVELOPMENT, ("heic", "bench", "metrics", "dev"))])
def test_everything_wanted_is_pinned_to_a_version_that_fits(path: Path, extras: tuple[str, ...]) -> None:
    pinned = pins(path)
    for text in wanted(*extras):
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in pinned, f"{name} is not in {path.name}: make lock"
        assert requirement.specifier.contains(pinned[name]), f"{text} is not met by {pinned[name]}: make lock"


def test_development_has_the_same_versions_as_runtime() -> None:
    assert pins(RUNTIME).items() <= pins(DEVELOPMENT).items()


@pytest.mark.parametrize("path", [RUNTIME, DEVELOPMENT])
def test_every_pin_has_hashes_and_nothing_names_a_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    blocks = re.split(_PIN.pattern, text, flags=re.MULTILINE)
    assert len(blocks) > 30 * 3
    for name, block in zip(blocks[1::3], blocks[3::3], strict=True):
        assert "--hash=sha256:" in block, name
    assert not re.search(r"https?:|file://|--index-url|--extra-index|--find-links|--trusted-host|/home/|/tmp/", text)
