"""Draws learning curves for the model cards."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

SHOWN = {
    "clean": "#0b6e4f",
    "receipts": "#d9822b",
    "degraded digits": "#2563eb",
    "degraded": "#7b4fa3",
    "severity 3": "#b91c1c",
}
"""Columns that are drawn, and their colours."""
NAME_HEIGHT = 3.5
"""Of the name at the end of a curve, in percent of lines."""


def plot(curves: Sequence[Path], picture: Path) -> None:
    """Draw the lines read exactly against the lines trained on.

    Args:
        curves: CSV files of one model in the order of its runs; each counts its own lines from zero.
        picture: the SVG to write.
    """
    matplotlib.rcParams.update({"svg.hashsalt": "ingestd", "svg.fonttype": "none"})
    figure, panel = pyplot.subplots(figsize=(7.2, 3.6), layout="constrained")
    rows: list[tuple[float, dict[str, str]]] = []
    before = 0.0
    for curve in curves:
        with curve.open(newline="", encoding="utf-8") as file:
            rows += [(before + float(row["lines"]), row) for row in csv.DictReader(file)]
        before = rows[-1][0]
        panel.axvline(before / 1000, color="#e5e7eb", zorder=0)
    lowest = math.inf
    for name, colour in sorted(SHOWN.items(), key=lambda shown: -float(rows[-1][1][shown[0]])):
        points = [(lines / 1000, float(row[name])) for lines, row in rows]
        panel.plot(*zip(*points, strict=True), marker=".", color=colour, label=name)
        last_x, last_y = points[-1]
        lowest = min(last_y, lowest - NAME_HEIGHT)  # names of curves that end together stand below each other
        panel.annotate(name, (last_x, lowest), (5, -3), textcoords="offset points", color=colour, fontsize=9)
    panel.set(xlabel="thousand lines trained on", ylabel="% of lines read exactly")
    panel.margins(x=0.02)
    panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, metadata={"Date": None})
