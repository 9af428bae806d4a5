"""Apply rules to a reading: fields with values, levels and reasons.

rules = load_rules(folder)
extraction = extract(reading, rules, today)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ingestd.document import (
    OF_NO_PAPER,
    Code,
    Extraction,
    Field,
    Item,
    Paper,
    Reading,
    Status,
)
from ingestd.extract.chances import with_chances, with_doubts
from ingestd.extract.confirm.doubts import OTHER, kinds_of, rule_of, status_of
from ingestd.extract.items.cells import Cells, column_sum, read_items
from ingestd.extract.items.find import items_of_tables
from ingestd.extract.items.headed import read_table
from ingestd.extract.items.rows import ALONE
from ingestd.extract.lexicon.labels import SqueezedDocument, squeeze_rows
from ingestd.extract.lexicon.model import KINDS_OF_BALANCES, UNKNOWN
from ingestd.extract.page_parts import Part
from ingestd.extract.papers import pages_of_data, parts_of, parts_on
from ingestd.extract.proof.judge import judge
from ingestd.extract.rulefile.compiled import CompiledRule, RuleSet
from ingestd.extract.rulefile.equation import SUM_OF
from ingestd.extract.search.candidates import SearchResult, search
from ingestd.extract.search.classify import Classification, classify, matches
from ingestd.extract.search.context import SearchContext, locate_labels
from ingestd.extract.stated.fields import stated_fields, with_problem
from ingestd.extract.stated.invoice import Invoice, is_data, stated_by
from ingestd.extract.stated.witness import Witness
from ingestd.extract.understand.document import Understanding, understand
from ingestd.extract.understand.phrases import Labels, find_labels
from ingestd.extract.values.dates import Order
from ingestd.extract.values.invoice_qr import INVOICE_QRS, StatedValue
from ingestd.extract.values.normalise import Style
from ingestd.layout.rows import LaidOutDocument, lay_out


def extract(reading: Reading, rules: RuleSet, today: date, kind: str | None = None) -> Extraction:
    """Extract fields and line items from a reading.

    Args:
        reading: lines and codes of all pages.
        rules: from :func:`ingestd.extract.rulefile.load.load_rules`.
        today: later dates are rejected.
        kind: as a person says; None, or none of :func:`~ingestd.extract.confirm.doubts.kinds_of`: concluded.

    Returns:
        For each paper by itself the fields of the rule that matches best. Where none does, or two match equally well:
        the fields of an understood document, else those of the fallback. One that is not about money is named
        ``unknown`` and is for review.
    """
    said = kind if kind in kinds_of(rules) else None
    unread = tuple(page.index for page in reading.pages if page.fault is not None)
    if said == OTHER:
        return Extraction(OTHER, (), (), Status.DONE, unread=unread)
    found = _extract(reading, rules, today, said)
    if not unread:
        return found
    found = dataclasses.replace(found, unread=unread)
    return dataclasses.replace(found, status=status_of(found, rules, kind_confirmed=said is not None))


def _extract(reading: Reading, rules: RuleSet, today: date, said: str | None) -> Extraction:
    stated = [code for code in reading.codes if is_data(code)]
    if stated and not (pages := pages_of_data(stated)):
        found = _extract_paper(reading, rules, today, said)
        kept = tuple(page.index for page in reading.pages if page.role not in OF_NO_PAPER)
        return dataclasses.replace(found, pages=_if_some(kept, reading))

    def read(part: Reading) -> Extraction:
        return _extract_paper(part, rules, today, None)

    first, *others = parts_on(reading, pages, read) if stated else parts_of(reading, read)
    found = first.extraction if said is None else _extract_paper(first.reading, rules, today, said)
    if not others:
        return dataclasses.replace(found, pages=_if_some(first.pages, reading))
    further = tuple(_paper(part) for part in others)
    found = dataclasses.replace(found, further=further, pages=first.pages, area=first.area)
    return dataclasses.replace(found, status=status_of(found, rules, kind_confirmed=said is not None))


def _if_some(pages: tuple[int, ...], reading: Reading) -> tuple[int, ...]:
    """Return the pages of a file's only paper; none where they are all."""
    return () if len(pages) >= len(reading.pages) else pages


def _paper(part: Part) -> Paper:
    found = part.extraction
    return Paper(part.pages, part.area, found.rule, found.fields, found.items, found.status)


def _extract_paper(reading: Reading, rules: RuleSet, today: date, said: str | None) -> Extraction:
    examined = examine(reading, rules, today, said)
    name = UNKNOWN
    items: tuple[Item, ...] = ()
    if examined.stated is not None:
        found = Extraction(examined.stated.kind, examined.fields, examined.stated.items, Status.REVIEW)
        return dataclasses.replace(found, status=status_of(found, rules, kind_confirmed=True))
    if examined.understanding is not None:
        name = examined.understanding.kind
        items = _items(reading, examined, examined.understanding.labels, name)
    elif examined.classification.rule is not None:
        rule = examined.classification.rule.spec
        name, items = rule.rule, read_items(examined.table)
        if not items and (rule.items is not None or rule.complete):
            lexicon = rules.lexicon if rule.complete else None
            labels = find_labels(examined.squeezed, lexicon) if lexicon is not None else None
            items = _items(reading, examined, labels)
    found = Extraction(name, examined.fields, items, Status.REVIEW)
    return dataclasses.replace(found, status=status_of(found, rules, kind_confirmed=said is not None))


def _items(reading: Reading, examined: Examined, labels: Labels | None, kind: str = "") -> tuple[Item, ...]:
    """Return line items whose headers no rule names, with the labels of the lexicon where they are known."""
    document = examined.squeezed.document
    roles: dict[int, frozenset[str]] = {}
    for phrase in labels.phrases if labels is not None else ():
        if phrase.role is not None:
            row = document.rows[phrase.place.row]
            line = row.boxes[row.box_at(phrase.place.start)].line
            said = {phrase.role, ALONE} if phrase.alone else {phrase.role}
            roles[line] = roles.get(line, frozenset()) | said
    alone = labels is not None and kind not in KINDS_OF_BALANCES
    return items_of_tables(reading, examined.fields, document, roles, amounts_alone=alone)


@dataclass(frozen=True, slots=True)
class Examined:
    """Result of applying the rules to a document, with intermediate results."""

    squeezed: SqueezedDocument
    classification: Classification
    rule: CompiledRule | None
    """The rule applied: the selected one, else the fallback, else none."""
    context: SearchContext | None
    table: tuple[Cells, ...]
    """Rows of line items."""
    found: Mapping[str, SearchResult]
    fields: tuple[Field, ...]
    understanding: Understanding | None = None
    """The explanation of a document that no rule matches."""
    features: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Required field of the rule -> what its probability is made from."""
    stated: Invoice | None = None
    """The invoice that the file states as data; the rest is what the page alone gives."""


def examine(reading: Reading, rules: RuleSet, today: date, kind: str | None = None) -> Examined:
    """Take the fields that the file states as data, else search the page for them; see :func:`extract`."""
    stated, problem = stated_by(reading.codes)
    printed = dataclasses.replace(reading, codes=tuple(code for code in reading.codes if not is_data(code)))
    if stated is None or (kind is not None and kind != stated.kind):
        page = _examine_page(printed, rules, today, kind)
        return dataclasses.replace(page, fields=with_problem(page.fields, problem)) if problem else page
    page = _examine_page(printed, rules, today, None)
    witness = Witness(None if stated.drawn else page.squeezed.document, today)
    fields = stated_fields(stated, witness, () if stated.drawn else page.fields)
    return dataclasses.replace(page, fields=fields, stated=stated)


def _examine_page(reading: Reading, rules: RuleSet, today: date, kind: str | None) -> Examined:
    """Select the rule, search for its fields and judge them."""
    document = lay_out(reading)
    squeezed = squeeze_rows(document)
    confirmed = Classification(rule_of(rules, kind), "a person says so") if kind is not None else None
    classification = confirmed or classify(squeezed, rules)
    if classification.rule is None and rules.lexicon is not None:
        understanding = understand(squeezed, rules.lexicon, today, kind)
        if understanding is not None:
            told = with_doubts(understanding.fields, understanding.features, understanding.kind, rules)
            return Examined(squeezed, classification, None, None, (), {}, told, understanding)
    rule = classification.rule or rules.fallback
    if rule is None:
        return Examined(squeezed, classification, None, None, (), {}, ())
    context = locate_labels(squeezed, rule)
    style = Style(today, _order(document, rule), rule.spec.decimals)
    found = {field.name: search(context, field, style) for field in rule.fields}
    table = read_table(context)
    found |= {entry.name: column_sum(context, table, entry.name.removeprefix(SUM_OF)) for entry in rule.sums}
    judged = judge(document, rule, found, _stated(document, rule))
    whole = rules.lexicon if rule.spec.complete else None
    fields, features = with_chances(judged.fields, judged.features, squeezed, today, whole)
    fields = with_doubts(fields, features, rule.spec.rule, rules)
    return Examined(squeezed, classification, rule, context, table, found, fields, features=features)


def _order(document: LaidOutDocument, rule: CompiledRule) -> Order:
    """Decide the order of day and month on this document."""
    for sign in rule.spec.dates.signs:
        if any(matches(sign.regex, row.text) for row in document.rows):
            return sign.order
    return rule.spec.dates.order


def _stated(document: LaidOutDocument, rule: CompiledRule) -> list[tuple[StatedValue, Code]]:
    """List the values of the first code that states any."""
    if rule.spec.witness is None:
        return []
    for code in document.reading.codes:
        stated = INVOICE_QRS[rule.spec.witness].read(code.text)
        if stated:
            return [(value, code) for value in stated]
    return []
