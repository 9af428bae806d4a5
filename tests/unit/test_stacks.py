"""Stacks from file to record: each page is in one paper, separators and blank pages in none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingestd.document import Claim, PageRole, Paper, Record, Split, Splitting, Status
from ingestd.store.documents import load_document
from lab.bench.stacks import SPLITTINGS, Read, collated, divided, is_accounted, pages_with, papers_of, reader
from lab.corpus.stack import drawn_stack, two_passes
from tests.support.crashes import crash_before
from tests.support.records import record
from tests.support.world import World


@pytest.fixture(scope="module")
def read() -> Read:
    return reader()


@pytest.mark.parametrize("splitting", SPLITTINGS, ids=lambda splitting: splitting.by.value)
def test_drawn_stacks_are_divided_as_drawn(read: Read, splitting: Splitting, tmp_path: Path) -> None:
    stack = drawn_stack(np.random.default_rng(4), splitting.by)
    found = divided(stack, splitting, read, tmp_path)
    assert papers_of(found) == stack.papers
    assert pages_with(found, PageRole.BLANK) == stack.blank
    assert pages_with(found, PageRole.SEPARATOR) == stack.separators
    assert is_accounted(found)


def test_a_stack_in_two_passes_is_divided_as_one_in_a_single_pass(read: Read, tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    fronts, backs, stack = two_passes(rng, drawn_stack(rng, Split.PATCH))
    whole = replace(stack, content=collated(fronts, backs, read, tmp_path))
    found = divided(whole, Splitting(Split.PATCH), read, tmp_path)
    assert papers_of(found) == stack.papers
    assert pages_with(found, PageRole.BLANK) == stack.blank
    assert is_accounted(found)


def stack_record(claim: Claim) -> Record:
    """Three pages: a paper, the sheet that separates it, another paper."""
    read = record(claim.source_path.name, pages=3)
    roles = (PageRole.BEGINS, PageRole.SEPARATOR, PageRole.BEGINS)
    infos = tuple(replace(page, role=role) for page, role in zip(read.reading.pages, roles, strict=True))
    second = Paper((2,), None, "invoice", read.extraction.fields, (), Status.DONE)
    return replace(
        read,
        sha256=claim.sha256,
        reading=replace(read.reading, pages=infos),
        extraction=replace(read.extraction, pages=(0,), further=(second,)),
    )


@pytest.mark.parametrize("crash_at", range(1, 9))
def test_a_crash_leaves_no_page_out_and_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, split: patch}")
    world.engine.work = stack_record
    world.drop("a.png")
    with crash_before(crash_at, monkeypatch):
        world.run(8)
    world.restart()
    world.engine.work = stack_record
    world.run(30)
    assert world.files("archive") == ["2026/08/a.png", "2026/08/a.png.json"]
    found = load_document(world.db, 1).record
    assert is_accounted(found)
    assert papers_of(found) == ((0,), (2,))


def test_the_inbox_says_how_its_files_are_divided(tmp_path: Path) -> None:
    world = World(tmp_path, "{path: inbox, watch: polling, split: code, split_code: 'DOC-.+', split_code_pages: drop}")
    world.drop("a.png")
    world.run(5)
    (claim,) = world.engine.claims
    assert claim.splitting == Splitting(SPLITTINGS[2].by, "DOC-.+", code_separates=True)
