"""A picture of every effect, so that a person can judge whether it looks like a document."""

from __future__ import annotations

from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from lab.corpus import fonts
from lab.train import degrade, effects_picture, render
from lab.train.effects_ink import margins

SAMPLE = "价税合计 Total ¥1,234.56 税号"
CELL = (460, 56)
"""Width and height of a cell, px."""
LABEL_WIDTH = 250
SCANNED = 28
"""Line height in px at which effects of the sensor are shown."""


def _cell(mask: degrade.Array, effect: degrade.Effect, severity: int, seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    amount = effect.amount(severity, rng)
    on_ink = effect in degrade.INK
    image = degrade.compose(effect.apply(mask, amount, rng) if on_ink else mask, 1.0, np.random.default_rng(5))
    if effect in degrade.SENSOR[1:]:
        image = effects_picture.resolution(image, SCANNED, rng)
    line = degrade.finish(image if on_ink else effect.apply(image, amount, rng), rng)
    cell = np.full((CELL[1], CELL[0], 3), 60, np.uint8)
    shown = line[:, : CELL[0]]
    cell[: shown.shape[0], : shown.shape[1]] = shown
    return cell


def sheet(folder: Path, seed: int, path: Path) -> None:
    """Write one row an effect: its name and unit, then severities 1 to 3.

    Args:
        folder: fonts as fetched.
        seed: which picture.
        path: the PNG to write.
    """
    drawn = render.draw(SAMPLE, fonts.load(folder, fonts.Split.TRAIN), Random(seed))
    if drawn is None:
        raise ValueError(f"no font has all of {SAMPLE!r}")
    mask = margins(drawn, np.random.default_rng(seed))
    rows = []
    for effect in (*degrade.INK, *degrade.PAPER, *degrade.SENSOR, *degrade.HELD_OUT):
        label = np.full((CELL[1], LABEL_WIDTH, 3), 255, np.uint8)
        for text, y in ((effect.name, 22), (f"[{effect.unit}]", 44)):
            cv2.putText(label, text, (6, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        rows.append(np.hstack([label, *(_cell(mask, effect, severity, seed) for severity in (1, 2, 3))]))
    cv2.imwrite(str(path), np.vstack(rows))
