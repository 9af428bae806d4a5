"""Corrections, from typed texts to rows."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from ingestd.admin.correct import CorrectionError, Corrector, Wanted
from ingestd.admin.review import judge_typed, state_of
from ingestd.document import KIND, Extraction, Level, Status
from ingestd.layout.geometry import rect_quad
from ingestd.store import corrections, documents, reviews
from ingestd.store.database import connect
from tests.support.corrections import SUM, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def read(office: Office) -> tuple[int, Extraction]:
    """A document with doubts, and what the rules made of it."""
    document = office.record()
    return document, documents.load_extraction(office.db, document)


def standing(office: Office, document: int) -> dict[str, tuple[str | None, Level]]:
    return {one.name: (one.value, one.level) for one in documents.load_extraction(office.db, document).fields}


def refused(office: Office, document: int, code: str, *wanted: Wanted, by: str = "anna", **options: object) -> str:
    """Try a correction that must fail and change nothing; returns the message."""
    tables = ("documents", "fields", "corrections", "extractions", "reviews", "summaries")
    before = {table: office.rows(table) for table in tables}
    with pytest.raises(CorrectionError) as caught:
        office.corrector.correct(document, wanted, by=by, **options)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert {table: office.rows(table) for table in tables} == before
    return str(caught.value)


def test_last_doubt_settled_makes_a_document_done(office: Office, read: tuple[int, Extraction]) -> None:
    document, before = read
    assert before.status is Status.REVIEW
    first = office.correct(document, tax="6")
    assert (first.extraction.status, first.doubts) == (Status.REVIEW, ("tax_no",))
    last = office.correct(document, tax_no="de 136 695 976")
    assert (last.extraction.status, last.doubts) == (Status.DONE, ())
    assert standing(office, document) == {
        "net": ("100.00", Level.PROVED),
        "tax": ("6.00", Level.CONFIRMED),
        "total": ("106.00", Level.PROVED),
        "tax_no": ("DE136695976", Level.CONFIRMED),
        "date": (None, Level.MISSING),
    }


def test_reading_is_never_lost(office: Office, read: tuple[int, Extraction]) -> None:
    document, before = read
    for text in ("6", "7", ""):
        office.correct(document, tax=text)
        assert corrections.what_was_read(office.db, document) == before
    [tax] = [one for one in documents.load_extraction(office.db, document).fields if one.name == "tax"]
    assert (tax.value, tax.raw) == (None, "8.00")


def test_row_says_who_when_from_what_to_what_and_what_was_shown(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    wanted = Wanted("tax", "6", page_index=0, quad=rect_quad(1, 2, 3, 4), seconds=2.5)
    office.corrector.correct(document, [wanted], by="anna")
    [entry] = corrections.history(office.db, document)
    assert (entry.from_value, entry.from_level, entry.seconds) == ("8.00", Level.CONFLICT, 2.5)
    said = entry.correction
    assert (said.field, said.value, said.by, said.at) == ("tax", "6.00", "anna", office.clock.now())
    assert (said.page_index, said.quad) == (0, rect_quad(1, 2, 3, 4))
    assert entry.evidence["raw"] == "8.00"
    assert f"{SUM} fails: 100.00 + 8.00 is not 106.00" in entry.evidence["reasons"]
    assert entry.evidence["checks"] == [f"{SUM}: 100.00 + 6.00 = 106.00"]


def test_several_fields_at_once_are_one_transaction(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    refused(office, document, "form", Wanted("tax", "6"), Wanted("date", "tomorrow"))
    state = office.correct(document, tax="6", tax_no="DE136695976")
    assert state.extraction.status is Status.DONE
    assert len({entry.correction.at for entry in state.history}) == 1


def test_what_cannot_be_is_refused_and_changes_nothing(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    assert "'abc' is not an amount" in refused(office, document, "form", Wanted("tax", "abc"))
    assert "VAT number" in refused(office, document, "check", Wanted("tax_no", "DE136695977"))
    assert "expected one of net, tax" in refused(office, document, "no-field", Wanted("colour", "red"))
    assert "expected one of sample" in refused(office, document, "no-kind", Wanted(KIND, "letter"))
    refused(office, document, "nothing")
    refused(office, document, "nothing", Wanted("tax", "6"), Wanted("tax", "7"))
    refused(office, 99, "no-document", Wanted("tax", "6"))


def test_paper_may_be_wrong(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    wanted = [Wanted("tax_no", "DE136695977")]
    state = office.corrector.correct(document, wanted, by="anna", anyway=True)
    assert standing(office, document)["tax_no"] == ("DE136695977", Level.CONFIRMED)
    assert state.history[0].evidence["checks"] == ["not a valid VAT number of a member state of the EU"]


def test_version_that_the_person_saw_must_be_the_latest(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    seen = state_of(office.db, document, office.rules).version
    office.correct(document, tax="6", by="ben")
    refused(office, document, "changed", Wanted("tax", "7"), expected=seen)
    now = state_of(office.db, document, office.rules).version
    office.corrector.correct(document, [Wanted("tax", "7")], by="anna", expected=now)
    assert standing(office, document)["tax"] == ("7.00", Level.CONFIRMED)


def test_change_between_working_out_and_writing_is_noticed(
    office: Office, read: tuple[int, Extraction], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process writes just before the lock is taken: the correction is worked out anew on what it wrote."""
    document, _ = read
    other = connect(office.path)
    original, calls = Corrector._plan, 0

    def interrupted(self: Corrector, *arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            Corrector(other, office.rules, office.clock, sidecars=False).correct(
                document, [Wanted("tax_no", "DE136695976")], by="ben"
            )
        return original(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Corrector, "_plan", interrupted)
    state = office.correct(document, tax="6")
    assert state.extraction.status is Status.DONE
    assert [entry.correction.by for entry in state.history] == ["ben", "anna"]


def test_document_that_somebody_else_has_open(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    reviews.lock(office.db, document, "ben", office.clock.now(), 60)
    assert "ben has it open" in refused(office, document, "locked", Wanted("tax", "6"))
    office.clock.move(61)
    office.correct(document, tax="6")
    assert standing(office, document)["tax"] == ("6.00", Level.CONFIRMED)


def test_undo_goes_back_step_by_step_and_stays_on_record(office: Office, read: tuple[int, Extraction]) -> None:
    document, before = read
    office.correct(document, tax="6", tax_no="DE136695976")
    office.correct(document, tax="7")
    steps = [office.corrector.undo(document, by="anna") for _ in range(2)]
    assert [one.fields["tax"].value for one in steps] == ["6.00", "8.00"]
    assert steps[0].extraction.status is Status.DONE
    assert documents.load_extraction(office.db, document) == before
    assert len(corrections.history(office.db, document)) == 6
    with pytest.raises(CorrectionError, match="no correction that could be undone"):
        office.corrector.undo(document, by="anna")
    office.correct(document, tax="6")
    assert office.corrector.undo(document, by="anna").fields["tax"].value == "8.00"


def test_nobody_undoes_the_work_of_others(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    other = office.record("b.pdf")
    office.correct(document, tax="6")
    office.correct(other, tax="6")
    office.correct(document, tax="7", by="ben")
    with pytest.raises(CorrectionError, match="its last correction is by ben"):
        office.corrector.undo(document, by="anna")
    office.corrector.undo(other, by="anna")


def test_withdrawing_one_field_keeps_the_others(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    office.correct(document, tax="6", tax_no="DE136695976")
    office.clock.move(1)
    state = office.corrector.correct(document, [Wanted("tax_no", withdrawn=True)], by="ben")
    assert state.doubts == ("tax_no",)
    assert standing(office, document)["tax"] == ("6.00", Level.CONFIRMED)


def test_kind_said_by_a_person_and_taken_back(office: Office, read: tuple[int, Extraction]) -> None:
    document, before = read
    office.correct(document, tax="6")
    office.clock.move(1)
    other = office.corrector.correct(document, [Wanted(KIND, "other")], by="anna")
    assert (other.extraction.rule, other.extraction.fields, other.extraction.status) == ("other", (), Status.DONE)
    assert corrections.what_was_read(office.db, document) == before
    back = office.corrector.undo(document, by="anna")
    assert back.fields["tax"].level is Level.CONFIRMED
    assert (back.extraction.rule, back.doubts) == ("sample", ("tax_no",))


def test_document_that_no_rule_matched_gets_the_fields_of_the_kind_that_a_person_says(office: Office) -> None:
    document = office.record(page="Net  100.00\nTotal  106.00")
    read = documents.load_extraction(office.db, document)
    with office.db.conn:
        office.db.execute("DELETE FROM fields")
        office.db.execute("UPDATE documents SET rule = 'unknown', status = 'review'")
    assert state_of(office.db, document, office.rules).doubts == (KIND,)
    said = office.corrector.correct(document, [Wanted(KIND, "sample"), Wanted("tax", "6")], by="anna")
    assert {one.name: one.value for one in said.extraction.fields} == {
        **{one.name: one.value for one in read.fields},
        "tax": "6.00",
    }
    [(provenance,)] = office.db.execute("SELECT provenance ->> '$.rules' FROM documents").fetchall()
    assert provenance == office.rules.hash


def test_each_keystroke_is_judged_with_every_other_field(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read

    def judged(**texts: str) -> dict[str, tuple[str | None, Level]]:
        found = judge_typed(office.db, document, texts, office.rules, office.clock)
        return {one.field: (one.value, one.level) for one in found}

    assert judged(tax="5")["tax"] == ("5.00", Level.CONFLICT)
    assert judged(tax="6")["tax"] == ("6.00", Level.PROVED)
    assert judged(tax="6")["net"] == ("100.00", Level.PROVED)
    assert judged(date="0312")["date"] == ("2026-03-12", Level.READ)
    assert judged(date="99", colour="red")["date"] == (None, Level.CONFLICT)
    [wrong] = [one for one in judge_typed(office.db, document, {"date": "99"}, office.rules, office.clock) if one.error]
    assert wrong.field == "date"
    office.correct(document, tax="6", tax_no="DE136695976")
    assert judged(total="107")["total"] == ("107.00", Level.CONFLICT)
    assert judged(total="107")["tax"] == ("6.00", Level.CONFIRMED)
    assert office.rows("corrections") and len(office.rows("corrections")) == 2


def test_corrections_can_neither_be_changed_nor_deleted(office: Office, read: tuple[int, Extraction]) -> None:
    document, _ = read
    office.correct(document, tax="6")
    for statement in ("DELETE FROM corrections", "UPDATE corrections SET to_value = '7.00'"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            office.db.execute(statement)
    office.db.execute("DELETE FROM documents")
    assert office.rows("corrections") == []


def test_text_of_hostile_length_or_form_stays_text(office: Office) -> None:
    document = office.record()
    hostile = "<script>alert(1)</script>'; DROP TABLE documents; --"
    with office.db.conn:
        office.db.execute("UPDATE documents SET rule = 'invoice'")
    lexical = replace(office.rules, lexicon=None)
    corrector = Corrector(office.db, lexical, office.clock, sidecars=False)
    state = corrector.correct(document, [Wanted("merchant", hostile)], by="anna")
    assert state.fields["merchant"].value == hostile
