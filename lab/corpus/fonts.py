"""Faces by role, found where Debian's packages put them. Fonts are needed to draw, never to look at samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from PIL import ImageFont

from ingestd.errors import IngestdError


class FontMissingError(IngestdError):
    """A font file is not there; the message names the package that has it."""


class Fonts(Protocol):
    """Where faces come from; an argument, so that tests need no fonts installed."""

    def face(self, name: str, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the face with that role (``kai``, ``song`` ...) at a size in pixels per em."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face of one file of a Debian package."""

    package: str
    path: str
    index: int = 0


FACES: Mapping[str, FontFile] = {
    "kai": FontFile("fonts-arphic-gkai00mp", "arphic-gkai00mp/gkai00mp.ttf"),
    "song": FontFile("fonts-arphic-uming", "arphic/uming.ttc"),
    "sans": FontFile("fonts-liberation", "liberation/LiberationSans-Regular.ttf"),
    "sans-bold": FontFile("fonts-liberation", "liberation/LiberationSans-Bold.ttf"),
    "serif-bold": FontFile("fonts-liberation", "liberation/LiberationSerif-Bold.ttf"),
    "courier": FontFile("fonts-liberation", "liberation/LiberationMono-Regular.ttf"),
    "mono": FontFile("fonts-dejavu-core", "dejavu/DejaVuSansMono.ttf"),
    "mono-bold": FontFile("fonts-dejavu-core", "dejavu/DejaVuSansMono-Bold.ttf"),
}
"""Role -> file. Liberation Sans has the widths of Helvetica, which is what makes PDF text and pictures agree."""


class InstalledFonts:
    """Fonts of Debian's packages.

    Args:
        root: the folder that holds the packages' folders.
    """

    def __init__(self, root: Path = Path("/usr/share/fonts/truetype")) -> None:
        self._root = root
        self._load = lru_cache(maxsize=256)(self._open)

    def face(self, name: str, size_px: int) -> ImageFont.FreeTypeFont:
        """Return a face.

        Raises:
            FontMissingError: its package is not installed.
        """
        return self._load(name, size_px)

    def _open(self, name: str, size_px: int) -> ImageFont.FreeTypeFont:
        file = FACES[name]
        path = self._root / file.path
        if not path.is_file():
            raise FontMissingError(f"{path} is missing; install the Debian package {file.package}")
        return ImageFont.truetype(path, size_px, index=file.index, layout_engine=ImageFont.Layout.BASIC)
