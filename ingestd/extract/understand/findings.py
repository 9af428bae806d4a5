"""Findings: values chosen for the fields of a document, with their level, reasons and features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ingestd.document import FieldCandidate, Level, Reason, ReasonKind
from ingestd.extract.understand.amounts import Scored
from ingestd.extract.understand.blocks import blocks, seller_scores
from ingestd.extract.understand.dates import DayChoice
from ingestd.extract.understand.features import (
    MAX_LABEL,
    amount_features,
    date_features,
    loose_amounts,
    margin,
    number_features,
    tax_number_features,
)
from ingestd.extract.understand.links import Link
from ingestd.extract.understand.mentions import Place, quad_of, spans_of
from ingestd.extract.understand.numbers import NumberChoice, is_customers, near_customer, tax_numbers
from ingestd.extract.understand.parties import NameChoice
from ingestd.extract.understand.parts import MIN_CLEAR
from ingestd.extract.understand.phrases import Labels
from ingestd.extract.understand.totals import Explanation
from ingestd.extract.values.accents import without_accents
from ingestd.extract.values.normalise import money_text
from ingestd.layout.rows import LaidOutDocument

SUM_CHECK = "net and tax make the total"
PAID_CHECK = "what was paid less the change is the total"
MIN_TOTAL_SCORE = 0.5
"""Score of an explanation from which on its total is reported."""
WITHOUT_LABEL = "without a label"
MAX_RIVALS = 4
"""Rivals of a field that are kept for a person to choose from."""
STRONG_LINK = 1.5
"""Weight of a link from which on it announces its value clearly."""
_CURRENCIES = {
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY", "圆": "CNY",
    "RMB": "CNY", "₹": "INR", "RS": "INR", "RS.": "INR", "RM": "MYR", "ZL": "PLN", "SFR": "CHF",
    "FR.": "CHF", "R": "ZAR", "$": "USD", "US$": "USD", "S$": "SGD", "A$": "AUD", "C$": "CAD",
    "HK$": "HKD", "R$": "BRL", "KC": "CZK", "FT": "HUF", "LEI": "RON", "LEU": "RON", "TL": "TRY", "₺": "TRY",
}  # fmt: skip
_CROWNS = {"sv": "SEK", "da": "DKK", "nb": "NOK"}
"""Language -> the currency that it abbreviates kr."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A value before it becomes a field."""

    name: str
    value: str
    place: Place | None
    level: Level
    reasons: tuple[str | Reason, ...]
    features: dict[str, float] = field(default_factory=dict)
    rivals: tuple[FieldCandidate, ...] = ()


def _announced(links: Sequence[Link]) -> str:
    if not links:
        return WITHOUT_LABEL
    link = links[0]
    where = {"right": "beside", "below": "below", "column": "in the column of"}[link.relation]
    return f"{where} '{link.phrase.text}'"


def _rivals(
    document: LaidOutDocument, chosen: str, found: Sequence[tuple[str, Place, Sequence[Link]]]
) -> tuple[FieldCandidate, ...]:
    """Other values that were considered, best first."""
    rivals: dict[str, FieldCandidate] = {}
    for value, place, links in found:
        if value != chosen and value not in rivals:
            reason = Reason(ReasonKind.LABEL, _announced(links))
            raw = document.raw(spans_of(document, place))
            rivals[value] = FieldCandidate(
                value, raw, Level.READ, (reason,), place.page_index, quad_of(document, place)
            )
        if len(rivals) == MAX_RIVALS:
            break
    return tuple(rivals.values())


def number_findings(document: LaidOutDocument, numbers: Sequence[NumberChoice], *, receipt: bool) -> Iterator[Finding]:
    """Find the number of the paper."""
    if numbers:
        best = numbers[0]
        again = sum(choice.text == best.text for choice in numbers) > 1
        level = Level.AGREED if again else Level.READ
        reasons = (_announced(best.links), *(("printed twice",) if again else ()))
        rivals = _rivals(document, best.text, [(one.text, one.place, one.links) for one in numbers])
        name = "receipt_no" if receipt else "invoice_no"
        yield Finding(name, best.text, best.place, level, reasons, number_features(document, numbers), rivals)


def date_findings(document: LaidOutDocument, dates: Sequence[DayChoice]) -> Iterator[Finding]:
    """Find the day of issue."""
    if not dates:
        return
    best = dates[0]
    again = sum(choice.day == best.day for choice in dates) > 1
    reasons = [_announced(best.links)]
    if best.other is not None:
        reasons.append(f"could also mean {best.other.isoformat()}")
    level = Level.AGREED if again and best.settled else Level.READ
    rivals = _rivals(
        document, best.day.isoformat(), [(one.day.isoformat(), one.mention.place, one.links) for one in dates]
    )
    features = date_features(document, dates)
    yield Finding("date", best.day.isoformat(), best.mention.place, level, tuple(reasons), features, rivals)


def name_findings(document: LaidOutDocument, names: Sequence[NameChoice], *, receipt: bool) -> Iterator[Finding]:
    """Find the seller's name, which is the merchant of an invoice too."""
    if not names or names[0].score < 0.5:
        return
    best = names[0]
    features = {"score": max(best.score, 0.0), "margin": margin([choice.score for choice in names])}
    rivals = _rivals(document, best.text, [(one.text, one.place, ()) for one in names])
    for name in ("merchant",) if receipt else ("seller_name", "merchant"):
        yield Finding(name, best.text, best.place, Level.READ, (best.how,), features, rivals)


def tax_number_findings(document: LaidOutDocument, labels: Labels, *, receipt: bool) -> Iterator[Finding]:
    """Find the tax numbers of seller and buyer."""
    found = tax_numbers(document, labels)
    if not found:
        return
    customers = [near_customer(document, labels, choice) for choice in found]
    several = len({choice.text for choice in found}) > 1
    if all(is_customers(document, choice) for choice in found):
        yield from _buyers(document, found)
        return
    labelled = [choice.score - 3.0 * (bought and several) for choice, bought in zip(found, customers, strict=True)]
    places = [(choice.place, score) for choice, score in zip(found, labelled, strict=True)]
    scores = seller_scores(places, document, labels)
    best = max(range(len(found)), key=lambda index: scores[index])
    seller = found[best]
    others = [score for choice, score in zip(found, scores, strict=True) if choice.text != seller.text]
    lead = margin([scores[best], *sorted(others, reverse=True)])
    yield _tax_finding(document, "tax_no" if receipt else "seller_tax_no", seller, lead)
    bought = blocks(document, labels, "buyer")
    buyers = [
        choice
        for choice, customer in zip(found, customers, strict=True)
        if choice.text != seller.text and (customer or any(block.has(choice.place) for block in bought))
    ]
    yield from _buyers(document, buyers)


def _buyers(document: LaidOutDocument, buyers: Sequence[NumberChoice]) -> Iterator[Finding]:
    if buyers:
        rivals = [choice.score for choice in buyers if choice.text != buyers[0].text]
        lead = margin([buyers[0].score, *sorted(rivals, reverse=True)])
        yield _tax_finding(document, "buyer_tax_no", buyers[0], lead)


def _tax_finding(document: LaidOutDocument, name: str, choice: NumberChoice, lead: float) -> Finding:
    labelled = bool(choice.links) and choice.links[0].phrase.role == "tax_no"
    reasons = [_announced(choice.links)]
    if choice.scheme:
        reasons.append(f"check digits of a {choice.scheme} pass")
    level = Level.PROVED if choice.scheme and labelled else (Level.AGREED if choice.scheme else Level.READ)
    features = tax_number_features(document, choice, lead)
    return Finding(name, choice.text, choice.place, level, tuple(reasons), features)


def _currency(best: Explanation, languages: Sequence[str]) -> Iterator[Finding]:
    crown = next((_CROWNS[language] for language in languages if language in _CROWNS), "")
    for one in (best.total, best.net, *best.taxes):
        if one is not None and one.amount.currency:
            printed = one.amount.currency
            code = crown if printed.rstrip(".") == "KR" else _CURRENCIES.get(without_accents(printed), printed)
            if code.isascii() and code.isalpha() and len(code) == 3:
                yield Finding("currency", code, one.amount.place, Level.READ, ("beside the amount",))
                return


def amount_findings(
    document: LaidOutDocument,
    explanations: Sequence[Explanation],
    scored: Sequence[Scored],
    languages: Sequence[str],
) -> Iterator[Finding]:
    """Find net, tax, total and their currency in the best explanation.

    Args:
        document: the document.
        explanations: best first.
        scored: all amounts.
        languages: of the document, strongest first; they tell whose crown "kr" is.
    """
    if not explanations or explanations[0].score < MIN_TOTAL_SCORE:
        return
    best = explanations[0]
    yield from _currency(best, languages)
    level, reason = _level(best, loose=loose_amounts(best, scored))
    features = amount_features(document, explanations, scored, conflict=level is Level.CONFLICT)
    for name, one in (("net", best.net), ("tax", best.taxes[0] if best.taxes else None), ("total", best.total)):
        if one is None:
            continue
        cents = {"net": best.net_cents, "tax": best.tax_cents}.get(name, one.cents)
        shared = best.equation in ("sum", "zero") or level is Level.CONFLICT
        own = level if name == "total" or shared else Level.READ
        reasons: list[str | Reason] = [_announced(one.links)]
        if name == "tax" and len(best.taxes) > 1:
            reasons.append("sum of " + " + ".join(_money(tax.cents) for tax in best.taxes))
        if one.penalty:
            reasons.append("its point was not read")
        if reason and own is not Level.READ:
            reasons.append(reason)
        value = _money(cents)
        others = [(_money(way.total.cents), way.total.amount.place, way.total.links) for way in explanations]
        rivals = _rivals(document, value, others) if name == "total" else ()
        known = {**features, "own": max(0.0, min(best.parts.get(name, 0.0), MAX_LABEL))}
        yield Finding(name, value, one.amount.place, own, tuple(reasons), known, rivals)


def _money(cents: int) -> str:
    return money_text(Decimal(cents) / 100)


def _level(best: Explanation, *, loose: int) -> tuple[Level, Reason | None]:
    """Return the level of an explanation and what speaks for it.

    Args:
        best: the explanation.
        loose: clearly labelled amounts that it leaves out. Without a tax one of them may be the tax, so that nothing
            is proved.
    """
    if best.equation == "sum" and best.net is not None:
        signed = [
            ("-" if one.dominant == "discount" else "+", abs(one.cents))
            for one in best.extras
            if one.dominant != "base"
        ]
        extras = "".join(f" {sign} {_money(cents)}" for sign, cents in signed)
        sides = f"{_money(best.net_cents)} + {_money(best.tax_cents)}{extras} = {_money(best.total.cents)}"
        if best.rounded:
            return Level.READ, None
        sure = best.total.penalty == 0 and best.net.penalty == 0 and ("tax" in best.parts or not loose)
        proved = best.labelled and sure
        return (Level.PROVED if proved else Level.AGREED), _equation(SUM_CHECK, f"{SUM_CHECK}: {sides}", holds=True)
    if best.paid:
        reason = _equation(PAID_CHECK, "what was paid less the change", holds=True)
        return (Level.PROVED if best.labelled else Level.AGREED), reason
    if _contradicts(best):
        return Level.CONFLICT, _equation(SUM_CHECK, "net and tax do not make the total", holds=False)
    if best.equation == "included":
        return Level.AGREED, Reason(ReasonKind.NOTE, f"{_money(best.tax_cents)} is a usual tax within it")
    return Level.READ, None


def _equation(check: str, text: str, *, holds: bool) -> Reason:
    return Reason(ReasonKind.EQUATION, text, {"check": check, "holds": holds})


def _contradicts(best: Explanation) -> bool:
    """Tell whether net, tax and total are all clearly labelled and do not add up, within a tenth of the total."""
    if best.equation != "none" or best.net is None or not best.taxes:
        return False
    clear = all(score > MIN_CLEAR for score in best.parts.values())
    gap = abs(best.net.cents + best.tax_cents - best.total.cents)
    return clear and 0 < gap <= abs(best.total.cents) // 10 and best.tax_cents != 0


def tender_findings(scored: Sequence[Scored]) -> Iterator[Finding]:
    """Find rounding, what was paid and the change."""
    for name in ("rounding", "paid", "change"):
        fitting = [
            one for one in scored if one.dominant == name and one.penalty == 0 and one.evidence[name] > STRONG_LINK
        ]
        if fitting:
            best = max(fitting, key=lambda one: one.evidence[name])
            yield Finding(name, _money(best.cents), best.amount.place, Level.READ, (_announced(best.links),))
