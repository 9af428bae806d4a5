"""Fields that keep a document in review."""

from __future__ import annotations

import dataclasses

import pytest

from ingestd.config.shipped import shipped
from ingestd.document import KIND, Field, Level, Status
from ingestd.extract import extract, load_rules
from ingestd.extract.confirm.doubts import OTHER, doubts, kinds_of
from tests.support.extraction import TODAY, typed

RULES = load_rules(shipped("rules"))


def field(name: str, level: Level, probability: float | None = None) -> Field:
    return Field(name, None if level is Level.MISSING else "1", "1", level, probability=probability)


def understood(**probabilities: float) -> list[Field]:
    return [field(name, Level.READ, chance) for name, chance in probabilities.items()]


def test_required_fields_of_a_rule_and_conflicts() -> None:
    kind = "cn-vat-invoice"
    [specs] = [rule.spec.fields for rule in RULES.compiled if rule.spec.rule == kind]
    required = [name for name, spec in specs.items() if spec.required and not spec.helper]
    optional = [name for name, spec in specs.items() if not spec.required and not spec.helper]
    fields = [field(name, Level.PROVED) for name in required] + [field(name, Level.MISSING) for name in optional]
    assert doubts(kind, fields, RULES) == ()
    fields[0], fields[-1] = field(required[0], Level.MISSING), field(optional[-1], Level.CONFLICT)
    assert doubts(kind, fields, RULES) == (required[0], optional[-1])
    fields[0], fields[-1] = field(required[0], Level.CONFIRMED), field(optional[-1], Level.CONFIRMED)
    assert doubts(kind, fields, RULES) == ()


def test_required_fields_of_a_rule_are_in_doubt_until_the_others_are_sure_together() -> None:
    fields = [
        *(field("date", Level.READ, 0.985), field("total", Level.AGREED, 0.99), field("receipt_no", Level.READ, 0.3)),
        field("merchant", Level.READ),
    ]
    assert doubts("en-receipt", fields, RULES) == ("date",)
    assert doubts("en-receipt", fields, dataclasses.replace(RULES, review_below=0.97)) == ()
    fields[0] = dataclasses.replace(fields[0], level=Level.CONFIRMED)
    assert doubts("en-receipt", fields, RULES) == ()


def test_proof_does_not_outweigh_a_low_probability() -> None:
    assert doubts("en-receipt", [field("date", Level.READ), field("total", Level.PROVED, 0.9)], RULES) == ("total",)


def test_required_fields_recorded_before_they_had_probabilities_stay_as_they_are() -> None:
    assert doubts("en-receipt", [field("date", Level.READ), field("total", Level.READ)], RULES) == ()


def test_least_likely_key_fields_of_an_understood_document_are_in_doubt_until_the_others_are_sure_together() -> None:
    fields = understood(invoice_no=0.97, date=0.999, net=0.9, tax=0.5, total=0.995, merchant=0.1)
    assert doubts("invoice", fields, RULES) == ("invoice_no", "net", "tax")
    assert doubts("invoice", fields, dataclasses.replace(RULES, review_below=0.4)) == ()
    sure = [dataclasses.replace(one, level=Level.CONFIRMED) if one.name != "date" else one for one in fields]
    assert doubts("invoice", sure, RULES) == ()


def test_missing_key_field_is_in_doubt_until_a_person_says_that_there_is_none() -> None:
    fields = [*understood(date=0.999, total=0.999), field("invoice_no", Level.MISSING)]
    assert doubts("invoice", fields, RULES) == ("invoice_no",)
    assert doubts("receipt", fields, RULES) == ()
    fields[-1] = Field("invoice_no", None, None, Level.CONFIRMED)
    assert doubts("invoice", fields, RULES) == ()


@pytest.mark.parametrize("kind", ["unknown", "statement", "rule-that-went"])
def test_kind_is_in_doubt_until_a_person_says_it(kind: str) -> None:
    fields = [*understood(date=0.1), field("total", Level.CONFLICT)]
    assert doubts(kind, fields, RULES) == (KIND, "total")
    assert doubts(kind, fields, RULES, kind_confirmed=True) == ("total",)


def test_document_of_another_kind_leaves_nothing_to_do() -> None:
    assert doubts(OTHER, [field("total", Level.CONFLICT)], RULES) == ()


@pytest.mark.parametrize("kind", kinds_of(RULES))
def test_person_may_say_the_kind(kind: str) -> None:
    reading = typed("Lunch menu\nSoup\nTotal  3.20")
    said = extract(reading, RULES, TODAY, kind)
    assert said.rule == kind
    assert (said.fields == ()) == (kind == OTHER)
    assert extract(reading, RULES, TODAY, "rule-that-went") == extract(reading, RULES, TODAY)


def test_document_of_a_kind_that_a_person_said_is_done_when_its_fields_are() -> None:
    reading = typed("Delivery note\nNo.  12345678")
    assert extract(reading, RULES, TODAY).status is Status.REVIEW
    assert extract(reading, RULES, TODAY, "delivery-note").status is Status.DONE
