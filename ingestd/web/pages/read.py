"""The first screen: a picture is read at once, and its lines stand beside it; nothing is recorded."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ingestd.document import Field, Line, PageInfo, Record
from ingestd.web.errors import Problem
from ingestd.web.incoming import Incoming, files_of
from ingestd.web.ocr import FIELD
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import Services, services, user_of
from ingestd.web.tokens import Role

log = logging.getLogger(__name__)

MAX_DRAWN = 10
"""Pages of which pictures are drawn; the text of all is shown."""
UNSURE = 0.8
"""Confidence below which a line is marked."""
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Shown:
    """Content of the screen for one file."""

    name: str
    sha256: str
    seconds: float
    record: Record
    drawn: int
    """Pages that have pictures, counted from the first."""
    unsure: float = UNSURE

    @property
    def kind(self) -> str:
        """Kind of document."""
        return self.record.extraction.rule

    @property
    def pages(self) -> tuple[PageInfo, ...]:
        """All pages."""
        return self.record.reading.pages

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in reading order."""
        return self.record.reading.lines

    @property
    def fields(self) -> list[Field]:
        """Fields with a value."""
        return [field for field in self.record.extraction.fields if field.value is not None]

    def lines_of(self, page_index: int) -> Iterator[tuple[int, Line]]:
        """Lines of one page with their numbers in the document."""
        return ((number, line) for number, line in enumerate(self.lines) if line.page_index == page_index)

    def fields_of(self, page_index: int) -> list[Field]:
        """Fields that stand on one page."""
        return [field for field in self.fields if field.page_index == page_index]


def screen(request: Request) -> Response:
    """Show the empty screen."""
    user_of(request, Role.READ)
    use = services(request)
    with use.database() as db:
        return use.renderer.page(request, "read.html", {"reading": None, "counts": counts_of(db)})


async def read(request: Request) -> Response:
    """Read the picture in the form field ``image`` and show the result; ``?part=1`` answers without the page around."""
    user_of(request, Role.READ)
    use = services(request)
    is_part = request.query_params.get("part") == "1"
    try:
        with use.reader.places.one():
            async with files_of(request, FIELD, use.reader.folder) as files:
                if len(files) != 1 or not files[0].size_bytes:
                    raise Problem(400, "found no file", code="no-image", fix="choose a picture or PDF")
                shown = await _read(use, files[0])
    except Problem as problem:
        if not is_part:
            raise
        return use.renderer.page(request, "_problem.html", {"problem": problem}, problem.status, problem.headers)
    return use.renderer.page(request, "_reading.html" if is_part else "read.html", {"reading": shown})


async def _read(use: Services, file: Incoming) -> Shown:
    """Read a file, and draw its pages meanwhile: it is gone after this request."""
    begun = use.clock.tick()
    first = asyncio.create_task(use.pictures.page(file.path, file.sha256, 0))
    try:
        record = await use.reader.read(file.path, file.sha256, file.name)
        seconds = use.clock.tick() - begun
    finally:
        await asyncio.wait((first,))
    drawn = 0
    try:
        for page in record.reading.pages[:MAX_DRAWN]:
            if page.fault is None:
                await use.pictures.page(file.path, file.sha256, page.index)
            drawn += 1
    except Problem as problem:  # the text is there, and the page says which pictures are not
        log.warning("page %d of a file that was read cannot be drawn: %s", drawn + 1, problem)
    return Shown(file.name, file.sha256, seconds, record, drawn)


async def picture(request: Request) -> Response:
    """Send a page that was drawn for :func:`read`, as long as it is kept."""
    user_of(request, Role.READ)
    sha256, page = request.path_params["sha256"], request.path_params["page"]
    content = services(request).pictures.kept(sha256, page) if _SHA256.fullmatch(sha256) else None
    if content is None:
        raise Problem(404, "the picture of this page is no longer kept", fix="read the file again")
    return Response(content, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})
