"""Books that benchmarks of fields keep: what counts as right, which pages are drawn, what is taken for a misreading."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ingestd.document import Extraction, Field, Level, Reason, ReasonKind, Status
from lab.bench.fields import Answer, across, answers_of, share
from lab.bench.known import Known, same
from lab.bench.misreadings import Misreadings, near_enough, take_up
from lab.bench.repair import Dice, as_read, one_too_many
from lab.bench.truths import SEEDS, conditions
from lab.corpus import INVOICE_KINDS
from lab.corpus.degrade import DEGRADATIONS


def field(name: str, value: str | None, level: Level = Level.READ) -> Field:
    return Field(name, value, value, level, reasons=(Reason(ReasonKind.LABEL, "right of 'X'"),))


ANSWERS = [
    Answer("clean", "a", "total", "1.00", field("total", "1.00", Level.PROVED)),
    Answer("clean", "b", "total", "2.00", field("total", "7.00", Level.PROVED)),
    Answer("worn", "a", "total", "1.00", field("total", None, Level.MISSING)),
    Answer("worn", "a", "date", "2020-01-01", None),
]


def test_a_value_counts_as_right_or_wrong_or_neither() -> None:
    assert [answer.right for answer in ANSWERS] == [True, False, False, False]
    assert [answer.wrong for answer in ANSWERS] == [False, True, False, False]
    assert [answer.proved for answer in ANSWERS] == [True, True, False, False]
    assert ANSWERS[1].wording == "clean, b: total should be 2.00, got 7.00 (proved): right of 'X'"
    assert share(ANSWERS) == "1/4 25.0%"


def test_answers_are_counted_across_groups() -> None:
    table = across("field", ANSWERS, lambda answer: answer.field)
    assert table.columns == ("field", "clean", "worn")
    assert table.rows == (("total", "1/2 50.0%", "0/1 0.0%"), ("date", "", "0/1 0.0%"))


def extraction(*fields: Field) -> Extraction:
    return Extraction("rule", fields, (), Status.REVIEW)


def test_a_value_under_any_of_its_names_counts() -> None:
    known = Known(Path("a"), "real", {("invoice_no", "receipt_no"): "7"})
    (found,) = answers_of(known, extraction(field("invoice_no", None, Level.MISSING), field("receipt_no", "7")))
    assert found.right


def test_numbers_and_merchants_may_be_spelt_otherwise_but_not_dates_and_amounts() -> None:
    assert same("receipt_no", "inv 100/2", "INV-100-2") and not same("receipt_no", "INV-100", "INV-100-2")
    assert same("seller_tax_no", "GB123456789", "123456789") and not same("invoice_no", "GB123456789", "123456789")
    assert same("merchant", "Example Ltd", "EXAMPLE") and not same("merchant", "Example Trading Company Ltd", "Exam")
    assert not same("total", "1.0", "1.00") and not same("date", "2020-1-1", "2020-01-01")


def test_on_a_wiped_form_nothing_may_be_found() -> None:
    wiped = Known(Path("chip.jpg"), "real", {}, wiped=True)
    (clean,) = answers_of(wiped, extraction(field("total", None, Level.MISSING)))
    (invented,) = answers_of(wiped, extraction(field("total", "1.00")))
    assert clean.right and not invented.right


def test_every_kind_is_drawn_in_every_condition_and_tuning_has_pages_of_its_own() -> None:
    drawn = [one for seed in SEEDS["invoices"] for one in conditions(seed)]
    seen = Counter((kind, condition) for kind, condition, _ in drawn)
    assert set(seen) == {(kind, worn) for kind in INVOICE_KINDS for worn in ("clean", *DEGRADATIONS)}
    assert {severity for _, condition, severity in drawn if condition != "clean"} == {1, 2, 3}
    assert not set(SEEDS["invoices-tune"]) & set(SEEDS["invoices"])


def test_a_run_belongs_to_a_label_that_differs_little() -> None:
    assert near_enough("12345678", "12345678")
    assert near_enough("12345678", "12945679")
    assert near_enough("12345678", "1234567")
    assert near_enough("1234567", "12345678")
    assert not near_enough("12345678", "92945679")
    assert not near_enough("12345678", "123456")


def test_surplus_and_lost_characters_are_told_from_misread_ones() -> None:
    known = Misreadings()
    sure = [((character, 0.9),) for character in "12344678"]
    take_up("12345678", "12344678", sure, known)
    take_up("1234678", "12344678", sure, known)
    take_up("123446788", "12344678", sure, known)
    assert known.misread == 1
    assert known.surplus == [(("4", 0.9),)]
    assert known.lost == [True]


def test_simulated_numbers_meet_one_of_the_fates() -> None:
    known = Misreadings()
    for character in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        known.offered[character] = [((character, 0.99),)]
    dice = Dice(known, 1, 1)
    assert as_read(dice) == "read right"
    known.surplus = [(("1", 0.3),)]
    assert one_too_many(dice) in ("repaired right", "left for review")
