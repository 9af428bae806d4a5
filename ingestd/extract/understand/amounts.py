"""Amounts of money with the roles that their labels speak for."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ingestd.extract.understand.links import Link, Places, column_links, row_links
from ingestd.extract.understand.mentions import Amount, Mentions
from ingestd.extract.understand.phrases import Labels
from ingestd.extract.understand.weights import Weights
from ingestd.layout.rows import LaidOutDocument

MAX_SUMMANDS = 30
"""Amounts above another that are summed."""
MAX_ABOVE = 300
"""Amounts among which those above another are looked for."""
_HOSTILE = frozenset(
    (
        *("previous", "change", "rounding", "deposit", "prepaid", "discount", "quantity", "unit_price", "item", "rate"),
        *("phone", "page", "bank", "tip"),
    )
)


@dataclass(frozen=True, slots=True)
class Scored:
    """An amount with what its labels say."""

    amount: Amount
    cents: int
    evidence: Mapping[str, float]
    """Role of a phrase -> weight of its best link."""
    links: tuple[Link, ...]
    penalty: float = 0.0
    is_sum: bool = False
    """The sum of at least two amounts above it in its column."""

    @property
    def dominant(self) -> str | None:
        """Role of the strongest link."""
        return max(self.evidence, key=self.evidence.__getitem__, default=None)


def score_amounts(document: LaidOutDocument, mentions: Mentions, labels: Labels, weights: Weights) -> list[Scored]:
    """Weigh what labels say of every amount; a lost point between units and cents gives a second reading."""
    places = Places(amount.place for amount in mentions.amounts)
    columns = {amount: column_links(amount.place, labels, places) for amount in mentions.amounts}
    counts = _summed_counts(columns, labels)
    beside = Places(amount.place for amount in mentions.amounts if amount not in counts)
    passed = Places([*(day.place for day in mentions.days), *(count.place for count in counts)])
    sums = _column_sums(mentions.amounts)
    scored = []
    for amount in mentions.amounts:
        announced = () if amount in counts else row_links(amount.place, labels, document, beside, passed)
        links = (*announced, *columns[amount])
        evidence = _evidence(links, weights)
        if (
            "rounding" in evidence
            and evidence["rounding"] >= max(evidence.values(), default=0)
            and abs(amount.cents) > 100
        ):
            evidence["total"] = max(evidence.get("total", 0.0), evidence.pop("rounding"))
        scored.append(Scored(amount, amount.cents, evidence, tuple(links), is_sum=amount in sums))
        if amount.alternative is not None and not amount.currency:
            scored.append(Scored(amount, amount.alternative, evidence, tuple(links), penalty=2.0))
        elif amount.alternative is not None:
            scored.append(Scored(amount, amount.alternative, evidence, tuple(links), penalty=1.6))
    return scored


def _summed_counts(columns: Mapping[Amount, Sequence[Link]], labels: Labels) -> frozenset[Amount]:
    """Find sums of quantities in the row of a total: in ``TOTAL 55.00 $4,555.00`` the label is that of the last one."""
    rows: dict[int, list[Amount]] = defaultdict(list)
    for amount in columns:
        if any(phrase.role == "total" for phrase in labels.by_row.get(amount.place.row, ())):
            rows[amount.place.row].append(amount)
    found = []
    for amounts in rows.values():
        *before, last = sorted(amounts, key=lambda amount: amount.place.left)
        if not _is_count(last, columns[last]):
            found += [amount for amount in before if _is_count(amount, columns[amount])]
    return frozenset(found)


def _is_count(amount: Amount, headings: Sequence[Link]) -> bool:
    return not amount.currency and bool(headings) and headings[0].phrase.role == "quantity"


def _column_sums(amounts: Sequence[Amount]) -> frozenset[Amount]:
    """Amounts that are the sum of at least two amounts directly above them in their column."""
    written = [amount for amount in amounts if amount.written and amount.cents]
    rows = [amount.place.row for amount in written]
    found = []
    for amount in written:
        place = amount.place
        end = bisect_left(rows, place.row)
        above = written[max(end - MAX_ABOVE, 0) : end]
        column = [other.cents for other in above if abs(other.place.right - place.right) < place.height]
        sums = accumulate(column[: -MAX_SUMMANDS - 1 : -1])
        if amount.cents in list(sums)[1:]:
            found.append(amount)
    return frozenset(found)


def _evidence(links: Sequence[Link], weights: Weights) -> dict[str, float]:
    evidence: dict[str, float] = {}
    seen: dict[str, int] = defaultdict(int)
    for link in links:
        role = link.phrase.role
        if role is None:
            continue
        if "due" in link.phrase.classes and {"total", "amount"} & {*link.phrase.classes} and role == "due_date":
            role = "due"
        side = "right" if link.relation == "right" else "below"
        weight = weights.link[link.relation]
        if link.relation == "right":
            weight += weights.link["between"] * min(link.between, 2)
        else:
            weight += weights.link["between_column"] * min(link.between, 20)
        weight += weights.link["dirty"] * link.dirty + weights.link["exact"] * link.phrase.exact
        if role == "total" and "including" in link.phrase.classes:
            weight += weights.amount["including"]
        if role == "total" and "invoice" in link.phrase.classes:
            weight += weights.amount["invoice"]
        weight *= weights.link["further"] ** min(seen[side], 2)
        seen[side] += 1
        if weight > evidence.get(role, 0.0):
            evidence[role] = weight
    return evidence


def role_score(scored: Scored, role: str, weights: Weights) -> float:
    """Weigh what labels, sums and form of an amount say for a role: total, net or tax."""
    factors = weights.role[role]
    best = max((factors.get(name, 0.0) * weight for name, weight in scored.evidence.items()), default=0.0)
    if best < 0.3:
        best = weights.amount[f"unlabelled_{role}"]
    dominant = scored.dominant
    if dominant is not None and dominant not in factors and scored.evidence[dominant] > 1.0:
        hostile = dominant in _HOSTILE or dominant == "ignore" or dominant.endswith(("_no", "_date"))
        best += weights.amount["hostile"] * (1.0 if hostile else 0.4) * min(scored.evidence[dominant] / 3.0, 1.0)
    best += weights.amount["column_sum"] * scored.is_sum
    if not scored.amount.written and not scored.amount.currency:
        best += weights.amount["bare"]
        if abs(scored.cents) >= 10_000_000:
            best += weights.amount["long"]
    if not scored.amount.plain:
        best += 2 * weights.amount["bare"]
    return best - scored.penalty
