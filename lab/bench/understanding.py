"""Count fields of money documents from outside: ``python -m lab.bench.understanding [--misses] [--fresh]``.

Splits are by issuer (lab/bench/outside.toml): weights and rules were tuned on those named tune, and on sroie-train.
"""

from __future__ import annotations

import argparse

from lab.bench import fields, harness
from lab.bench.truths import CORPORA, known

OUTSIDE = ("einvoices", "einvoices-scans", "world", "minimal", "sroie")


def options(parser: argparse.ArgumentParser) -> None:
    """Add corpora."""
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=OUTSIDE)
    parser.add_argument("--misses", action="store_true", help="show every value that is not right")
    parser.add_argument("--fresh", action="store_true", help="read again: the cache does not know changed code")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read the documents, apply the rules, compare; figures of the report splits first."""
    given = fields.extracted([one for corpus in options.corpora for one in known(corpus)], fresh=options.fresh)
    ordered = dict(sorted(given.items(), key=lambda item: item[0].group.endswith("tune")))
    misses = [answer.wording for result in given.values() for answer in result.answers if not answer.right]
    return harness.Outcome(
        "Documents that this project did not draw; splits by issuer. Those called tune, and sroie-train, were tuned on."
        " Misses of the others were read, and one kind of them mended",
        (fields.summary(ordered, misses=options.misses),),
        {"misses": misses},
    )


if __name__ == "__main__":
    harness.run("understanding", __doc__, measure, options)
