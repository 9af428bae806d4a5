"""Style sheets, scripts and pictures of the page: read at the start, served by name from memory."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from ingestd.web.errors import Problem

_FOLDER = Path(__file__).parent / "static"
_MONTH_S = 30 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    content: bytes
    media_type: str
    tag: str
    """First hex digits of its SHA-256: part of its address, so that a browser may keep it."""


def load_assets(folder: Path = _FOLDER) -> dict[str, Asset]:
    """Read all files of a folder by name; no path of a request ever reaches the disk."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            content = path.read_bytes()
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            found[path.name] = Asset(content, media_type, hashlib.sha256(content).hexdigest()[:12])
    return found


class Assets:
    """Answers for ``/static/NAME``."""

    def __init__(self) -> None:
        self._assets = load_assets()

    def address(self, name: str) -> str:
        """Address of a file for use in pages; changes with its content.

        Raises:
            KeyError: there is no such file.
        """
        return f"/static/{name}?{self._assets[name].tag}"

    async def send(self, request: Request) -> Response:
        """Send one file; a browser keeps it only under the address that changes with its content."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise Problem(404)
        keep = f"private, max-age={_MONTH_S}, immutable" if request.url.query == asset.tag else "private, no-cache"
        headers = {"Cache-Control": keep, "ETag": f'"{asset.tag}"'}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(asset.content, media_type=asset.media_type, headers=headers)
