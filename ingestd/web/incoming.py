"""Files out of requests, onto the disk: hashed on the way, under names that no sender chooses."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ingestd.files.encoding import path_text
from ingestd.web.errors import Problem

_PIECE = 1 << 20
_MAX_FILES = 20
"""Of one request."""
_MAX_FIELDS = 20
_NAMELESS = "picture"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One received file."""

    path: Path
    sha256: str
    size_bytes: int
    name: str
    """As the sender calls it, without folders; never used as a path."""


@asynccontextmanager
async def files_of(request: Request, field: str, folder: Path) -> AsyncIterator[list[Incoming]]:
    """Receive the files of a form for the block; what still lies in ``folder`` afterwards is removed.

    Args:
        request: multipart/form-data.
        field: name of the form field.
        folder: on the disk where they are to lie.

    Raises:
        Problem: 400, the form cannot be read; 415, it is not a form; 413 and 408 as the guard has it.
    """
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        raise Problem(
            415, "found no multipart/form-data", code="not-a-form", fix=f"send a form with the file {field!r}"
        )
    received: list[Incoming] = []
    try:
        try:
            form = await request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS)
        except HTTPException as error:
            raise Problem(400, f"found a form that cannot be read ({error.detail})") from error
        try:
            for item in form.getlist(field):
                if isinstance(item, UploadFile):
                    received.append(await anyio.to_thread.run_sync(_stored, item, folder))
        finally:
            await form.close()
        yield received
    finally:
        for one in received:
            one.path.unlink(missing_ok=True)


def _stored(item: UploadFile, folder: Path) -> Incoming:
    path = folder / secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as target:
            while piece := item.file.read(_PIECE):
                digest.update(piece)
                size += target.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Incoming(path, digest.hexdigest(), size, base_name(item.filename))


def base_name(sent: str | None) -> str:
    r"""Last part of a file name as sent, whichever system it comes from.

    >>> base_name("C:\\scans\\a.jpg"), base_name("../../etc/passwd"), base_name(""), base_name("..")
    ('a.jpg', 'passwd', 'picture', 'picture')
    """
    last = (sent or "").replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    return _NAMELESS if last in ("", ".", "..") else path_text(last)
