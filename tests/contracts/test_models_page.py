"""docs/models.md explains every field of the manifest."""

from __future__ import annotations

import re

import pytest

from ingestd.reading.models import CharsetSource, DetectorEntry, OrientationEntry, RecogniserEntry, load_manifest
from tests.support.places import ROOT

PAGE = (ROOT / "docs/models.md").read_text(encoding="utf-8")
TABLED = {name for row in re.findall(r"^\| (`[^|]+) \|", PAGE, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("entry", [DetectorEntry, RecogniserEntry, OrientationEntry])
def test_every_field_of_an_entry_is_explained(entry: type[DetectorEntry | RecogniserEntry | OrientationEntry]) -> None:
    assert set(entry.model_fields) <= TABLED


def test_no_field_is_explained_that_is_not_there() -> None:
    known = {name for entry in (DetectorEntry, RecogniserEntry, OrientationEntry) for name in entry.model_fields}
    assert known | set(CharsetSource.model_fields) | set(load_manifest().entries) >= TABLED


def test_every_shipped_model_is_listed() -> None:
    assert set(load_manifest().entries) <= TABLED
