"""The figures of a run as one table, and as text for the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from lab.bench.score import Score
from lab.corpus.conditions import Condition

OURS = "ingestd auto"
PLAIN = "ingestd none"
CHAIN = "ingestd fixed"
ALL = "all"


@dataclass(frozen=True, slots=True)
class Figure:
    """One reader on one corpus under one condition, over all pages."""

    score: Score
    seconds: Mapping[int, float]
    """Seconds a page by number of cores."""
    peak_mb: Mapping[int, float]
    """By number of cores."""


@dataclass(frozen=True, slots=True)
class Row:
    """All readers on one corpus under one condition."""

    corpus: str
    condition: str
    figures: Mapping[str, Figure]
    """By reader."""

    @property
    def best_peer(self) -> str | None:
        """The peer with the highest word F1."""
        peers = [name for name in self.figures if not name.startswith("ingestd")]
        return max(peers, key=lambda name: self.figures[name].score.f1, default=None)

    def ratio(self, reader: str, other: str | None) -> float | None:
        """Word F1 of a reader as a multiple of another's."""
        if other is None or reader not in self.figures or other not in self.figures:
            return None
        below = self.figures[other].score.f1
        return self.figures[reader].score.f1 / below if below else None

    def speed(self, reader: str, other: str | None) -> float | None:
        """How many times as fast a reader is as another, each on the most cores measured."""
        if other is None or reader not in self.figures or other not in self.figures:
            return None
        ours, theirs = (
            figure.seconds[max(figure.seconds)] for figure in map(self.figures.__getitem__, (reader, other))
        )
        return theirs / ours


def rows(result: Mapping[str, Any]) -> Iterator[Row]:
    """A row for every corpus and condition, and one for all conditions of a corpus."""
    cells = result["cells"]
    for corpus in dict.fromkeys(cell["corpus"] for cell in cells):
        here = [cell for cell in cells if cell["corpus"] == corpus]
        names = list(dict.fromkeys(_condition(cell) for cell in here))
        for name in names:
            yield Row(corpus, name, _figures([cell for cell in here if _condition(cell) == name]))
        if len(names) > 1:
            yield Row(corpus, ALL, _figures(here))


def _condition(cell: Mapping[str, Any]) -> str:
    return str(Condition(cell["condition"], cell["severity"]))


def _figures(cells: Sequence[Mapping[str, Any]]) -> dict[str, Figure]:
    found = {}
    for reader in dict.fromkeys(cell["reader"] for cell in cells):
        own = [cell for cell in cells if cell["reader"] == reader]
        counts = sorted({cell["cores"] for cell in own})
        seconds, peaks = {}, {}
        for count in counts:
            some = [cell for cell in own if cell["cores"] == count]
            seconds[count] = sum(cell["seconds_a_page"] * len(cell["pages"]) for cell in some) / sum(
                len(cell["pages"]) for cell in some
            )
            peaks[count] = max(cell["peak_mb"] for cell in some)
        pages = (Score(**page) for cell in own if cell["cores"] == counts[-1] for page in cell["pages"])
        found[reader] = Figure(sum(pages, Score()), seconds, peaks)
    return found


def show(result: Mapping[str, Any], console: Console) -> None:
    """Print the table; needs 100 columns."""
    every = list(rows(result))
    readers = list(dict.fromkeys(name for row in every for name in row.figures))
    table = Table(title=_title(result), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for head in ("corpus", "condition"):
        table.add_column(head, no_wrap=True)
    ratios = ("auto /\nnone", "auto /\nfixed", "auto /\npeer", "times\nas fast", "numbers\nauto", "numbers\npeer")
    for head in (*(f"F1\n{name.removeprefix('ingestd ')[:5]}" for name in readers), *ratios):
        table.add_column(head, justify="right", no_wrap=True)
    for row in every:
        f1 = [f"{row.figures[name].score.f1:.3f}" if name in row.figures else "" for name in readers]
        peer = row.best_peer
        figures = [row.ratio(OURS, PLAIN), row.ratio(OURS, CHAIN), row.ratio(OURS, peer), row.speed(OURS, peer)]
        figures += [row.figures[name].score.numbers if name in row.figures else None for name in (OURS, peer or "")]
        told = ["" if figure is None else f"{figure:.3f}" for figure in figures]
        table.add_row(row.corpus, row.condition, *f1, *told, end_section=row.condition == ALL)
    console.print(table)
    console.print(
        "'peer' is the other reader with the higher F1 on these pages; 'numbers': read exactly, of all true ones"
    )
    console.print(_costs(every))


def _title(result: Mapping[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items() if " " not in name)
    return f"{result['made']}; {machine['cpu']}, {machine['cores']} cores; {versions}".rstrip("; ")


def _costs(every: Sequence[Row]) -> Table:
    """Seconds a page and memory, over all that was read of a corpus."""
    table = Table("corpus", "reader", "cores", "s/page", "peak MB", title="over all conditions", box=box.SIMPLE_HEAD)
    last = {row.corpus: row for row in every}  # of a corpus the row over all conditions comes last
    for corpus, row in last.items():
        for name, figure in row.figures.items():
            for count, seconds in figure.seconds.items():
                table.add_row(corpus, name, str(count), f"{seconds:.2f}", f"{figure.peak_mb[count]:.0f}")
        table.add_section()
    return table
