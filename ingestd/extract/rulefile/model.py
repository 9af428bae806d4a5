"""Models of rule files: frozen; rules/rules.schema.json is generated from them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import regex
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    model_validator,
)

from ingestd.document import FieldType, Level, Status
from ingestd.extract.rulefile.equation import RELATIONS, parse_equation
from ingestd.extract.values.dates import Order
from ingestd.extract.values.invoice_qr import INVOICE_QRS
from ingestd.extract.values.normalise import Decimals
from ingestd.extract.values.validate import VALIDATORS


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _regex(text: str) -> str:
    try:
        regex.compile(text, regex.IGNORECASE)
    except regex.error as error:
        raise ValueError(f"not a valid regex: {error}") from error
    return text


def _label(text: str) -> str:
    if not all(any(character.isalnum() for character in part) for part in text.split("|")):
        raise ValueError("a label needs at least one letter or digit on each side of '|'")
    return text


def _equation(text: str) -> str:
    parse_equation(text)
    return text


def _one_of(functions: Mapping[str, Any]) -> tuple[Any, ...]:
    """Accept the names of a dict of functions; the JSON Schema lists them."""
    names = sorted(functions)

    def known(name: str) -> str:
        if name not in functions:
            raise ValueError(f"expected one of {', '.join(names)}")
        return name

    return AfterValidator(known), Field(json_schema_extra={"enum": list(names)})


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Regex = Annotated[str, AfterValidator(_regex)]
Label = Annotated[str, AfterValidator(_label)]
Labels = Annotated[tuple[Label, ...], BeforeValidator(_one_or_many)]
Where = Literal["right", "below", "left", "anywhere", "anywhere_if_proved"]
Check = Annotated[str, *_one_of(VALIDATORS)]
Relation = Annotated[str, *_one_of(RELATIONS)]
InvoiceQr = Annotated[str, *_one_of(INVOICE_QRS)]
AmountSign = Literal["words", "sum"]
Column = Literal["name", "quantity", "unit_price", "amount", "rate", "tax"]


class Part(BaseModel):
    """Base of every part of a rule file: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sign(Part):
    """Evidence for this kind of document; give exactly one of text, regex, code and amounts."""

    text: Label | None = Field(default=None, description="Printed words, 'a | b' for either; small misreadings count.")
    regex: Regex | None = Field(default=None, description="Pattern in the text of one row.")
    code: Regex | None = Field(default=None, description="Pattern in the text of a QR or one-dimensional code.")
    amounts: AmountSign | None = Field(
        default=None,
        description="words: an amount in Chinese capital characters that is printed in figures too; sum: a net and a "
        "Chinese tax that make a total.",
    )
    weight: PositiveFloat = Field(
        default=1.0, description="Weight in the sum that is compared with 'enough' and with other rules."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Sign:
        if sum(given is not None for given in (self.text, self.regex, self.code, self.amounts)) != 1:
            raise ValueError("give exactly one of 'text', 'regex', 'code' and 'amounts'")
        return self


class Match(Part):
    """Signs by which a document of this kind is recognised."""

    signs: tuple[Sign, ...] = Field(min_length=1, description="Evidence for this kind of document.")
    enough: PositiveFloat = Field(default=1.0, description="Least sum of weights.")
    need: Labels = Field(default=(), description="Each of these must be printed, 'a | b' for either.")
    unless: Labels = Field(default=(), description="None of these may be printed.")


class DateSign(Part):
    """A hint at the order of day and month."""

    order: Order = Field(description="Order that the pattern is evidence for.")
    regex: Regex = Field(description="Pattern in the text of one row.")


class Dates(Part):
    """Order of day and month of dates that fit more than one."""

    order: Order = Field(default="dmy", description="dmy: 3/4/2018 is the third of April; mdy: the fourth of March.")
    signs: tuple[DateSign, ...] = Field(default=(), description="The first that is found decides instead.")


class Zone(Part):
    """A part of the page; the edges given must all hold."""

    when: Labels = Field(default=(), description="Use this definition only where all of these are printed.")
    unless: Labels = Field(default=(), description="Do not use it where one of these is printed.")
    above: Label | None = Field(default=None, description="Above the first row with this text, on its page.")
    below: Label | None = Field(default=None, description="Below the first row with this text, on its page.")
    starting_at: Label | None = Field(default=None, description="From the first row with this text on, on its page.")
    left_of: Label | None = Field(default=None, description="Left of this text.")
    right_of: Label | None = Field(default=None, description="Right of this text, or at it.")
    area: tuple[float, float, float, float] | None = Field(
        default=None, description="Left, top, right, bottom as shares (0-1) of the printed part of the page."
    )
    weak: bool = Field(default=False, description="Its place does not tell whose a value is: its fields are reviewed.")


class Nought(Part):
    """Words or signs that stand for an amount of 0.00."""

    text: Regex = Field(description="Pattern of what is printed in its place, such as *** or 免税.")
    unless: Regex | None = Field(default=None, description="Not where this is found in any row, such as a tax rate.")


class FieldRule(Part):
    """Search and checks of one field."""

    type: FieldType = Field(description="Type of the value.")
    labels: Labels = Field(
        default=(), description="Printed labels, best first; 'a | b' are equally good. Spaces do not matter."
    )
    not_label: Labels = Field(default=(), description="Longer texts that contain a label and mean something else.")
    edits: NonNegativeInt | None = Field(
        default=None, le=4, description="Misread characters a label may have; default by its length."
    )
    where: Annotated[tuple[Where, ...], BeforeValidator(_one_or_many)] = Field(
        default=("right", "below"),
        description="Place of the value, seen from its label. anywhere: by its pattern alone; "
        "anywhere_if_proved: the same, where a checksum or an equation proves it.",
    )
    zone: Name | None = Field(default=None, description="Only in this zone.")
    unlabelled_zone: Name | None = Field(
        default=None, description="Without a label only in this zone; default: anywhere in 'zone'."
    )
    column: Column | None = Field(default=None, description="Only in this column of the line items.")
    reach: PositiveFloat = Field(
        default=2.5, description="Distance below the label, in text heights, up to which a value is taken."
    )
    value: Regex | None = Field(default=None, description="Pattern of the value; default: that of its type.")
    not_value: Regex | None = Field(default=None, description="Pattern of texts that are never this value.")
    between: Regex | None = Field(default=None, description="Pattern of other texts between label and value.")
    many: Literal["first", "last", "prefer_proved"] = Field(
        default="prefer_proved",
        description="Choice among values of equal rank: the first, the last, one that a check proves.",
    )
    check: Annotated[tuple[Check, ...], BeforeValidator(_one_or_many)] = Field(
        default=(), description="Checks of the value; several are alternatives."
    )
    required: bool | Literal["read", "labelled", "agreed", "proved"] = Field(
        default=False,
        description="A document without it goes to review; a level asks for at least that much proof, 'labelled' for a "
        "label or more.",
    )
    nought: Nought | None = Field(default=None, description="What is printed where an amount is 0.00.")
    prefer: Regex | None = Field(
        default=None,
        description="Pattern on the same row that is evidence for a value (a time beside a date).",
    )
    alone: bool = Field(default=False, description="Beside its label only where no second value follows on the row.")
    stand_in: Name | None = Field(
        default=None,
        description="Field whose value is taken where this one was not read, or read in doubt: the amount in words.",
    )
    helper: bool = Field(default=False, description="Used in checks only, not recorded.")
    like: Name | None = Field(default=None, description="Copy everything not given here from this field.")


class CrossCheck(Part):
    """Check over several fields: an equation, or a relation and its fields."""

    name: str = Field(min_length=1, description="As shown in reasons: 'net and tax make the total'.")
    equation: Annotated[str, AfterValidator(_equation)] | None = Field(
        default=None,
        description="'net + tax + rounding? = total'; a field with ? may be absent; 'items.amount' is the sum of "
        "that column of the line items.",
    )
    tolerance: NonNegativeFloat = Field(default=0.0, description="Largest difference that still counts as equal.")
    falling: bool = Field(
        default=False, description="Each part of the equation is at most as large as the one before it, as a tax is."
    )
    relation: Relation | None = Field(default=None, description="Name of a relation between fields.")
    of: tuple[Name, ...] = Field(default=(), description="Fields of the relation, in its order.")
    otherwise: Literal["conflict", "nothing"] = Field(
        default="conflict", description="Result where it does not hold although every field was found."
    )

    @model_validator(mode="after")
    def _one_kind(self) -> CrossCheck:
        if (self.equation is None) == (self.relation is None):
            raise ValueError("give either 'equation' or 'relation'")
        if (self.relation is not None) != bool(self.of):
            raise ValueError("'of' names the fields of a relation")
        return self


class Items(Part):
    """Line items by the headers of their columns."""

    columns: dict[Column, Labels] = Field(min_length=1, description="Header of each column.")
    until: Labels = Field(default=(), description="The items end above the first row with one of these.")
    elsewhere: Labels = Field(
        default=(),
        description="Where one of these replaces the items, they are on the first later page with headers.",
    )


class TestLine(Part):
    """One line of a test, as a reader would return it."""

    __test__ = False

    text: str = Field(description="As read.")
    box: tuple[float, float, float, float] = Field(description="Left, top, right, bottom in pixels.")
    page: NonNegativeInt = Field(default=0, description="Index of the page, from 0.")
    doubts: dict[NonNegativeInt, dict[str, float]] = Field(
        default={}, description="Position in the text -> other characters and their probability."
    )


class RuleTest(Part):
    """Example document with the values that the rule must find."""

    __test__ = False

    name: str = Field(min_length=1, description="Purpose of the example.")
    text: str | None = Field(default=None, description="The page as typed; two spaces begin a new box.")
    lines: tuple[TestLine, ...] = Field(default=(), description="Or line by line with boxes.")
    codes: tuple[str, ...] = Field(default=(), description="Texts of QR codes on the page.")
    today: date = Field(default=date(2030, 1, 1), description="The day of the test; later dates are rejected.")
    rule: str | None = Field(default=None, description="Rule that must be selected; default: this one.")
    expect: dict[Name, str] = Field(default={}, description="Field -> value.")
    levels: dict[Name, Level] = Field(default={}, description="Field -> level.")
    leave: tuple[Name, ...] = Field(default=(), description="Fields that must be missing.")
    repaired: tuple[Name, ...] = Field(default=(), description="Fields whose value must differ from what was read.")
    fails: tuple[str, ...] = Field(default=(), description="Names of checks that must not hold.")
    items: NonNegativeInt | None = Field(default=None, description="Number of line items.")
    status: Status | None = Field(default=None, description="done or review.")


class Rule(Part):
    """One rule file: one kind of document."""

    rule: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Name, the same as the file's.")
    title: str = Field(min_length=1, description="Kind of document, in words.")
    match: Match | None = Field(default=None, description="Signs of this kind; not in the fallback.")
    fallback: bool = Field(default=False, description="Applied where no other rule matches.")
    complete: bool = Field(
        default=False,
        description=(
            "Required fields that are not found are taken from what the document is understood to say; "
            "values that this contradicts are doubted."
        ),
    )
    dates: Dates = Field(default=Dates(), description="Order of dates that fit more than one.")
    decimals: Decimals = Field(default=".", description="Sign before the cents.")
    phrases: Labels = Field(default=(), description="Printed texts that contain labels and announce nothing.")
    zones: dict[Name, tuple[Zone, ...]] = Field(
        default={}, description="Parts of the page; of several definitions the first that applies counts."
    )
    fields: dict[Name, FieldRule] = Field(min_length=1, description="Fields by name.")
    witness: InvoiceQr | None = Field(default=None, description="Codes on the page that repeat fields.")
    checks: tuple[CrossCheck, ...] = Field(default=(), description="Checks over several fields, strongest first.")
    items: Items | None = Field(default=None, description="The table of line items.")
    tests: tuple[RuleTest, ...] = Field(default=(), description="Examples, run by 'ingestd rules test'.")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file, shipped as rules/rules.schema.json for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Rule.model_json_schema(),
        "title": "Rule file of ingestd",
    }
