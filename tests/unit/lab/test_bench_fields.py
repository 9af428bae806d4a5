"""Books that benchmarks of fields keep: what counts as right, which pages are drawn, what is taken for a misreading."""

from collections import Counter

from rich.console import Console

from ingestd.document import Field, Level
from lab.bench.answers import Answer, answer, by_field, counts
from lab.bench.invoices import SPLITS, conditions
from lab.bench.misreadings import Misreadings, near_enough, take_up
from lab.bench.repair import Dice, as_read, one_too_many
from lab.corpus import INVOICE_KINDS
from lab.corpus.degrade import DEGRADATIONS


def field(name, value, level=Level.READ):
    return Field(name, value, value, level, "rule", reasons=("right of 'X'",))


ANSWERS = [
    Answer("clean", "a", "total", "1.00", field("total", "1.00", Level.PROVED)),
    Answer("clean", "b", "total", "2.00", field("total", "7.00", Level.PROVED)),
    Answer("worn", "a", "total", "1.00", field("total", None, Level.MISSING)),
    Answer("worn", "a", "date", "2020-01-01", None),
]


def test_a_value_counts_as_right_or_wrong_or_neither():
    kept = counts(ANSWERS)
    assert {name: kept[name] for name in ("asked", "right", "wrong", "proved")} == {
        "asked": 4,
        "right": 1,
        "wrong": 1,
        "proved": 2,
    }
    assert kept["proved_wrong"] == ["clean, b: total should be 2.00, got 7.00 (proved): right of 'X'"]
    assert kept["by_field"] == {"total": "1/3 33.3%", "date": "0/1 0.0%"}


def test_the_table_by_field_fits_a_terminal():
    groups = ("sroie even", "sroie odd", "real", "sroie-train")
    wide = [Answer(group, "a", "nothing invented", "1.00", None) for group in groups for _ in range(300)]
    console = Console(width=80, record=True, file=None)
    with console.capture() as shown:
        console.print(by_field(wide))
    assert all(f"{group}" in shown.get() for group in groups)
    assert "0/300 0.0%" in shown.get()


def test_a_value_under_any_of_its_names_counts():
    fields = {"invoice_no": field("invoice_no", None, Level.MISSING), "receipt_no": field("receipt_no", "7")}
    assert answer("real", "a", ("invoice_no", "receipt_no"), "7", fields).right


def test_every_kind_is_drawn_in_every_condition_and_tuning_has_pages_of_its_own():
    drawn = [one for seed in SPLITS["report"] for one in conditions(seed)]
    seen = Counter((one.kind, one.condition) for one in drawn)
    assert set(seen) == {(kind, worn) for kind in INVOICE_KINDS for worn in ("clean", *DEGRADATIONS)}
    assert {one.severity for one in drawn if one.condition != "clean"} == {1, 2, 3}
    assert len({one.name for one in drawn}) == 2 * len(SPLITS["report"]) == 400
    assert not set(SPLITS["tune"]) & set(SPLITS["report"])


def test_a_run_belongs_to_a_label_that_differs_little():
    assert near_enough("12345678", "12345678")
    assert near_enough("12345678", "12945679")
    assert near_enough("12345678", "1234567")
    assert near_enough("1234567", "12345678")
    assert not near_enough("12345678", "92945679")
    assert not near_enough("12345678", "123456")


def test_surplus_and_lost_characters_are_told_from_misread_ones():
    known = Misreadings()
    sure = [((character, 0.9),) for character in "12344678"]
    take_up("12345678", "12344678", sure, known)
    take_up("1234678", "12344678", sure, known)
    take_up("123446788", "12344678", sure, known)
    assert known.misread == 1
    assert known.surplus == [(("4", 0.9),)]
    assert known.lost == [True]


def test_simulated_numbers_meet_one_of_the_fates():
    known = Misreadings()
    for character in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        known.offered[character] = [((character, 0.99),)]
    known.surplus = [(("1", 0.3),)]
    dice = Dice(known, 1, 1)
    assert as_read(dice) in ("read right", "repaired right")
    assert one_too_many(dice) in ("repaired right", "left for review")
