"""Originals and pictures of their pages: found by the id of their document, never by a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import anyio.to_thread
from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ingestd.files.encoding import path_from
from ingestd.files.identity import digest
from ingestd.files.media_types import NOUNS
from ingestd.web.errors import Problem
from ingestd.web.services import Services, services, user_of
from ingestd.web.tokens import Role

_PIECE = 1 << 20
_MAX_ID = (1 << 63) - 1
_DAY_S = 24 * 3600


async def page(request: Request) -> Response:
    """Send a page of a document as PNG."""
    user_of(request, Role.READ)
    use = services(request)
    original, sha256, _, _ = await anyio.to_thread.run_sync(_locate, use, document_id(request))
    content = await use.pictures.page(original, sha256, request.path_params["page"])
    headers = {"Cache-Control": f"private, max-age={_DAY_S}", "ETag": f'"{sha256}"'}
    return Response(content, media_type="image/png", headers=headers)


def original(request: Request) -> Response:
    """Send an original as an attachment: a browser saves it and never shows it."""
    user_of(request, Role.READ)
    path, sha256, name, media_type = _locate(services(request), document_id(request))
    try:
        if digest(path) != sha256:
            raise Problem(
                410,
                "the original has changed since it was recorded",
                code="changed",
                fix="restore it from a backup; 'ingestd verify' lists what differs",
            )
        file = path.open("rb")
    except OSError as error:
        raise gone(error) from error

    def pieces() -> Iterator[bytes]:
        with file:
            while piece := file.read(_PIECE):
                yield piece

    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    known = media_type if media_type in NOUNS else "application/octet-stream"
    return StreamingResponse(pieces(), media_type=known, headers=headers)


def document_id(request: Request) -> int:
    """Return the id in the address.

    Raises:
        Problem: 404, no document can have it.
    """
    number: int = request.path_params["id"]
    if number > _MAX_ID:
        raise no_document()
    return number


def no_document() -> Problem:
    """The answer where there is no document of an id."""
    return Problem(404, "there is no document of this number", fix="look for it in the list of documents")


def gone(error: OSError) -> Problem:
    """The answer where an original is recorded but not there."""
    return Problem(
        410,
        f"the original cannot be read ({error.strerror})",
        code="gone",
        fix="restore it from a backup; 'ingestd verify' lists what is missing",
    )


def _locate(use: Services, number: int) -> tuple[Path, str, str, str]:
    """Path, SHA-256, name and media type of an original."""
    with use.database() as db:
        return locate(db, number)


def locate(db: Database, number: int) -> tuple[Path, str, str, str]:
    """Look up path, SHA-256, name and media type of an original.

    Raises:
        Problem: 404, there is no such document.
    """
    row = db.execute(
        "SELECT coalesce(archive_path, source_path), sha256, name, media_type FROM documents WHERE id = ?", [number]
    ).fetchone()
    if row is None:
        raise no_document()
    return path_from(row[0]), row[1], row[2], row[3]
