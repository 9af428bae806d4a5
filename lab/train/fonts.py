"""Which fonts lines are drawn with, where they come from and under which licence.

Files are fetched from the package archives of Debian and npm, never committed. Families marked
HELD_OUT are drawn only for evaluation; training never sees them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTCollection, TTFont

Source = Literal["debian", "npm"]


class Split(StrEnum):
    """What a family may be used for."""

    TRAIN = "train"
    HELD_OUT = "held-out"


@dataclass(frozen=True)
class Family:
    """One package and the faces taken from it."""

    package: str
    licence: str
    faces: tuple[str, ...]
    """File names; ``name.ttc#2`` is the third font of a collection."""
    han: bool = False
    """Draws Chinese; the others only ASCII."""
    split: Split = Split.TRAIN
    weight: float = 1.0
    """Share among families of its script."""
    written: bool = False
    """Looks like handwriting."""
    source: Source = "debian"


def _held(family: str, licence: str, *faces: str, han: bool = False, weight: float = 1.0) -> Family:
    return Family(family, licence, faces, han, Split.HELD_OUT, weight)


def _npm(name: str, subset: str, *, han: bool = False, split: Split = Split.TRAIN, weight: float = 1.0) -> Family:
    face = f"{name}-{subset}-400-normal.woff2"
    return Family(f"@fontsource/{name}", "OFL-1.1", (face,), han, split, weight, written=han, source="npm")


OFL, FREE, VERA = "OFL-1.1", "GPL-3.0 with font exception", "Bitstream Vera"
SERIF, HEI, KAI = "fonts-noto-cjk", "fonts-wqy-microhei", "fonts-lxgw-wenkai"

FAMILIES = (
    Family("fonts-noto-cjk", OFL, ("NotoSansCJK-Regular.ttc#2", "NotoSansCJK-Bold.ttc#2"), True, weight=5),
    Family("fonts-wqy-zenhei", "GPL-2.0 with font exception", ("wqy-zenhei.ttc#0",), True, weight=2),
    Family("fonts-arphic-uming", "Arphic", ("uming.ttc#0",), True, weight=4),
    Family("fonts-arphic-ukai", "Arphic", ("ukai.ttc#0",), True, weight=1.5),
    Family("fonts-arphic-gbsn00lp", "Arphic", ("gbsn00lp.ttf",), True, weight=4),
    Family("fonts-arphic-gkai00mp", "Arphic", ("gkai00mp.ttf",), True, weight=1.5),
    _npm("ma-shan-zheng", "chinese-simplified", han=True, weight=1),
    _npm("long-cang", "chinese-simplified", han=True, weight=1),
    _held(SERIF, OFL, "NotoSerifCJK-Regular.ttc#2", "NotoSerifCJK-Bold.ttc#2", han=True, weight=5),
    _held(HEI, "Apache-2.0 or GPL-3.0 with font exception", "wqy-microhei.ttc#0", han=True, weight=3),
    _held(KAI, OFL, "LXGWWenKai-Regular.ttf", han=True, weight=1.5),
    _npm("zhi-mang-xing", "chinese-simplified", han=True, split=Split.HELD_OUT, weight=0),
    Family(
        "fonts-liberation",
        OFL,
        (
            "LiberationSans-Regular.ttf",
            "LiberationSans-Bold.ttf",
            "LiberationSerif-Regular.ttf",
            "LiberationSerif-Bold.ttf",
            "LiberationSansNarrow-Regular.ttf",
        ),
        weight=5,
    ),
    Family(
        "fonts-dejavu-core",
        VERA,
        ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
        weight=3,
    ),
    Family("fonts-freefont-ttf", FREE, ("FreeMono.ttf", "FreeMonoBold.ttf", "FreeSans.ttf"), weight=3),
    Family("fonts-inconsolata", OFL, ("Inconsolata.otf",), weight=1),
    Family("fonts-courier-prime", OFL, ("Courier Prime.otf", "Courier Prime Bold.otf"), weight=2),
    Family("fonts-roboto-unhinted", "Apache-2.0", ("Roboto-Regular.ttf", "RobotoCondensed-Regular.ttf"), weight=2),
    Family("fonts-ocr-b", "OCR-B freeware", ("OCRB.otf",), weight=0.7),
    _npm("vt323", "latin", weight=1),
    _npm("share-tech-mono", "latin", weight=1),
    _npm("special-elite", "latin", weight=0.7),
    _held("fonts-liberation", OFL, "LiberationMono-Regular.ttf", "LiberationMono-Bold.ttf", weight=2),
    _held("fonts-dejavu-extra", VERA, "DejaVuSerif.ttf", weight=1),
    _held("fonts-freefont-ttf", FREE, "FreeSerif.ttf", weight=1),
)

WORD_LISTS = {
    "american-english": "wamerican",
    "ngerman": "wngerman",
    "french": "wfrench",
    "spanish": "wspanish",
    "dutch": "wdutch",
    "portuguese": "wportuguese",
}
"""Files and the Debian packages they are in, fetched beside the fonts; used for text, never redistributed."""


@dataclass(frozen=True)
class Face:
    """One font that can be drawn with."""

    path: Path
    index: int
    coverage: frozenset[str]
    han: bool
    written: bool
    weight: float


def _unpack_debian(package: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["apt-get", "download", "-q", package], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.deb")
        subprocess.run(["dpkg", "-x", str(archive), scratch], check=True)
        _collect(Path(scratch), folder)


def _unpack_npm(package: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["npm", "pack", "--silent", package], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(scratch).glob("*.tgz")
        with tarfile.open(archive) as contents:
            contents.extractall(scratch, filter="data")
        _collect(Path(scratch), folder)


def _collect(tree: Path, folder: Path) -> None:
    """Copy what the table names into one flat folder."""
    wanted = {face.split("#")[0] for family in FAMILIES for face in family.faces} | set(WORD_LISTS)
    for path in tree.rglob("*"):
        if path.name in wanted and path.is_file() and not path.is_symlink():
            shutil.copyfile(path, folder / path.name)


def fetch(folder: Path) -> None:
    """Fetch every package that is not there yet, and write licences.json beside the fonts.

    Raises:
        FileNotFoundError: when a package no longer has a file that the table names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    needs = {(family.source, family.package, face.split("#")[0]) for family in FAMILIES for face in family.faces}
    needs |= {("debian", package, name) for name, package in WORD_LISTS.items()}
    for source, package in sorted({(s, p) for s, p, name in needs if not (folder / name).exists()}):
        (_unpack_debian if source == "debian" else _unpack_npm)(package, folder)
    if lost := sorted(f"{package}: {name}" for _, package, name in needs if not (folder / name).exists()):
        raise FileNotFoundError(f"not in the package any more: {', '.join(lost)}")
    licences = {family.package: family.licence for family in FAMILIES}
    (folder / "licences.json").write_text(json.dumps(licences, indent=1), encoding="utf-8")


@cache
def _coverage(path: Path, index: int) -> frozenset[str]:
    font = TTCollection(path, lazy=True).fonts[index] if path.suffix == ".ttc" else TTFont(path, lazy=True)
    return frozenset(chr(code) for code in font.getBestCmap())


def load(folder: Path, split: Split) -> tuple[Face, ...]:
    """Faces of a split, their weights spread over the faces of each family.

    Raises:
        FileNotFoundError: when ``fetch`` has not been run.
    """
    faces = []
    for family in FAMILIES:
        if family.split is not split:
            continue
        for name in family.faces:
            file, _, index = name.partition("#")
            path = folder / file
            if not path.exists():
                raise FileNotFoundError(f"{path}: missing; run 'python -m lab.train fonts --into {folder}'")
            coverage = _coverage(path, int(index or 0))
            weight = family.weight / len(family.faces)
            faces.append(Face(path, int(index or 0), coverage, family.han, family.written, weight))
    return tuple(faces)
