"""Fit, report and write the probabilities of understood fields: ``python -m lab.train.understanding [--write]``.

Weights are fitted on the tuning split of lab/bench/outside.toml, on sroie-train, on drawn papers and on damaged copies
of all of these; figures are reported on the other issuers and on sroie.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingestd.config.shipped import shipped
from ingestd.extract import load_rules
from ingestd.extract.chances import RULE
from ingestd.extract.understand import weights as shipped_weights
from lab.bench.harness import ROOT, Table, show
from lab.train.understanding.diagram import draw
from lab.train.understanding.fitting import RIDGE, RULE_RIDGE, Bin, bins, calibration_error, chance, fit
from lab.train.understanding.samples import MODELS, Sample, drawn_samples, real_samples, rule_samples

WEIGHTS = Path(shipped_weights.__file__).with_name("weights.yaml")
DIAGRAM = ROOT / "docs" / "images" / "reliability.svg"
HEADING = "probability:"
DRAWN = 300
FIRST_SEED = 100_000
"""Of the drawn papers; tests and benchmarks use smaller ones."""
SURE = 0.98


def main() -> None:
    """Fit every field, print how well its probabilities are calibrated, write on request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drawn", type=int, default=DRAWN, help=f"drawn papers (default {DRAWN})")
    parser.add_argument("--write", action="store_true", help="write weights.yaml and the diagram")
    parser.add_argument("--rules", action="store_true", help="fit only what rules find")
    options = parser.parse_args()
    rules = load_rules(shipped("rules"))
    drawn = range(FIRST_SEED, FIRST_SEED + options.drawn)
    samples = list(rule_samples(rules))
    if not options.rules:
        samples += [*real_samples(rules), *drawn_samples(rules, drawn)]
    by_field: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_field[sample.field].append(sample)
    fitted = {field: fit(found, RULE_RIDGE if field == RULE else RIDGE) for field, found in sorted(by_field.items())}
    show(Table("probabilities", _COLUMNS, tuple(_rows(by_field, fitted))))
    if options.write:
        WEIGHTS.write_text(with_probabilities(WEIGHTS.read_text(encoding="utf-8"), fitted), encoding="utf-8")
    if options.rules:
        return
    reported = [sample for sample in samples if sample.split == "report"]
    chances = [chance(fitted[sample.field], sample.features) for sample in reported]
    found = bins(chances, [sample.right for sample in reported])
    show(Table("reliability, report split", _BINS, tuple(_bin_rows(found))))
    if options.write:
        DIAGRAM.write_text(draw(found), encoding="utf-8")


_COLUMNS = ("field", "split", "samples", "right", "mean chance", "ECE", f"over {SURE}", "of these right")
_BINS = ("chance", "samples", "mean chance", "right")


def _rows(samples: Mapping[str, Sequence[Sample]], fitted: Mapping[str, Mapping[str, float]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for field, given in samples.items():
        for split in ("tune", "spoilt", "drawn", "damaged", "report"):
            chosen = [sample for sample in given if sample.split == split]
            if not chosen:
                continue
            chances = [chance(fitted[field], sample.features) for sample in chosen]
            right = [sample.right for sample in chosen]
            sure = [y for p, y in zip(chances, right, strict=True) if p >= SURE]
            figures = (
                f"{len(chosen)}",
                f"{sum(right) / len(right):.3f}",
                f"{sum(chances) / len(chances):.3f}",
                f"{calibration_error(bins(chances, right)):.3f}",
                f"{len(sure) / len(right):.2f}",
                f"{sum(sure) / max(len(sure), 1):.4f}",
            )
            rows.append((field, split, *figures))
    return rows


def _bin_rows(found: Sequence[Bin]) -> list[tuple[str, ...]]:
    return [(f"{one.low} to {one.high}", f"{one.count}", f"{one.expected:.4f}", f"{one.right:.4f}") for one in found]


def with_probabilities(text: str, fitted: Mapping[str, Mapping[str, float]]) -> str:
    """Return the text of weights.yaml with its section of probabilities renewed.

    Args:
        text: of the file.
        fitted: field -> feature -> weight; fields that share weights get a line each, and others keep theirs.
    """
    shared = {alias: fitted[field] for alias, field in MODELS.items() if field in fitted}
    head, _, old = text.partition(HEADING)
    lines = {line.split(":")[0].strip(): line for line in old.splitlines() if line.startswith("  ")}
    for field, weights in (dict(fitted) | shared).items():
        lines[field] = f"  {field}: " + "{" + ", ".join(f"{name}: {value}" for name, value in weights.items()) + "}"
    heading = f"{HEADING} # fitted; features are those of understand/features.py and, of rule, proof/features.py"
    return head + "\n".join([heading, *(lines[field] for field in sorted(lines))]) + "\n"


if __name__ == "__main__":
    main()
