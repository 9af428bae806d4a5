"""Rules that prove their answers: from a reading to fields, each with its level and its reasons.

rules = load_rules(folder)
extraction = extract(reading, rules, today)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ingestd.document import Code, Extraction, Field, Item, Reading, Status
from ingestd.extract.confirm.doubts import OTHER, UNKNOWN, kinds_of, rule_of, status_of
from ingestd.extract.proof.judge import judge
from ingestd.extract.rulefile.compiled import CompiledRule, RuleSet
from ingestd.extract.rulefile.equation import SUM_OF
from ingestd.extract.rulefile.labels import squeeze_rows
from ingestd.extract.search.candidates import SearchResult, search
from ingestd.extract.search.classify import Classification, classify, matches
from ingestd.extract.search.context import SearchContext, locate_labels
from ingestd.extract.search.line_items import Cells, column_sum, read_items, read_table
from ingestd.extract.understand.document import Understanding, understand
from ingestd.extract.values.dates import Order
from ingestd.extract.values.invoice_qr import INVOICE_QRS, StatedValue
from ingestd.extract.values.normalise import Style
from ingestd.layout.rows import LaidOutDocument, lay_out


def extract(reading: Reading, rules: RuleSet, today: date, kind: str | None = None) -> Extraction:
    """Apply the rules to what the pages say.

    Args:
        reading: lines and codes of all pages.
        rules: from :func:`ingestd.extract.rulefile.load.load_rules`.
        today: no later date is believed.
        kind: as a person says; None, or none of :func:`~ingestd.extract.confirm.doubts.kinds_of`: concluded.

    Returns:
        The fields of the rule that matches best; where none does or two match equally well, what the document is
        understood to say if it speaks of money, else the fields of the fallback, named ``unknown`` and for review.
    """
    said = kind if kind in kinds_of(rules) else None
    if said == OTHER:
        return Extraction(OTHER, (), (), Status.DONE)
    examined = examine(reading, rules, today, said)
    name = UNKNOWN
    items: tuple[Item, ...] = ()
    if examined.understanding is not None:
        name = examined.understanding.kind
    elif examined.choice.plan is not None:
        name, items = examined.choice.plan.spec.rule, read_items(examined.table)
    found = Extraction(name, examined.fields, items, Status.REVIEW)
    return dataclasses.replace(found, status=status_of(found, rules, kind_confirmed=said is not None))


@dataclass(frozen=True, slots=True)
class Examined:
    """A document after the rules were applied, with everything they went by."""

    choice: Classification
    plan: CompiledRule | None
    """The rule applied: the chosen one, else the fallback, else none."""
    context: SearchContext | None
    table: tuple[Cells, ...]
    """Rows of line items."""
    found: Mapping[str, SearchResult]
    fields: tuple[Field, ...]
    understanding: Understanding | None = None
    """The explanation of a money document that no rule matches."""


def examine(reading: Reading, rules: RuleSet, today: date, kind: str | None = None) -> Examined:
    """Choose the rule, search for its fields and judge them; see :func:`extract`."""
    document = lay_out(reading)
    page = squeeze_rows(document)
    choice = classify(page, rules) if kind is None else Classification(rule_of(rules, kind), "a person says so")
    if choice.plan is None and rules.lexicon is not None:
        understanding = understand(page, rules.lexicon, today, kind)
        if understanding is not None:
            return Examined(choice, None, None, (), {}, understanding.fields, understanding)
    plan = choice.plan or rules.fallback
    if plan is None:
        return Examined(choice, None, None, (), {}, ())
    context = locate_labels(page, plan)
    style = Style(today, _order(document, plan), plan.spec.decimals)
    found = {field.name: search(context, field, style) for field in plan.fields}
    table = read_table(context)
    found |= {entry.name: column_sum(context, table, entry.name.removeprefix(SUM_OF)) for entry in plan.sums}
    return Examined(choice, plan, context, table, found, judge(document, plan, found, _facts(document, plan)))


def _order(document: LaidOutDocument, plan: CompiledRule) -> Order:
    """Order of day and month on this document."""
    for sign in plan.spec.dates.signs:
        if any(matches(sign.regex, row.text) for row in document.rows):
            return sign.order
    return plan.spec.dates.order


def _facts(document: LaidOutDocument, plan: CompiledRule) -> list[tuple[StatedValue, Code]]:
    """What codes on the page state, the first code that states anything."""
    if plan.spec.witness is None:
        return []
    for code in document.reading.codes:
        stated = INVOICE_QRS[plan.spec.witness].read(code.text)
        if stated:
            return [(fact, code) for fact in stated]
    return []
