"""A run as a page to look at: ``python -m lab.bench.report`` writes lab/bench/report.html.

Figures come from ``lab/bench/out/bench.json``; pictures only show what the project drew itself. The page is one
file without anything to load. Needs the ``bench`` extra.
"""

from __future__ import annotations

import argparse
import base64
import html
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

import cv2

from ingestd.document import Pixels
from lab.bench.charts import conditions_chart, cost_chart, severity_chart
from lab.bench.data import OUT, MissingCorpusError
from lab.bench.pictures import Pair, pair
from lab.bench.table import CHAIN, OURS, PLAIN, Row, rows
from lab.corpus.conditions import STANDARD

PAGE = Path(__file__).with_name("report-page.html")
"""The page's frame, with $names where parts go."""
RATIOS = ("auto / none", "auto / fixed", "auto / best peer", "times as fast")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read a run, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--run", type=Path, default=OUT / "bench.json", help="what 'python -m lab.bench' wrote")
    parser.add_argument("--out", type=Path, default=OUT / "report.html")
    options = parser.parse_args(arguments)
    if not options.run.exists():
        raise SystemExit(f"{options.run} is not there: run 'python -m lab.bench' first")
    result = json.loads(options.run.read_text(encoding="utf-8"))
    options.out.write_text(page(result), encoding="utf-8")
    print(f"written to {options.out}")


def page(result: Mapping[str, Any]) -> str:
    """The whole page."""
    every = list(rows(result))
    machine = result["machine"]
    about = (
        f"{result['made'][:10]}, {machine['cpu']}, {machine['cores']} cores, Python {machine['python']}; "
        + ", ".join(f"{name} {version}" for name, version in result["versions"].items() if name not in (PLAIN, CHAIN))
        + f"; {_count(result)} pages read in {result['seconds'] / 60:.0f} minutes."
    )
    parts = {
        "about": html.escape(about),
        "costs": "".join(cost_chart(every)),
        "conditions": "".join(conditions_chart(every)),
        "severities": "".join(severity_chart(every)) or "<p>This run has one severity of each condition.</p>",
        "tables": "".join(_table(corpus, every) for corpus in dict.fromkeys(row.corpus for row in every)),
        "pictures": "".join(_pictures()),
    }
    return Template(PAGE.read_text(encoding="utf-8")).substitute(parts)


def _count(result: Mapping[str, Any]) -> int:
    return sum(len(cell["pages"]) for cell in result["cells"])


def _table(corpus: str, every: Sequence[Row]) -> str:
    here = [row for row in every if row.corpus == corpus]
    readers = list(here[0].figures)
    head = "".join(f"<th>{html.escape(name)}</th>" for name in readers)
    body = "".join(_line(row, readers) for row in here)
    head += "".join(f"<th>{name}</th>" for name in RATIOS)
    return (
        f"<h3>{html.escape(corpus)}</h3><table><thead><tr><th>condition</th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _line(row: Row, readers: Sequence[str]) -> str:
    best = max(figure.score.f1 for figure in row.figures.values())
    cells = [f"<th>{html.escape(row.condition)}</th>"]
    for name in readers:
        f1 = row.figures[name].score.f1
        cells.append(f"<td{' class=best' if f1 == best else ''}>{f1:.3f}</td>")
    ratios = (row.ratio(OURS, PLAIN), row.ratio(OURS, CHAIN), row.ratio(OURS, row.best_peer))
    for ratio in (*ratios, row.speed(OURS, row.best_peer)):
        cells.append(f"<td class=ratio>{'' if ratio is None else f'{ratio:.2f}'}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _pictures() -> Iterator[str]:
    try:
        pairs = [pair(condition) for condition in STANDARD]
    except MissingCorpusError as error:
        yield f"<p>No pictures: {html.escape(str(error))}</p>"
        return
    for drawn in pairs:
        yield _figure(drawn)


def _figure(drawn: Pair) -> str:
    steps = ", ".join(drawn.steps) or "left as it is"
    return (
        f"<figure><img alt='before' src='{_inline(drawn.before)}'><img alt='after' src='{_inline(drawn.after)}'>"
        f"<figcaption>{html.escape(str(drawn.condition))}: {html.escape(steps)}</figcaption></figure>"
    )


def _inline(picture: Pixels) -> str:
    data = io.BytesIO(cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 60])[1].tobytes())
    return f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}"


if __name__ == "__main__":
    main()
