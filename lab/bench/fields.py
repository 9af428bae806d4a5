"""Count fields that the shipped rules get right, and check what they call proved.

    python -m lab.bench.fields [--corpora sroie real invoices sroie-train invoices-tune] [--misses] [--fresh]

Money documents from outside have a table of their own: lab.bench.understanding.

Rules were tuned on sroie-train, on the specimens of real and on invoices-tune. The misses in both halves of sroie were
read; what they showed to be general was built, nothing was fitted to a page. Values that are wrong and called proved
are always shown.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ingestd.config.shipped import shipped
from ingestd.document import Extraction, Field, Level
from ingestd.extract import extract, load_rules
from lab.bench import harness
from lab.bench.known import Known, same
from lab.bench.product import readings
from lab.bench.truths import CORPORA, DISPUTED, TODAY, known
from lab.corpus.degrade import DEGRADATIONS

RUNS = 3
"""The quickest of so many extractions of a document counts."""
MINOR = frozenset(("buyer_name", "seller_name", "merchant", "total_words"))
"""Fields that are not key fields: books are kept by numbers, dates and amounts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The rules' answer about one field of one document."""

    group: str
    document: str
    field: str
    wanted: str
    """The true value."""
    found: Field | None
    """None: the rule has no such field, or nothing was found."""
    dispute: str = ""
    """Reason why the true value may be wrong itself."""

    @property
    def right(self) -> bool:
        """The value is the true one, however far it is believed."""
        value = self.found.value if self.found is not None else None
        return value is not None and same(self.field, value, self.wanted)

    @property
    def proved(self) -> bool:
        """The rules call it proved."""
        return self.found is not None and self.found.level is Level.PROVED

    @property
    def wrong(self) -> bool:
        """A value was given and is not the true one."""
        return self.found is not None and self.found.value is not None and not self.right

    @property
    def wording(self) -> str:
        """The miss in words."""
        got, reasons = "nothing", ""
        if self.found is not None:
            got = f"{self.found.value} ({self.found.level})" if self.found.value is not None else got
            reasons = ": " + "; ".join(reason.text for reason in self.found.reasons) if self.found.reasons else ""
        dispute = f" - {self.dispute}" if self.dispute else ""
        return f"{self.group}, {self.document}: {self.field} should be {self.wanted}, got {got}{reasons}{dispute}"


@dataclass(frozen=True, slots=True)
class Extracted:
    """A document as the rules understand it."""

    extraction: Extraction
    answers: Sequence[Answer]
    seconds: float
    pages: int

    @property
    def done(self) -> bool:
        """No person has to look at it."""
        return self.extraction.status == "done"

    @property
    def misled(self) -> bool:
        """It is done, and a key field is wrong."""
        return self.done and any(answer.wrong for answer in self.answers if answer.field not in MINOR)


def options(parser: argparse.ArgumentParser) -> None:
    """Add corpora."""
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=["sroie", "real", "invoices"])
    parser.add_argument("--misses", action="store_true", help="show every value that is not right")
    parser.add_argument("--fresh", action="store_true", help="read again: the cache does not know changed code")


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read the documents, apply the rules, compare."""
    given = extracted([document for corpus in options.corpora for document in known(corpus)], fresh=options.fresh)
    documents = list(given)
    answers = {document: result.answers for document, result in given.items()}
    everything = [answer for found in answers.values() for answer in found]
    tables = [summary(given, misses=options.misses), across("field", everything, _field)]
    if any(document.kind for document in documents):
        kinds = {document.path.name: document.kind for document in documents if document.kind}
        key = [answer for answer in everything if answer.document in kinds and answer.field not in MINOR]
        tables += [across("key fields by kind", key, lambda answer: kinds[answer.document]), _by_severity(answers)]
    misses = [answer.wording for answer in everything if not answer.right]
    return harness.Outcome(", ".join(options.corpora), tuple(tables), {"misses": misses})


def extracted(documents: Sequence[Known], *, fresh: bool) -> dict[Known, Extracted]:
    """Read documents and apply the shipped rules.

    Args:
        documents: those that are not documents after all are left out.
        fresh: read them again.
    """
    read = readings([document.path for document in documents], fresh=fresh)
    rules = load_rules(shipped("rules"))
    given = {}
    for document in documents:
        if document.path in read:
            reading, times = read[document.path], []
            for _ in range(RUNS):
                begun = time.perf_counter()
                extraction = extract(reading, rules, TODAY)
                times.append(time.perf_counter() - begun)
            answers = answers_of(document, extraction)
            given[document] = Extracted(extraction, answers, min(times), len(reading.pages))
    return given


def answers_of(document: Known, extraction: Extraction) -> list[Answer]:
    """Pair the true values of a document with what was found under any of their names."""
    fields = {field.name: field for field in extraction.fields}
    name = document.path.name
    answers = []
    for names, value in document.values.items():
        given = sorted((fields[name] for name in names if name in fields), key=lambda field: field.value is None)
        dispute = DISPUTED.get((name, names[0]), "")
        answers.append(Answer(document.group, name, names[0], value, given[0] if given else None, dispute))
    if document.wiped:  # the first value found is the miss
        invented = next((field for field in extraction.fields if field.value is not None), None)
        nothing = Field("nothing invented", "nothing", None, Level.MISSING)
        answers.append(Answer(document.group, name, "nothing invented", "nothing", invented or nothing))
    return answers


def share(answers: Iterable[Answer]) -> str:
    """Return how many are right: ``62/64 96.9%``."""
    known = list(answers)
    right = sum(answer.right for answer in known)
    return f"{right}/{len(known)} {right / max(len(known), 1):.1%}"


def across(title: str, answers: Sequence[Answer], key: Callable[[Answer], str]) -> harness.Table:
    """Return a row for each key and a column for each group."""
    groups = list(dict.fromkeys(answer.group for answer in answers))
    rows = []
    for name in dict.fromkeys(map(key, answers)):
        cells = []
        for group in groups:
            known = [answer for answer in answers if answer.group == group and key(answer) == name]
            cells.append(share(known) if known else "")
        rows.append((name, *cells))
    return harness.Table(f"by {title}" if title == "field" else title, (title, *groups), tuple(rows))


def _field(answer: Answer) -> str:
    return answer.field


def summary(given: Mapping[Known, Extracted], *, misses: bool) -> harness.Table:
    """Return a row of figures for each group, and below them the values that are wrong although they are proved.

    Args:
        given: documents as the rules understand them.
        misses: tell every other miss as well.
    """
    rows = []
    for group in dict.fromkeys(document.group for document in given):
        results = [result for document, result in given.items() if document.group == group]
        found = [answer for result in results for answer in result.answers]
        proved = [answer for answer in found if answer.proved]
        figures = (
            len(results),
            share(answer for answer in found if answer.field not in MINOR),
            share(found),
            sum(answer.wrong for answer in found),
            len(proved),
            sum(not answer.right for answer in proved),
            sum(result.done for result in results),
            sum(result.misled for result in results),
            f"{1000 * sum(result.seconds for result in results) / sum(result.pages for result in results):.1f}",
        )
        rows.append((group, *map(str, figures)))
    columns = (
        *("", "documents", "key fields right", "all right", "wrong", "proved", "of these wrong", "done"),
        *("with a wrong key field", "ms per page"),
    )
    everything = [answer for result in given.values() for answer in result.answers]
    shown = [answer.wording for answer in everything if not answer.right and (misses or answer.proved)]
    return harness.Table("fields", columns, tuple(rows), "\n".join(shown))


def _by_severity(answers: Mapping[Known, Sequence[Answer]]) -> harness.Table:
    rows = []
    for name in DEGRADATIONS:
        cells = []
        for severity in (1, 2, 3):
            found = [
                answer
                for document, given in answers.items()
                if (document.condition, document.severity) == (name, severity)
                for answer in given
                if answer.field not in MINOR
            ]
            cells.append(share(found) if found else "")
        rows.append((name, *cells))
    return harness.Table("key fields by severity", ("degraded by", "1", "2", "3"), tuple(rows))


if __name__ == "__main__":
    harness.run("fields", __doc__, measure, options)
