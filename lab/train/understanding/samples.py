"""Labelled findings: features of a value that was found, and whether it is the true one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Literal

from ingestd.document import Char, Line, Reading
from ingestd.extract.apply import examine
from ingestd.extract.chances import RULE
from ingestd.extract.lexicon.labels import squeeze_rows
from ingestd.extract.rulefile.compiled import RuleSet
from ingestd.extract.search.classify import classify
from ingestd.extract.understand.document import understand
from ingestd.layout.rows import lay_out
from lab.bench.known import Known, same
from lab.bench.product import readings
from lab.bench.truths import TODAY, known, undisputed
from lab.corpus.paper_grammar import paper
from lab.train.understanding.spoilt import spoilt_documents

Split = Literal["tune", "report", "drawn", "damaged", "spoilt"]
MODELS: Mapping[str, str] = {
    "receipt_no": "invoice_no",
    "merchant": "seller_name",
    "tax_no": "seller_tax_no",
    "buyer_tax_no": "seller_tax_no",
}
"""Field -> the field whose weights it shares."""
CORPORA = ("einvoices", "einvoices-scans", "world", "minimal", "sroie-train", "sroie")
RECEIPTS = frozenset({"en-receipt"})
"""Rules whose documents are understood as well; documents of other rules are left out."""
DAMAGES = 2
"""Damaged copies per tuning document."""
LOST, WORN = 0.015, 0.03
"""Chances that a line is lost, and that a digit of it is worn, in a damaged copy."""
WORN_TO = (0.3, 0.98)
"""Probability that the reader gives to a worn digit, from and to; the digit is right as often as that."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One value that was found on a document whose fields are known."""

    field: str
    """The field whose weights it shares."""
    features: Mapping[str, float]
    right: bool
    split: Split
    document: str


def real_samples(rules: RuleSet) -> Iterator[Sample]:
    """Yield samples of documents from outside, and of damaged copies of those of the tuning split.

    True values that the paper itself contradicts are left out.

    Args:
        rules: shipped ones; documents that a rule for a kind of its own matches are left out.
    """
    for corpus in CORPORA:
        documents = known(corpus)
        read = readings([document.path for document in documents])
        for document in documents:
            reading = read.get(document.path)
            if reading is None or _has_rule(reading, rules):
                continue
            split, name = _split(corpus, document), document.path.name
            values = undisputed(document).values
            yield from samples_of(reading, rules, values, split, name)
            if split == "tune":
                for copy in range(DAMAGES):
                    worn = damaged(reading, Random(f"{name}/{copy}"))
                    yield from samples_of(worn, rules, values, "damaged", name)


def rule_samples(rules: RuleSet) -> Iterator[Sample]:
    """Yield samples of values that rules found on receipts and on drawn invoices, as they are and spoilt.

    Args:
        rules: shipped ones.
    """
    given: Sequence[tuple[Split, Sequence[Known]]] = (
        ("tune", [undisputed(document) for document in known("sroie-train")]),
        ("spoilt", [*spoilt_documents(), *known("invoices-tune")]),
    )
    for split, documents in given:
        read = readings([document.path for document in documents])
        for document in documents:
            reading = read.get(document.path)
            if reading is not None:
                yield from rule_samples_of(reading, rules, document, split)


def rule_samples_of(reading: Reading, rules: RuleSet, document: Known, split: Split) -> Iterator[Sample]:
    """Yield a sample for each required value that a rule found and whose truth is known.

    Args:
        reading: of the document.
        rules: any.
        document: with its true values.
        split: to count it under.
    """
    examined = examine(reading, rules, TODAY)
    name = document.path.name
    true = {field: value for names, value in document.values.items() for field in names}
    for field in examined.fields:
        features = examined.features.get(field.name)
        if features is not None and field.value is not None and field.name in true:
            numbers = {key: float(value) for key, value in features.items()}
            yield Sample(RULE, numbers, same(field.name, field.value, true[field.name]), split, name)


def drawn_samples(rules: RuleSet, seeds: Iterable[int]) -> Iterator[Sample]:
    """Yield samples of drawn papers and of a damaged copy of each.

    Args:
        rules: shipped ones.
        seeds: of the papers.
    """
    for seed in seeds:
        drawn = paper(seed)
        reading = drawn.reading()
        values: dict[tuple[str, ...], str] = {(name,): value for name, value in drawn.truth.items()}
        yield from samples_of(reading, rules, values, "drawn", str(seed))
        yield from samples_of(damaged(reading, Random(seed)), rules, values, "damaged", str(seed))


def samples_of(
    reading: Reading,
    rules: RuleSet,
    values: Mapping[tuple[str, ...], str],
    split: Split,
    name: str,
    today: date = TODAY,
) -> Iterator[Sample]:
    """Yield a sample for each value that was found and whose truth is known.

    Args:
        reading: of the document.
        rules: with a lexicon.
        values: names, any of which counts -> true value.
        split: to count it under.
        name: of the document.
        today: no later day is a day of issue.
    """
    if rules.lexicon is None:
        return
    understood = understand(squeeze_rows(lay_out(reading)), rules.lexicon, today)
    if understood is None:
        return
    true = {_meant(name): value for names, value in values.items() for name in names}
    for field in understood.fields:
        features = understood.features.get(field.name)
        wanted = true.get(_meant(field.name))
        if features is None or field.value is None or wanted is None or field.name == "merchant":
            continue
        numbers = {key: float(value) for key, value in features.items()}
        compared = "merchant" if field.name == "seller_name" else field.name
        yield Sample(_model(field.name), numbers, same(compared, field.value, wanted), split, name)


def _meant(field: str) -> str:
    """Name a field alike on invoices and receipts."""
    return field if field == "buyer_tax_no" else _model(field)


def _model(field: str) -> str:
    return MODELS.get(field, field)


def _has_rule(reading: Reading, rules: RuleSet) -> bool:
    rule = classify(squeeze_rows(lay_out(reading)), rules).rule
    return rule is not None and rule.spec.rule not in RECEIPTS


def _split(corpus: str, document: Known) -> Split:
    if corpus == "sroie":
        return "report"
    return "report" if document.group.endswith("report") else "tune"


def damaged(reading: Reading, rng: Random) -> Reading:
    """Return a reading with lines lost and digits worn by chance.

    Args:
        reading: as it was read.
        rng: source of chance.
    """
    kept: Sequence[Line] = [line for line in reading.lines if rng.random() >= LOST]
    return replace(reading, lines=tuple(_worn(line, rng) if rng.random() < WORN else line for line in kept))


def _worn(line: Line, rng: Random) -> Line:
    """Wear a digit: the reader doubts it, and is wrong as often as it says."""
    digits = [place for place, character in enumerate(line.text) if character.isdecimal() and character.isascii()]
    if not digits:
        return line
    place, sure = rng.choice(digits), rng.uniform(*WORN_TO)
    others = [digit for digit in "0123456789" if digit != line.text[place]]
    seen = line.text[place] if rng.random() < sure else rng.choice(others)
    read = line.chars or tuple(Char(0.5, ((character, 1.0),)) for character in line.text)
    chars = (*read[:place], Char(read[place].position, ((seen, sure),)), *read[place + 1 :])
    return replace(line, text=line.text[:place] + seen + line.text[place + 1 :], chars=chars)
