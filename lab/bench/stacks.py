"""Division of drawn stacks: ``python -m lab.bench.stacks [--count N]`` compares pages of papers with the truth."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingestd.app.pipelines import build_pipeline, manifest_of, rules_of
from ingestd.config import parse
from ingestd.document import OF_NO_PAPER, Claim, PageRole, Record, Split, Splitting
from ingestd.files.identity import digest
from lab.corpus.stack import Stack, drawn_stack, two_passes

SPLITTINGS = (
    Splitting(Split.BLANK),
    Splitting(Split.PATCH),
    Splitting(Split.CODE, r"DOC-\d+"),
    Splitting(Split.CONTENT),
)
_CONFIG = "inboxes: [{path: inbox}]\ndecode: {pdf_dpi: 100}\n"

Read = Callable[[Claim], Record]


def reader() -> Read:
    """Build the pipeline that reads the stacks: pages with a text layer, and separators as pictures."""
    config = parse(_CONFIG, Path("/nowhere/config.yaml"))
    return build_pipeline(config, rules_of(config), manifest_of(config))


def divided(stack: Stack, splitting: Splitting, read: Read, folder: Path) -> Record:
    """Read a stack as an inbox with this splitting has it read."""
    path = folder / "stack.pdf"
    path.write_bytes(stack.content)
    return read(Claim(path, path, path.stat().st_size, digest(path), attempt=1, splitting=splitting))


def collated(fronts: bytes, backs: bytes, read: Read, folder: Path) -> bytes:
    """Make one file of two passes as a worker does."""
    paths = folder / "fronts.pdf", folder / "backs.pdf"
    for path, content in zip(paths, (fronts, backs), strict=True):
        path.write_bytes(content)
    path, back = paths
    made = read(Claim(path, path, path.stat().st_size, digest(path), attempt=1, backs=back)).collated
    assert made is not None
    return made


def papers_of(record: Record) -> tuple[tuple[int, ...], ...]:
    """List the pages of each paper of a record."""
    found = record.extraction
    return (found.pages or tuple(range(len(record.reading.pages))), *(paper.pages for paper in found.further))


def is_accounted(record: Record) -> bool:
    """Tell whether each page is in one paper, or is one of no paper."""
    left_out = [page.index for page in record.reading.pages if page.role in OF_NO_PAPER]
    of_papers = [index for pages in papers_of(record) for index in pages]
    return sorted([*left_out, *of_papers]) == [page.index for page in record.reading.pages]


def pages_with(record: Record, role: PageRole) -> tuple[int, ...]:
    """List the pages with a role."""
    return tuple(page.index for page in record.reading.pages if page.role is role)


def main() -> None:
    """Print how many stacks are divided as drawn, by what separates their papers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="Number of the first stack; stacks depend on it alone.")
    options = parser.parse_args()
    count, numbers = options.count, range(options.first, options.first + options.count)
    read = reader()
    right, pages, unaccounted = Counter[str](), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            splitting = SPLITTINGS[number % len(SPLITTINGS)]
            rng = np.random.default_rng(number)
            stack = drawn_stack(rng, splitting.by)
            if number % 8 >= len(SPLITTINGS):  # every other stack of each kind
                fronts, backs, stack = two_passes(rng, stack)
                stack = replace(stack, content=collated(fronts, backs, read, Path(folder)))
            record = divided(stack, splitting, read, Path(folder))
            pages += len(record.reading.pages)
            unaccounted += not is_accounted(record)
            found = papers_of(record), pages_with(record, PageRole.BLANK), pages_with(record, PageRole.SEPARATOR)
            if found == (stack.papers, stack.blank, stack.separators):
                right[splitting.by] += 1
            else:
                print(f"stack {number}, {splitting.by}: found {found}, drawn {stack.papers}, {stack.blank}")
    each = Counter(SPLITTINGS[number % len(SPLITTINGS)].by for number in numbers)
    print(f"{count} stacks, {pages} pages; {unaccounted} with a page in no or two papers")
    for by, of in each.items():
        print(f"{by}: {right[by]} of {of} as drawn")


if __name__ == "__main__":
    main()
