"""Puts everything that a run on another machine needs into one folder: fonts cut to the charset, lines, weights."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from fontTools import subset
from fontTools.ttLib import TTFont

from lab.corpus import fonts
from lab.train import charset, dataset, degrade, pretrained, real, scoring
from lab.train.dataset import Line
from lab.train.export import blend, restore
from lab.train.model import Crnn
from lab.train.transplant import SILENT, transplant

_TABLES = (
    "GSUB",
    "GPOS",
    "GDEF",
    "BASE",
    "vhea",
    "vmtx",
    "VORG",
    "DSIG",
    "kern",
    "EBDT",
    "EBLC",
    "FFTM",
    "STAT",
    "BDF",
    "mort",
)
"""Tables of fonts beyond outlines and widths."""
_LEFT_OUT = ("gkai00mp.ttf",)
"""Faces whose design another one has as well: the machine takes little along."""
_QUALITY, _REAL_QUALITY = 92, 78
"""JPEG quality of development lines and of real training lines."""
_WORDS = 6
"""Every n-th word of a list is taken along."""


def pack_fonts(folder: Path, into: Path) -> None:
    """Write training faces cut to the charset, without hints and features, and the word lists."""
    into.mkdir(parents=True, exist_ok=True)
    rows = []
    faces = [face for face in fonts.load(folder, fonts.Split.TRAIN) if face.path.name not in _LEFT_OUT]
    for place, face in enumerate(faces):
        options = subset.Options(hinting=False, layout_features=[], notdef_outline=True, drop_tables=list(_TABLES))
        font = TTFont(face.path, fontNumber=face.index, lazy=True)
        font.flavor = None
        cutter = subset.Subsetter(options)
        cutter.populate(text="".join(charset.characters()))
        cutter.subset(font)
        name = f"{place}.{'otf' if 'CFF ' in font else 'ttf'}"
        font.save(into / name)
        rows.append({"file": name, "han": face.han, "written": face.written, "weight": face.weight})
    (into / fonts.PACKED).write_text(json.dumps(rows), encoding="utf-8")
    for name in fonts.WORD_LISTS:
        words = (folder / name).read_text(encoding="utf-8").split("\n")
        (into / name).write_text("\n".join(words[::_WORDS]), encoding="utf-8")


def save_lines(lines: Sequence[Line], path: Path) -> None:
    """Write lines with their pictures as JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    pictures = [cv2.imencode(".jpg", line.pixels, quality)[1].reshape(-1) for line in lines]
    np.savez(
        path,
        data=np.concatenate(pictures),
        offsets=np.cumsum([0, *(len(picture) for picture in pictures)]),
        texts=np.array([line.text for line in lines]),
        kinds=np.array([line.kind for line in lines]),
        severities=np.array([line.severity for line in lines]),
    )


def load_lines(path: Path) -> list[Line]:
    """Read lines that ``save_lines`` wrote."""
    with np.load(path) as stored:
        data, offsets = stored["data"], stored["offsets"]
        rows = zip(offsets, offsets[1:], stored["texts"], stored["kinds"], stored["severities"], strict=False)
        return [
            Line(
                np.asarray(cv2.imdecode(data[start:end], cv2.IMREAD_COLOR), np.uint8), str(text), str(kind), int(level)
            )
            for start, end, text, kind, level in rows
        ]


def handwriting(folder: Path) -> list[Line]:
    """Labelled pictures of handwritten lines: truth.csv (file, text, language) beside images/."""
    lines = []
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            picture = cv2.imread(str(folder / "images" / row["file"]), cv2.IMREAD_COLOR)
            if picture is None:
                raise FileNotFoundError(f"{folder / 'images' / row['file']}: no picture")
            size = (max(16, round(picture.shape[1] * degrade.HEIGHT / picture.shape[0])), degrade.HEIGHT)
            how = cv2.INTER_AREA if picture.shape[0] > degrade.HEIGHT else cv2.INTER_LINEAR
            pixels = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
            lines.append(Line(pixels, row["text"], f"handwriting {row['language']}", 0))
    return lines


def validation(folder: Path, receipts: Path, written: Path) -> list[Line]:
    """Development lines: drawn, of receipts, of receipts degraded further, of hands."""
    lines = scoring.evaluation_set(folder, seed=101, per_severity=60) + scoring.receipt_set(receipts, every=15)
    rng = np.random.default_rng(5)
    effects = (*degrade.PAPER, *degrade.WORLD_PAPER, *degrade.SENSOR, *degrade.WORLD_SENSOR)
    for line in scoring.receipt_set(receipts, every=14):
        spoiled = degrade.apply(effects, line.pixels.astype(np.float32) / np.float32(255), 2, rng)
        lines.append(Line(degrade.finish(spoiled, rng), line.text, "spoiled", 2))
    return [line for line in lines + handwriting(written) if dataset.readable(line) or line.kind in scoring.HANDWRITING]


def save_donor(donor: Path, path: Path) -> None:
    """Write the donor's weights for today's charset as float16, without the LSTM that it does not have."""
    characters = charset.characters()
    model = Crnn("base", len(characters) + 1)
    transplant(model, pretrained.read(donor), characters)
    kept = {name: value.half() for name, value in model.state_dict().items() if "recurrence" not in name}
    torch.save(kept, path)


def load_donor(path: Path) -> Crnn:
    """Read weights that ``save_donor`` wrote; the LSTM adds nothing."""
    model = Crnn("base", len(charset.characters()) + 1)
    state = {name: value.float() for name, value in torch.load(path, weights_only=True).items()}
    model.load_state_dict(state, strict=False)
    return model


def begin(shipped: Path, donor: Crnn | None = None, share: float = 1.0) -> Crnn:
    """Return the network to begin from.

    Args:
        shipped: ONNX file of ours.
        donor: network of the same shape that knows more characters; None where there is none.
        share: of the way from the donor to the shipped weights.
    """
    model = restore(shipped)
    ours = model.head.bias > SILENT
    theirs = torch.zeros_like(ours) if donor is None else donor.head.bias > SILENT
    with torch.no_grad():
        if donor is not None:
            for trained, original in zip(model.head.parameters(), donor.head.parameters(), strict=True):
                trained[~ours] = original[~ours]
        for trained in model.head.parameters():
            trained[~ours & ~theirs] = trained[ours | theirs].mean(0)  # a silent row would take too long to learn
        model.head.bias[~ours & ~theirs] -= 4
    if donor is not None:
        blend(model, donor, share)
    return model


def _smaller(line: real.RealLine) -> real.RealLine:
    """The same line with its picture at a lower quality."""
    data = cv2.imencode(".jpg", line.pixels(), [cv2.IMWRITE_JPEG_QUALITY, _REAL_QUALITY])[1]
    return real.RealLine(data.tobytes(), line.box, line.text)


def carry(fonts_folder: Path, strokes: Path, lines: Path, count: int, into: Path) -> None:
    """Pack fonts, strokes and ``count`` of the real lines (all where there are fewer)."""
    pack_fonts(fonts_folder, into / "fonts")
    shutil.copyfile(strokes, into / "strokes.npz")
    found = real.load(lines)
    chosen = np.linspace(0, len(found) - 1, min(count, len(found))).astype(int)
    real.save([_smaller(found[place]) for place in chosen], into / "real.npz")
