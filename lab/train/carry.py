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
from lab.train.transplant import transplant


_TABLES = "GSUB GPOS GDEF BASE vhea vmtx VORG DSIG kern EBDT EBLC FFTM STAT BDF mort".split()
"""What fonts have beyond outlines and widths."""
_WORDS = 6
"""Every n-th word of a list is taken along."""


def pack_fonts(folder: Path, into: Path) -> None:
    """Write training faces cut to the charset, without hints and features, and the word lists."""
    into.mkdir(parents=True, exist_ok=True)
    rows = []
    for place, face in enumerate(fonts.load(folder, fonts.Split.TRAIN)):
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
    """Write lines with their pictures, without loss."""
    pictures = [cv2.imencode(".png", line.pixels)[1].reshape(-1) for line in lines]
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
    lines = scoring.evaluation_set(folder, seed=101, per_severity=100) + scoring.receipt_set(receipts, every=10)
    rng = np.random.default_rng(5)
    effects = (*degrade.PAPER, *degrade.WORLD_PAPER, *degrade.SENSOR, *degrade.WORLD_SENSOR)
    for line in scoring.receipt_set(receipts, every=7):
        spoiled = degrade.apply(effects, line.pixels.astype(np.float32) / np.float32(255), 2, rng)
        lines.append(Line(degrade.finish(spoiled, rng), line.text, "spoiled", 2))
    return [line for line in lines + handwriting(written) if dataset.readable(line) or "hand" in line.kind]


def weights(shipped: Path, donor: Path, share: float) -> tuple[Crnn, Crnn]:
    """The network to begin from, ``share`` of the way from the donor to the shipped one, and the donor."""
    given = pretrained.read(donor)
    characters = charset.characters()
    original = Crnn("base", len(characters) + 1)
    transplant(original, given, characters)
    model = restore(shipped, given)
    original.neck.recurrence.load_state_dict(model.neck.recurrence.state_dict())  # only the projection counts
    with torch.no_grad():
        original.neck.recurrence.project.weight.zero_()
        original.neck.recurrence.project.bias.zero_()
    new = [index for index, character in enumerate(characters, start=1) if character not in given.characters]
    rows, biases = model.head.weight[new].clone(), model.head.bias[new].clone()
    blend(model, original, share)
    with torch.no_grad():  # the donor has no say about characters that it does not know
        model.head.weight[new], model.head.bias[new] = rows, biases
    return model, original


def save_half(model: Crnn, path: Path) -> None:
    """Write weights as float16."""
    torch.save({name: value.half() for name, value in model.state_dict().items()}, path)


def carry(fonts_folder: Path, strokes: Path, lines: Path, count: int, into: Path) -> None:
    """Pack fonts, strokes and ``count`` of the real lines (all where there are fewer)."""
    pack_fonts(fonts_folder, into / "fonts")
    shutil.copyfile(strokes, into / "strokes.npz")
    found = real.load(lines)
    step = max(1, -(-len(found) // count))
    real.save(found[::step], into / "real.npz")
