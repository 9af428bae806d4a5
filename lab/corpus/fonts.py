"""Fonts: faces by role for documents, families by script for training lines, and where they come from.

The table is fonts.toml. Fonts are needed to draw, never to look at what was drawn.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, Protocol

from PIL import ImageFont

from ingestd.errors import IngestdError

_TABLE = tomllib.loads(Path(__file__).with_name("fonts.toml").read_text(encoding="utf-8"))


class FontMissingError(IngestdError):
    """A font file is missing; the message names the package that has it."""


class Fonts(Protocol):
    """Source of faces; an argument, so that tests need no fonts installed."""

    def face(self, name: str, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the face with that role (``kai``, ``song`` ...) at a size in pixels per em."""


@dataclass(frozen=True, slots=True)
class FontFile:
    """One face of a Debian package."""

    package: str
    path: str


FACES: Mapping[str, FontFile] = {role: FontFile(**file) for role, file in _TABLE["roles"].items()}
"""Role -> file."""


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
        path = self._root / FACES[name].path
        if not path.is_file():
            raise FontMissingError(f"{path} is missing; install the Debian package {FACES[name].package}")
        return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)


class BuiltinFonts:
    """The face inside Pillow, for drawings that must not depend on what is installed; it draws Chinese as boxes."""

    def face(self, name: str, size_px: int) -> ImageFont.FreeTypeFont:
        """Return the face, the same for every role."""
        return _builtin(size_px)


@cache
def _builtin(size_px: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size_px)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


class Split(StrEnum):
    """Use of a family."""

    TRAIN = "train"
    HELD_OUT = "held-out"


@dataclass(frozen=True, slots=True)
class Family:
    """A package and the faces taken from it; fonts.toml explains the columns."""

    package: str
    licence: str
    weight: float
    faces: tuple[str, ...]
    han: bool = False
    written: bool = False
    held_out: bool = False
    source: Literal["debian", "npm"] = "debian"

    @property
    def split(self) -> Split:
        """Use of the family."""
        return Split.HELD_OUT if self.held_out else Split.TRAIN


FAMILIES = tuple(Family(**family | {"faces": tuple(family["faces"])}) for family in _TABLE["lines"]["families"])
WORD_LISTS: Mapping[str, str] = _TABLE["word_lists"]
"""File -> Debian package."""


@dataclass(frozen=True)
class Face:
    """One font that lines can be drawn with."""

    path: Path
    index: int
    coverage: frozenset[str]
    han: bool
    written: bool
    weight: float


def fetch(folder: Path) -> None:
    """Fetch every package that is not there yet, and write licences.json beside the fonts.

    Raises:
        FileNotFoundError: a package no longer has a file that the table names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    needs = {(family.source, family.package, face.split("#")[0]) for family in FAMILIES for face in family.faces}
    needs |= {("debian", package, name) for name, package in WORD_LISTS.items()}
    wanted = {name for _, _, name in needs}
    for source, package in sorted({(s, p) for s, p, name in needs if not (folder / name).exists()}):
        with tempfile.TemporaryDirectory() as scratch:
            (_unpack_debian if source == "debian" else _unpack_npm)(package, Path(scratch))
            for path in Path(scratch).rglob("*"):
                if path.name in wanted and path.is_file() and not path.is_symlink():
                    shutil.copyfile(path, folder / path.name)
    if lost := sorted(f"{package}: {name}" for _, package, name in needs if not (folder / name).exists()):
        raise FileNotFoundError(f"not in the package any more: {', '.join(lost)}")
    licences = {family.package: family.licence for family in FAMILIES}
    (folder / "licences.json").write_text(json.dumps(licences, indent=1), encoding="utf-8")


def _unpack_debian(package: str, folder: Path) -> None:
    subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.deb")
    subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)


def _unpack_npm(package: str, folder: Path) -> None:
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as contents:
        contents.extractall(folder, filter="data")


PACKED = "faces.json"
"""Table of a folder whose training faces were cut to the charset: rows of file, han, written and weight."""


def load(folder: Path, split: Split) -> tuple[Face, ...]:
    """Load the faces of a split, the weight of each family spread over its faces.

    Raises:
        FileNotFoundError: a file is missing because ``fetch`` has not run.
    """
    if split is Split.TRAIN and (folder / PACKED).exists():
        rows = json.loads((folder / PACKED).read_text(encoding="utf-8"))
        return tuple(_packed(folder / row.pop("file"), **row) for row in rows)
    faces = []
    for family in FAMILIES:
        for name in family.faces if family.split is split else ():
            file, _, index = name.partition("#")
            path = folder / file
            if not path.exists():
                raise FileNotFoundError(f"{path}: missing; run 'python -m lab.train fonts --into {folder}'")
            coverage, weight = _coverage(path, int(index or 0)), family.weight / len(family.faces)
            faces.append(Face(path, int(index or 0), coverage, family.han, family.written, weight))
    return tuple(faces)


def _packed(path: Path, *, han: bool, written: bool, weight: float) -> Face:
    return Face(path, 0, _coverage(path, 0), han, written, weight)


@cache
def _coverage(path: Path, index: int) -> frozenset[str]:
    from fontTools.ttLib import TTCollection, TTFont  # of the train extra; documents are drawn without it

    font = TTCollection(path, lazy=True).fonts[index] if path.suffix == ".ttc" else TTFont(path, lazy=True)
    return frozenset(chr(code) for code in font.getBestCmap())
