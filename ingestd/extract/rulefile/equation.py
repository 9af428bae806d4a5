"""Equations between amounts, and relations between other values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import regex

from ingestd.extract.values.validate import CheckOutcome, CheckResult

SUM_OF = "items."
"""Prefix of the name of a sum of line items; the column follows."""


@dataclass(frozen=True, slots=True)
class Term:
    """One field in an equation."""

    field: str
    """Or ``items.COLUMN``: the sum of a column of the line items."""
    sign: int
    """1 or -1."""
    optional: bool
    """Counts as zero where the document lacks it."""


@dataclass(frozen=True, slots=True)
class Equation:
    """Signed terms on the left, one field on the right."""

    terms: tuple[Term, ...]
    result: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the equation, the result last."""
        return (*(term.field for term in self.terms), self.result)

    @property
    def sums(self) -> tuple[str, ...]:
        """Fields that are sums of line items."""
        return tuple(term.field for term in self.terms if term.field.startswith(SUM_OF))


_TERM = regex.compile(r"\s*(?P<sign>[+-])?\s*(?P<field>(?:items\.)?[a-z][a-z0-9_]*)(?P<optional>\?)?\s*")
_RESULT = regex.compile(r"\s*([a-z][a-z0-9_]*)\s*")


def parse_equation(text: str) -> Equation:
    """Read an equation of a rule file.

    Raises:
        ValueError: when it is not of the form ``a + b - c? = d``.

    >>> parse_equation("net + tax + rounding? = total").fields
    ('net', 'tax', 'rounding', 'total')
    >>> parse_equation("items.amount = net").sums
    ('items.amount',)
    """
    left, equals, right = text.partition("=")
    terms: list[Term] = []
    position = 0
    while position < len(left):
        found = _TERM.match(left, position)
        if found is None or (terms and not found["sign"]):
            raise ValueError(f"'{text}' is not an equation such as 'net + tax + rounding? = total'")
        terms.append(Term(found["field"], -1 if found["sign"] == "-" else 1, bool(found["optional"])))
        position = found.end()
    result = _RESULT.fullmatch(right)
    if not equals or not terms or result is None:
        raise ValueError(f"'{text}' is not an equation such as 'net + tax + rounding? = total'")
    names = [term.field for term in terms] + [result[1]]
    if len(set(names)) != len(names):
        raise ValueError(f"'{text}' names a field twice")
    return Equation(tuple(terms), result[1])


MAX_CODE_AGE_YEARS = 4
"""Years from the year in an invoice code to the date of the invoice."""


def cn_code_year(values: Sequence[str]) -> CheckResult:
    """Compare the year in a Chinese invoice code (first value) with the date of the invoice (second).

    Codes are printed ahead: the year is 0 to 4 years before the date (measured on real invoices).

    >>> cn_code_year(["012001900111", "2020-03-17"]).outcome, cn_code_year(["012001900111", "2018-05-08"]).outcome
    (<CheckOutcome.PLAUSIBLE: 'plausible'>, <CheckOutcome.FAILED: 'failed'>)
    """
    code, day = values
    year = 2000 + int(code[5:7] if len(code) == 12 else code[4:6])
    behind = int(day[:4]) - year
    if 0 <= behind <= MAX_CODE_AGE_YEARS:
        return CheckResult(CheckOutcome.PLAUSIBLE, f"year {year} in the invoice code fits the date {day}")
    return CheckResult(CheckOutcome.FAILED, f"year {year} in the invoice code does not fit the date {day}")


def cn_number_year(values: Sequence[str]) -> CheckResult:
    """Compare the first digits of a 20-digit invoice number, its year, with the date; shorter numbers have none.

    >>> cn_number_year(["24442000000012345678", "2024-01-05"]).outcome
    <CheckOutcome.PLAUSIBLE: 'plausible'>
    """
    number, day = values
    if len(number) != 20:
        return CheckResult(CheckOutcome.PLAUSIBLE, "")
    year = 2000 + int(number[:2])
    if year == int(day[:4]):
        return CheckResult(CheckOutcome.PLAUSIBLE, f"year {year} in the number fits the date {day}")
    return CheckResult(CheckOutcome.FAILED, f"year {year} in the number does not fit the date {day}")


def different(values: Sequence[str]) -> CheckResult:
    """Values of different fields that cannot be the same, such as the numbers of buyer and seller.

    >>> different(["1", "1"]).outcome
    <CheckOutcome.FAILED: 'failed'>
    """
    if len(set(values)) == len(values):
        return CheckResult(CheckOutcome.PLAUSIBLE, "")
    return CheckResult(CheckOutcome.FAILED, f"{values[0]} stands for more than one of them")


def same(values: Sequence[str]) -> CheckResult:
    """Compare values that are printed twice, such as the preprinted and the machine-printed number of an invoice.

    >>> same(["41726358", "41726359"]).outcome
    <CheckOutcome.FAILED: 'failed'>
    """
    if len(set(values)) == 1:
        return CheckResult(CheckOutcome.PLAUSIBLE, "")
    return CheckResult(CheckOutcome.FAILED, f"{' and '.join(dict.fromkeys(values))} differ")


RELATIONS: Mapping[str, Callable[[Sequence[str]], CheckResult]] = {
    "cn_code_year": cn_code_year,
    "cn_number_year": cn_number_year,
    "different": different,
    "same": same,
}
"""Name in rule files -> check of several values."""
