"""Chinese invoices drawn by lab/corpus, read by the whole pipeline and compared with what is printed on them.

    python -m lab.bench.invoices [--split tune] [--misses] [--fresh]

Of every invoice there is a clean page and a degraded one; kind, degradation and severity follow from the seed.
Rules were tuned on the split ``tune`` (seeds 1000 to 1099); figures to quote come from ``report`` (2000 to 2199).
Drawing needs the fonts that samples/README.md names; pages and readings are kept in lab/bench/out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ingestd.config.shipped import shipped
from ingestd.document import Extraction
from ingestd.extract import extract, load_rules
from lab.bench.answers import Answer, across, answer, by_field, counts, share
from lab.bench.data import OUT
from lab.bench.readings import readings
from lab.corpus import INVOICE_KINDS, Document, render
from lab.corpus.degrade import DEGRADATIONS, degrade

TODAY = date(2026, 1, 1)

SPLITS: Mapping[str, range] = {"tune": range(1000, 1100), "report": range(2000, 2200)}
"""Seeds of the invoices."""

KEY_FIELDS = frozenset(
    ("invoice_code", "invoice_no", "date", "check_code", "buyer_tax_no", "seller_tax_no", "net", "tax", "total")
)
"""What books are kept by; names and the amount in words are counted apart."""

_DPI = 203


@dataclass(frozen=True, slots=True)
class Drawn:
    """One invoice in one condition."""

    seed: int
    kind: str
    condition: str
    """``clean``, or the degradation."""
    severity: int
    """1 to 3; 0 where it is clean."""

    @property
    def name(self) -> str:
        """Name of its file."""
        worn = f"-{self.severity}" if self.severity else ""
        return f"{self.seed}-{self.kind}-{self.condition}{worn}.tiff"

    @property
    def group(self) -> str:
        """What it is counted under."""
        return "degraded" if self.severity else "clean"


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw, read, compare, print tables, write ``lab/bench/out/invoices-SPLIT.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--split", choices=SPLITS, default="report", help="which seeds")
    parser.add_argument("--misses", action="store_true", help="show every value that is not right")
    parser.add_argument("--fresh", action="store_true", help="read again: the cache does not know changed code")
    options = parser.parse_args(arguments)
    plan = [drawn for seed in SPLITS[options.split] for drawn in conditions(seed)]
    folder = OUT / "invoices"
    truths = draw(plan, folder)
    read = readings([folder / drawn.name for drawn in plan], fresh=options.fresh)
    rules = load_rules(shipped("rules"))
    given = {drawn: extract(read[folder / drawn.name], rules, TODAY) for drawn in plan}
    answers = {drawn: tuple(_answers(drawn, truths[drawn.name], given[drawn])) for drawn in plan}
    report(options.split, answers, given, misses=options.misses)


def conditions(seed: int) -> tuple[Drawn, Drawn]:
    """The clean and the degraded invoice of a seed; kinds, degradations and severities come round in turn."""
    kind = INVOICE_KINDS[seed % len(INVOICE_KINDS)]
    turn = seed // len(INVOICE_KINDS)
    # 12 degradations and 6 kinds would come round together: shifted by one each time all kinds have passed.
    worn = tuple(DEGRADATIONS)[(seed + turn) % len(DEGRADATIONS)]
    return Drawn(seed, kind, "clean", 0), Drawn(seed, kind, worn, 1 + turn % 3)


def draw(plan: Sequence[Drawn], folder: Path) -> dict[str, dict[str, str]]:
    """Draw what has not been drawn yet.

    Returns:
        File name -> what is printed on it, by field.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truths = {}
    todo = all((folder / drawn.name).with_suffix(".json").exists() for drawn in plan)
    for drawn in track(plan, "drawing", transient=True, disable=todo):
        path = folder / drawn.name
        if not path.with_suffix(".json").exists():
            document = render(drawn.kind, drawn.seed)
            first, *others = _pictures(document, drawn)
            first.save(path, save_all=True, append_images=others, compression="tiff_lzw", dpi=(_DPI, _DPI))
            path.with_suffix(".json").write_text(json.dumps(dict(document.truth), ensure_ascii=False), "utf-8")
        truths[drawn.name] = json.loads(path.with_suffix(".json").read_text("utf-8"))
    return truths


def _pictures(document: Document, drawn: Drawn) -> Iterator[Image.Image]:
    for index, page in enumerate(document.pages):
        pixels = np.ascontiguousarray(np.asarray(page.image.convert("RGB"))[..., ::-1])
        if drawn.severity:
            pixels = degrade(pixels, drawn.condition, drawn.severity, 10 * drawn.seed + index)
        yield Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))


def _answers(drawn: Drawn, truth: Mapping[str, str], extraction: Extraction) -> Iterator[Answer]:
    fields = {field.name: field for field in extraction.fields}
    for name, value in truth.items():
        yield answer(drawn.group, drawn.name.removesuffix(".tiff"), (name,), value, fields)


def report(
    split: str, answers: Mapping[Drawn, Sequence[Answer]], given: Mapping[Drawn, Extraction], *, misses: bool
) -> None:
    """Print and keep the figures."""
    console = Console()
    everything = [found for known in answers.values() for found in known]
    key = [found for found in everything if found.field in KEY_FIELDS]
    kinds = {found.document: drawn.kind for drawn, known in answers.items() for found in known}
    console.print(_summary(split, answers, given))
    console.print(across(key, "key fields by kind", lambda found: kinds[found.document]))
    console.print(by_field(everything))
    console.print(_by_severity(answers))
    proved_wrong = [found.told for found in everything if found.proved and not found.right]
    for told in [found.told for found in everything if not found.right] if misses else proved_wrong:
        console.print(told, highlight=False, markup=False)
    OUT.mkdir(parents=True, exist_ok=True)
    kept = {
        "split": split,
        "seeds": [SPLITS[split].start, SPLITS[split].stop - 1],
        **{
            group: {
                "documents": sum(drawn.group == group for drawn in answers),
                "done": sum(given[drawn].status == "done" for drawn in answers if drawn.group == group),
                "key_fields": counts(found for found in key if found.group == group),
                "all_fields": counts(found for found in everything if found.group == group),
                "by_kind": {
                    kind: share(found for found in key if found.group == group and kinds[found.document] == kind)
                    for kind in INVOICE_KINDS
                },
                "misses": [found.told for found in everything if found.group == group and not found.right],
            }
            for group in ("clean", "degraded")
        },
    }
    (OUT / f"invoices-{split}.json").write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _summary(split: str, answers: Mapping[Drawn, Sequence[Answer]], given: Mapping[Drawn, Extraction]) -> Table:
    table = Table(split, "invoices", "key fields right", "wrong", "proved", "of these wrong", "done")
    for group in ("clean", "degraded"):
        drawn = [one for one in answers if one.group == group]
        everything = [found for one in drawn for found in answers[one]]
        key = [found for found in everything if found.field in KEY_FIELDS]
        proved = [found for found in everything if found.proved]
        table.add_row(
            group,
            str(len(drawn)),
            share(key),
            str(sum(found.wrong for found in key)),
            str(len(proved)),
            str(sum(not found.right for found in proved)),
            str(sum(given[one].status == "done" for one in drawn)),
        )
    return table


def _by_severity(answers: Mapping[Drawn, Sequence[Answer]]) -> Table:
    table = Table("key fields, degraded by", *(f"severity {severity}" for severity in (1, 2, 3)))
    for name in DEGRADATIONS:
        cells = []
        for severity in (1, 2, 3):
            known = [
                found
                for drawn, found_all in answers.items()
                if drawn.condition == name and drawn.severity == severity
                for found in found_all
                if found.field in KEY_FIELDS
            ]
            cells.append(share(known) if known else "")
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
