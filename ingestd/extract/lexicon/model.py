"""Words of money documents by language, and the phrases that they form.

A lexicon file lists words by class (``total``, ``tax``, ``number`` ...) and whole phrases by role. Words side by side
form a phrase, and :func:`role_of` derives its role from their classes: ``TOTAL`` + ``ohne`` + ``MwSt`` is a net amount,
``Rechnungs`` + ``Nr`` an invoice number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from ingestd.extract.lexicon.labels import squeeze
from ingestd.extract.lexicon.spotting import Spotter
from ingestd.extract.values.dates import Order

WORD_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "invoice": "The paper itself: invoice, bill, receipt.",
        "number": "The word for number.",
        "date": "The word for date.",
        "order": "An order, an offer or a project.",
        "customer": "The customer, the customer's account or contract.",
        "delivery": "A delivery, its note or its service.",
        "register": "A register, till, terminal or operator, whose number is not the invoice's.",
        "tax": "Value added or sales tax.",
        "total": "The total.",
        "amount": "The word for amount.",
        "sub": "A subtotal.",
        "net": "An amount without tax.",
        "gross": "An amount with tax.",
        "excluding": "Makes an amount one without tax: total excluding VAT.",
        "including": "Makes an amount one with tax; without an amount it is the tax within it.",
        "base": "The amount on which tax is due.",
        "rate": "The rate of tax.",
        "due": "The amount that is still to be paid; with a date the day it is due.",
        "paid": "Paid amounts and means of payment.",
        "change": "Money given back.",
        "tip": "Surcharges: tip, shipping, fees.",
        "discount": "Discounts.",
        "rounding": "The difference to a rounded total.",
        "prepaid": "Payments in advance.",
        "deposit": "Deposits on things that are returned.",
        "previous": "Balances carried over from earlier papers.",
        "issue": "The issue of the paper; with a date its date.",
        "expiry": "The end of validity.",
        "print": "The printing of the paper.",
        "period": "Periods, and dates that are not the invoice's.",
        "quantity": "The column of quantities.",
        "unit_price": "The column of prices.",
        "item": "The columns of articles, their numbers and names.",
        "phone": "Telephone and fax.",
        "page": "The page.",
        "bank": "Bank, account, IBAN.",
        "reference": "References of either party.",
    }
)
"""Class -> meaning of its words."""
PHRASE_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "date": "Day of issue.",
        "due_date": "Day on which payment is due.",
        "delivery_date": "Day of delivery.",
        "order_date": "Day of the order.",
        "tax_no": "Number for value added tax.",
        "fiscal_no": "Number at the tax office.",
        "register_no": "Number of a company in a register, or of a till: neither the paper's nor for tax.",
        "invoice_no": "Number of the paper.",
        "total": "Total.",
        "net": "Amount without tax.",
        "tax": "Tax.",
        "ignore": "Nothing: printed texts with words of the lexicon that are not labels.",
    }
)
"""Role -> value that its phrases announce."""
KINDS = (
    *("invoice", "receipt", "credit-note", "pro-forma", "statement", "order-confirmation", "delivery-note", "pay-slip"),
    *("reminder", "ticket"),
)
KINDS_OF_BALANCES = frozenset(("statement", "reminder", "pay-slip"))
"""Kinds whose lists of amounts are of papers, payments or earnings, not of items."""
UNKNOWN = "unknown"
"""Kind of a document that no rule matches and that is not about money."""
_COMPOUND_STEMS = (
    "invoice",
    "order",
    "customer",
    "delivery",
    "tax",
    "total",
    "net",
    "gross",
    "item",
    "issue",
    "period",
)
_COMPOUND_ENDS = ("number", "date", "total", "amount")
MIN_PART = 2
"""Letters of a word that may be joined to another without a space."""


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]


def _keys(names: Iterable[str]) -> JsonDict:
    """Limit the keys of a mapping in the JSON Schema."""
    return {"propertyNames": {"enum": list(names)}}


class LexiconFile(BaseModel):
    """One file of ``rules/lexicon/``: words of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str = Field(pattern=r"^[a-z]{2}$", description="ISO 639-1 code, the same as the file's name.")
    order: Order = Field(description="Usual order of day, month and year.")
    decimals: Literal[".", ","] = Field(description="Usual sign between units and cents.")
    compounds: bool = Field(default=False, description="Words are joined without a space: Rechnungs + Nummer.")
    words: dict[str, Texts] = Field(
        description="Class -> words; words side by side form a phrase.", json_schema_extra=_keys(WORD_CLASSES)
    )
    phrases: dict[str, Texts] = Field(
        default={},
        description="Role -> whole phrases, which win over single words.",
        json_schema_extra=_keys(PHRASE_ROLES),
    )
    seller: Texts = Field(default=(), description="Headings of the seller's block.")
    buyer: Texts = Field(default=(), description="Headings of the buyer's block.")
    kinds: dict[str, Texts] = Field(
        default={}, description="Kind of document -> its headings.", json_schema_extra=_keys(KINDS)
    )
    legal_forms: Texts = Field(default=(), description="Endings of names of companies.")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a label text can mean."""

    word_class: str | None = None
    role: str | None = None
    kind: str | None = None
    party: Literal["seller", "buyer"] | None = None
    language: str = ""


@dataclass(frozen=True)
class Lexicon:
    """All languages, ready to be looked for.

    Args:
        files: by language.
    """

    files: tuple[LexiconFile, ...]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what a worker process makes itself."""
        return {"files": self.files}

    @cached_property
    def meanings(self) -> Mapping[str, tuple[Meaning, ...]]:
        """Squeezed label -> everything it can mean."""
        found: dict[str, list[Meaning]] = {}
        for file in self.files:
            for text, meaning in _entries(file):
                squeezed = squeeze(text)
                if squeezed and meaning not in found.setdefault(squeezed, []):
                    found[squeezed].append(meaning)
        return {label: tuple(meanings) for label, meanings in found.items()}

    @cached_property
    def spotter(self) -> Spotter:
        """Looks for all labels at once."""
        return Spotter(self.meanings, self._parts(_COMPOUND_STEMS), self._parts(_COMPOUND_ENDS))

    def _parts(self, classes: Sequence[str]) -> dict[str, str]:
        """Squeezed words of languages with compounds -> word class."""
        parts: dict[str, str] = {}
        for file in self.files:
            for word_class in classes if file.compounds else ():
                for word in map(squeeze, file.words.get(word_class, ())):
                    if len(word) >= MIN_PART:
                        parts.setdefault(word, word_class)
        return parts

    def order(self, language: str) -> Order:
        """Return the usual order of day, month and year of a language, day first where it is unknown."""
        return next((file.order for file in self.files if file.language == language), "dmy")

    @cached_property
    def legal_forms(self) -> frozenset[str]:
        """Squeezed endings of names of companies."""
        return frozenset(squeeze(form) for file in self.files for form in file.legal_forms)

    @cached_property
    def unspaced_forms(self) -> tuple[str, ...]:
        """Those of them that may follow a name without a space."""
        return tuple(form for form in self.legal_forms if not form.isascii())


def _entries(file: LexiconFile) -> Iterator[tuple[str, Meaning]]:
    language = file.language
    for name, texts in file.words.items():
        yield from ((text, Meaning(word_class=name, language=language)) for text in texts)
    for name, texts in file.phrases.items():
        yield from ((text, Meaning(role=name, language=language)) for text in texts)
    for name, texts in file.kinds.items():
        yield from ((text, Meaning(kind=name, language=language)) for text in texts)
    yield from ((text, Meaning(party="seller", language=language)) for text in file.seller)
    yield from ((text, Meaning(party="buyer", language=language)) for text in file.buyer)


def role_of(classes: Sequence[str]) -> str | None:
    """Name the role that the word classes of a phrase announce.

    >>> role_of(["total", "excluding", "tax"]), role_of(["invoice", "number"]), role_of(["including", "tax"])
    ('net', 'invoice_no', 'tax')
    >>> role_of(["paid", "including", "tax"]), role_of(["tax", "paid"])
    ('total', 'tax')
    """
    known = set(classes)
    if "date" in known:
        return _date_role(known)
    if "number" in known and not known & {"total", "amount", "net", "gross"}:
        return _number_role(known)
    return _money_role(known)


def _date_role(known: Set[str]) -> str:
    for word, role in (
        ("due", "due_date"),
        ("delivery", "delivery_date"),
        ("order", "order_date"),
        ("paid", "payment_date"),
        ("print", "print_date"),
        ("expiry", "expiry_date"),
        ("period", "other_date"),
        ("customer", "other_date"),
    ):
        if word in known:
            return role
    return "date" if known & {"invoice", "issue"} else "any_date"


def _number_role(known: Set[str]) -> str:
    for word in ("tax", "order", "customer", "delivery", "register", "phone", "item", "bank", "reference", "page"):
        if word in known:
            return f"{word}_no"
    return "invoice_no" if "invoice" in known else "any_no"


_PLAIN_ROLES = (
    *("previous", "quantity", "unit_price", "change", "rounding", "deposit", "prepaid", "discount", "tip", "base"),
)
"""Classes that decide a phrase whatever else it says, strongest first."""
_SUMMED = frozenset(("total", "amount", "sub", "due", "gross", "invoice"))
_LAST_ROLES = (
    *(("net", "net"), ("gross", "total"), ("sub", "sub"), ("paid", "paid"), ("total", "total")),
    *(("amount", "amount"), ("phone", "phone"), ("bank", "bank"), ("item", "item"), ("rate", "rate")),
)
"""Class and role, strongest first, of phrases that say nothing of tax."""


def _money_role(known: Set[str]) -> str | None:
    plain = next((role for role in _PLAIN_ROLES if role in known), None)
    if plain is not None:
        return plain
    if "tax" in known:
        return _tax_role(known)
    if "due" in known:
        return "due"
    if "invoice" in known and known & {"amount", "total"}:
        return "total"
    return next((role for word, role in _LAST_ROLES if word in known), None)


def _tax_role(known: Set[str]) -> str:
    """Role of a phrase about tax: of the tax itself, or of an amount with or without it."""
    if "excluding" in known:
        return "net"
    if "including" in known:
        return "total" if known & (_SUMMED | {"paid"}) else "tax"
    return "rate" if "rate" in known else "tax"
