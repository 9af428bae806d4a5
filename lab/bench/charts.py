"""Charts of a run as inline SVG: accuracy against cost, by condition, and against severity."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

from lab.bench.table import ALL, OURS, Row
from lab.corpus.conditions import CLEAN

COLOURS = {
    "ingestd auto": "#0b6e4f",
    "ingestd fast": "#58a55c",
    "ingestd fixed": "#8fbf9f",
    "ingestd none": "#6b7280",
    "RapidOCR": "#d9822b",
    "Tesseract": "#7b4fa3",
}
MARKS = {
    "ingestd auto": "o",
    "ingestd fast": "p",
    "ingestd fixed": "s",
    "ingestd none": "D",
    "RapidOCR": "^",
    "Tesseract": "v",
}
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ingestd",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9ca3af",
    "axes.grid": True,
    "grid.color": "#e5e7eb",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def cost_chart(every: Sequence[Row]) -> Iterator[str]:
    """Word F1 against seconds a page on the most cores, clean and over all conditions; a panel a corpus."""
    corpora = list(dict.fromkeys(row.corpus for row in every))
    figure, panels = _panels(len(corpora), width=4.2, height=3.6)
    for corpus, panel in zip(corpora, panels, strict=False):
        for condition, filled in ((CLEAN.name, True), (ALL, False)):
            for row in (row for row in every if (row.corpus, row.condition) == (corpus, condition)):
                for name, found in row.figures.items():
                    panel.scatter(
                        found.seconds[max(found.seconds)],
                        found.score.f1,
                        s=70,
                        marker=MARKS[name],
                        edgecolors=COLOURS[name],
                        facecolors=COLOURS[name] if filled else "white",
                        label=name if filled else None,
                        zorder=3,
                    )
        panel.set_xscale("log")
        panel.set_title(corpus)
        panel.set_xlabel("seconds a page (fewer is better)")
        panel.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
        panel.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        panel.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    panels[0].set_ylabel("word F1")
    _legend(figure, panels[0])
    yield _svg(figure)


def conditions_chart(every: Sequence[Row]) -> Iterator[str]:
    """Word F1 of every reader under every condition; a panel a corpus."""
    corpora = list(dict.fromkeys(row.corpus for row in every))
    most = max(sum(row.corpus == corpus for row in every) for corpus in corpora)
    figure, panels = _panels(len(corpora), width=4.2, height=1.2 + 0.27 * most)
    for corpus, panel in zip(corpora, panels, strict=False):
        here = [row for row in every if row.corpus == corpus and row.condition != ALL][::-1]
        for place, row in enumerate(here):
            scores = {name: found.score.f1 for name, found in row.figures.items()}
            panel.hlines(place, min(scores.values()), max(scores.values()), color="#d1d5db", zorder=1)
            for name in sorted(scores, key=lambda name: name == OURS):
                panel.scatter(scores[name], place, s=36, marker=MARKS[name], color=COLOURS[name], label=name, zorder=2)
        panel.set_yticks(range(len(here)), [row.condition for row in here])
        panel.set_title(corpus)
        panel.set_xlabel("word F1")
    _legend(figure, panels[0])
    yield _svg(figure)


def severity_chart(every: Sequence[Row]) -> Iterator[str]:
    """Word F1 against severity for every condition measured at more than one; a chart a corpus."""
    for corpus in dict.fromkeys(row.corpus for row in every):
        by_name: dict[str, list[tuple[int, Row]]] = {}
        for row in every:
            name, _, severity = row.condition.partition(" ")
            if row.corpus == corpus and severity and name != "turned":
                by_name.setdefault(name, []).append((int(severity), row))
        curves = {
            name: sorted(points, key=lambda point: point[0]) for name, points in by_name.items() if len(points) > 1
        }
        if not curves:
            continue
        clean = next((row for row in every if (row.corpus, row.condition) == (corpus, CLEAN.name)), None)
        figure, panels = _panels(len(curves), width=2.6, height=2.4)
        for (name, points), panel in zip(curves.items(), panels, strict=False):
            start = [(0, clean)] if clean else []
            for reader in points[0][1].figures:
                line = [(severity, row.figures[reader].score.f1) for severity, row in [*start, *points]]
                x, y = zip(*line, strict=True)
                panel.plot(x, y, color=COLOURS[reader], marker=MARKS[reader], markersize=4, label=reader)
            panel.set_title(name)
            panel.set_ylim(0, 1)
            panel.set_xticks([severity for severity, _ in [*start, *points]])
        panels[0].set_ylabel("word F1")
        _legend(figure, panels[0])
        yield f"<h3>{corpus}</h3>{_svg(figure)}"


def _panels(count: int, *, width: float, height: float) -> tuple[Any, list[Any]]:
    """A figure with so many panels (inches each), at most four in a row; unused ones are hidden."""
    columns = min(count, 4 if count > 3 else 3)
    lines = -(-count // columns)
    with pyplot.rc_context(STYLE):
        figure, grid = pyplot.subplots(
            lines, columns, figsize=(columns * width, lines * height), squeeze=False, layout="constrained"
        )
    panels = list(grid.ravel())
    for panel in panels[count:]:
        panel.set_visible(False)
    return figure, panels


def _legend(figure: Any, panel: Any) -> None:
    """One legend above all panels, every reader once."""
    handles, names = panel.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    ordered = [name for name in COLOURS if name in once]
    figure.legend([once[name] for name in ordered], ordered, loc="outside upper center", ncols=3)


def _svg(figure: Any) -> str:
    """The figure as an inline SVG element."""
    buffer = io.StringIO()
    with pyplot.rc_context(STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    text = buffer.getvalue()
    return text[text.index("<svg") :]
