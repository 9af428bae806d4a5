"""Speed of searchable copies: ``python -m lab.bench.copies [--pages N]``, one thread, without reading."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path

import cv2
from PIL import Image

from ingestd.app.pipelines import build_recording, manifest_of, rules_of
from ingestd.config import parse
from ingestd.document import Reading
from ingestd.reading.admit import admit
from lab.bench.product import claimed
from lab.corpus.pdf import pdf, scan_page

_SAMPLE = Path(__file__).parents[2] / "samples" / "cn-vat-invoice.jpg"


def main() -> None:
    """Print pages per second of a stack of one Chinese scan, whose lines are read once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    count = parser.parse_args().pages
    cv2.setNumThreads(1)
    config = parse("inboxes: [{path: inbox}]\noutput: {searchable_pdf: beside}", Path("/nowhere/config.yaml"))
    pipeline = build_recording(config, rules_of(config), manifest_of(config))
    assert pipeline.copy is not None
    one = pipeline(claimed(_SAMPLE)).reading
    with Image.open(_SAMPLE) as picture:
        page = scan_page(picture.convert("RGB"), size=(picture.width * 0.36, picture.height * 0.36))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stack.pdf"
        path.write_bytes(pdf(*[page] * count))
        lines = tuple(dataclasses.replace(line, page_index=index) for index in range(count) for line in one.lines)
        pages = tuple(dataclasses.replace(one.pages[0], index=index) for index in range(count))
        admitted = admit(claimed(path), config.admit)
        begun = time.perf_counter()
        copy = pipeline.copy(admitted, Reading(pages, lines, ()))
        seconds = time.perf_counter() - begun
    assert copy is not None and not copy.problem, copy
    print(f"{count} pages of {len(one.lines)} lines in {seconds:.2f} s: {count / seconds:.0f} pages/s")


if __name__ == "__main__":
    main()
