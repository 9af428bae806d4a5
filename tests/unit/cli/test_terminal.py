from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ingestd.cli import document_view, terminal
from ingestd.document import Extraction, Field, Level, Reason, ReasonKind, Status
from ingestd.engine import Machine
from ingestd.store.documents import Document
from ingestd.store.queries import Failure, Overview, SearchHit, Summary, Waiting
from ingestd.store.same_invoice import SameInvoice
from tests.support.records import NOON, field, record
from tests.support.terminal import HARMLESS, HOSTILE, shown

SUMMARY = Summary(7, "发票 [red]1[/red].pdf", "cn-vat-invoice", "review", 1, NOON)


def document(**changes: object) -> Document:
    saved = replace(record("发票.pdf"), **changes)  # type: ignore[arg-type]
    return Document(3, saved, Path("/inbox/发票.pdf"), Path("/archive/发票.pdf"), NOON, NOON)


def test_status_of_a_new_installation() -> None:
    text = shown(terminal.status_view(Overview(0, 0, 0, 0, 0, {}, None, []), []))
    assert "0 (0 pages)" in text
    assert "none yet" in text
    assert "failed" not in text


def test_status_names_what_waits_and_what_failed() -> None:
    status = Overview(
        documents=1234,
        review=5,
        pages=2000,
        last_hour=30,
        last_day=400,
        jobs={"done": 1234, "failed": 12},
        oldest=Waiting(9, "scan.pdf", "scanner", "waiting", NOON - timedelta(hours=3), 10_800, "disk full"),
        failures=[Failure(8, HOSTILE, "scanner", NOON, "/failed/x", "encrypted", "found a password; remove it")],
    )
    text = shown(terminal.status_view(status, [SUMMARY]))
    assert "1,234 (2,000 pages), 5 for review" in text
    assert "30 in the last hour, 400 in the last day" in text
    assert "1,234 done, 12 failed" in text
    assert "scan.pdf for 3 h in scanner (job 9, waiting): disk full" in " ".join(text.split())
    assert "12 failed, the last 1; 'ingestd retry JOB' tries again" in text
    assert "encrypted: found a password" in text
    assert "[red]1[/red]" in text  # names are not markup


@pytest.mark.parametrize("width", [40, 80, 200])
def test_wide_characters_fit_into_the_line(width: int) -> None:
    name = "深圳市腾讯计算机系统有限公司" * 4
    fields = (field("seller_name", name), field("total", "113.00"))
    saved = document(extraction=Extraction("cn-vat-invoice", fields, (), Status.DONE))
    text = shown(document_view.view(saved), width=width)  # shown() measures every line
    assert "腾讯" in text


def test_a_document_is_shown_with_its_proof_and_text() -> None:
    text = shown(document_view.view(document()))
    for part in ("3  发票.pdf", "done", "en-receipt", "application/pdf, 1,234 bytes", "/inbox/发票.pdf", "kept at"):
        assert part in text
    (merchant,) = [line for line in text.splitlines() if line.startswith("merchant")]
    assert merchant.split() == ["merchant", "永辉超市", "proved", "net", "+", "tax", "=", "total"]
    (missing,) = [line for line in text.splitlines() if line.startswith("date")]
    assert missing.split() == ["date", "missing"]
    assert "牛奶" in text
    assert "QR: 01,04,\\x00" in text
    assert "page 1  1000 x 1400 px, 200 dpi, grey" in text
    assert text.rstrip().endswith("Total 12.50")


def test_what_was_read_is_shown_where_the_value_says_it_otherwise() -> None:
    repaired = Field("tax_no", "9135", "9I35", Level.PROVED, reasons=(Reason(ReasonKind.CHECKSUM, "checksum passes"),))
    same = Field("total", "12.50", " 12.50 ", Level.READ)
    text = shown(document_view.fields_table(Extraction("r", (repaired, same), (), Status.DONE)))
    assert "checksum passes; read as '9I35'" in text
    assert text.count("read as") == 1


def test_pages_are_counted_and_blank_ones_said_to_be_so() -> None:
    two = record(pages=2).reading
    text = shown(document_view.reading_view(replace(two, lines=two.lines[:2])))
    assert "page 2 of 2" in text
    assert text.rstrip().endswith("(no text)")


def test_an_original_that_was_not_kept_is_said_to_be_so() -> None:
    assert "not kept" in shown(document_view.view(replace(document(), archive_path=None)))


def test_hostile_text_cannot_steer_the_terminal() -> None:
    reading = replace(document().record.reading, lines=(replace(document().record.reading.lines[0], text=HOSTILE),))
    fields = (Field(HOSTILE, HOSTILE, HOSTILE, Level.CONFLICT, reasons=(Reason(ReasonKind.NOTE, HOSTILE),)),)
    views = [
        document_view.view(
            document(name=HOSTILE, reading=reading, extraction=Extraction(HOSTILE, fields, (), Status.DONE))
        ),
        terminal.hits_view([SearchHit(replace(SUMMARY, name=HOSTILE, rule=HOSTILE), HOSTILE)], [HOSTILE]),
        terminal.status_view(Overview(1, 0, 1, 0, 0, {HOSTILE: 1}, None, []), [replace(SUMMARY, name=HOSTILE)]),
    ]
    for view in views:
        text = shown(view, width=500)
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert HARMLESS in text


def test_hits_show_the_place_and_mark_the_words() -> None:
    view = terminal.hits_view([SearchHit(SUMMARY, "KEDAI / Total 12.50")], ["total"])
    plain = shown(view)
    assert "7  发票 [red]1[/red].pdf  cn-vat-invoice, review" in plain
    assert "  KEDAI / Total 12.50" in plain
    assert "\x1b[1mTotal\x1b[0m 12.50" in shown(view, terminal=True)


def test_levels_are_coloured_on_a_terminal_only() -> None:
    view = document_view.fields_table(record().extraction)
    assert "\x1b[32mproved \x1b[0m" in shown(view, terminal=True)
    assert "\x1b" not in shown(view)


def test_headline_names_who_when_how_much_and_how_sure() -> None:
    line = terminal.headline(record(fields={"merchant": "永辉超市", "date": "2026-08-03", "total": "12.50"}), 0.94)
    assert line == "en-receipt · 永辉超市 · date 2026-08-03 (proved) · total 12.50 (proved) · 1 page, 2 lines · 0.9 s"


def test_headline_leaves_out_what_is_missing_and_escapes_what_is_strange() -> None:
    assert terminal.headline(record(fields={"merchant": "a\x1b[2J", "total": None}, pages=2)) == (
        "en-receipt · a\\x1b[2J · 2 pages, 4 lines"
    )


def test_the_same_invoice_is_named() -> None:
    other = SameInvoice(7, 1, "b\x1b.xml", "application/xml", "same number 4711")
    text = shown(document_view.view(document(), [other]))
    assert "same invoice as document 7 (b\\x1b.xml, paper 2): same number 4711" in text


def test_status_shows_other_machines_and_what_is_wrong_with_them() -> None:
    machines = [
        Machine("two", "tls://b:1", slots=0, in_work=0, problem=f"is refused {HOSTILE}"),
        Machine("one", "tls://a:1", slots=4, in_work=3, documents=1234, sent_bytes=5_000_000, restarts=2),
    ]
    text = shown(terminal.status_view(Overview(0, 0, 0, 0, 0, {}, None, []), [], (), machines))
    assert "one  3 of 4 in work, 1,234 replies, 5 MB sent, 2 restarts" in text
    assert text.index("two  is refused") > text.index("one  ")
    assert "\x1b[" not in text
