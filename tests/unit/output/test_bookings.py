from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestd.errors import ConfigError, IngestdError
from ingestd.output.bookings import bookings
from ingestd.output.layout import Layout, load_layout
from ingestd.store.exports import PaperValues

NOW = datetime(2026, 8, 3, 12, 0, 0, 250_000, tzinfo=UTC)
VALUES = {
    "invoice_no": "RE-2025 0815_x",
    "date": "2026-03-09",
    "net": "150.00",
    "tax": "28.50",
    "total": "178.50",
    "seller_name": 'Lampen "Müller" & Söhne; GmbH',
    "currency": "EUR",
}


def paper(number: int = 1, rule: str = "invoice", **changes: str | None) -> PaperValues:
    values = {name: value for name, value in {**VALUES, **changes}.items() if value is not None}
    return PaperValues(number, 0, f"{number}.xml", rule, values)


def datev(*papers: PaperValues) -> list[str]:
    made = bookings(load_layout("datev"), papers, NOW)
    assert not made.left_out
    text = made.content.decode("cp1252")
    assert text.endswith("\r\n")
    return text.split("\r\n")[:-1]


def test_datev_books_the_gross_amount_with_the_key_of_its_rate() -> None:
    head, names, row = datev(paper())
    assert head.split(";") == [
        *('"EXTF"', "700", "21", '"Buchungsstapel"', "13", "20260803120000000", '""', '"RE"', '"ingestd"', '""'),
        *("1001", "1", "20260101", "4", "20260309", "20260309", '"Eingangsrechnungen"', '""', "1", "0", "0", '"EUR"'),
        *['""'] * 9,
    ]
    assert names.split(";")[:2] == ['"Umsatz (ohne Soll/Haben-Kz)"', '"Soll/Haben-Kennzeichen"']
    assert row == ('178,50;"S";"EUR";;;"";4980;70000;"9";0903;"RE-20250815x";"";;"Lampen ""Müller"" & Söhne; GmbH"')


def test_datev_turns_credit_notes_round_and_knows_rates() -> None:
    rows = datev(
        paper(1, "credit-note", total="-107.00", net="-100.00", tax="-7.00", currency=None),
        paper(2, tax="10.00"),
        paper(3, seller_name="=HYPERLINK(1)" + "x" * 80),
        paper(4, seller_name="上海"),
    )[2:]
    assert rows[0].startswith('107,00;"H";"EUR";')
    assert [row.split(";")[8] for row in rows[:2]] == ['"8"', '""']
    assert rows[2].split(";")[-1] == "\"'=HYPERLINK(1)" + "x" * 47 + '"'
    assert rows[3].endswith('"??"')


def test_datev_takes_one_year() -> None:
    with pytest.raises(IngestdError, match="documents of 2025 and 2026, expected those of one year"):
        datev(paper(), paper(2, date="2025-12-31"))


def test_papers_that_lack_something_are_told() -> None:
    made = bookings(load_layout("datev"), [paper(1, date=None), paper(2, "delivery-note"), paper(3)], NOW)
    assert [of.document_id for of in made.exported] == [3]
    assert [(of.document_id, why) for of, why in made.left_out] == [(1, "has no date")]


@pytest.mark.parametrize("name", ["yonyou", "kingdee"])
def test_vouchers_balance(name: str) -> None:
    papers = [paper(1), paper(2, tax="28.49"), paper(3, tax="0.00", net="178.50"), paper(4, net=None)]
    made = bookings(load_layout(name), papers, NOW)
    assert [of.document_id for of in made.exported] == [1, 3]
    assert made.left_out[0][1].startswith("does not balance: 借方")
    assert made.left_out[1][1] == "has no net"
    with zipfile.ZipFile(io.BytesIO(made.content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert sheet.count("<row ") == 1 + 3 + 2  # without tax there is no row of it
    assert "<v>178.5</v>" in sheet
    assert "<f>" not in sheet
    assert "Lampen &quot;Müller&quot; &amp; Söhne; GmbH RE-2025 0815_x" in texts.replace('"', "&quot;")


def test_a_layout_of_the_user(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "format: csv\ncolumns: [{name: day, type: date}, {name: who}, {name: sum, type: money}]\n"
        "rows: [{when: total, day: '{date}', who: '{seller_name}, {missing}', sum: '{total}'}]\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError):
        load_layout(str(tmp_path / "none.yaml"))
    made = bookings(load_layout(str(path)), [paper(seller_name="A\nB")], NOW)
    assert made.content.decode() == 'day,who,sum\r\n2026-03-09,"A B,",178.50\r\n'


@pytest.mark.parametrize(
    "content, part",
    [
        ("format: pdf\n", "mine.yaml:1: "),
        ("format: csv\ncolumns: [{name: a}]\nrows: [{b: x}]\n", "no column is named b"),
        ("format: csv\ncolumns: [{name: a, keep: '['}]\nrows: [{a: x}]\n", "is not a regular expression"),
    ],
)
def test_mistakes_in_a_layout_are_told(tmp_path: Path, content: str, part: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_layout(str(path))
    assert any(part in problem for problem in caught.value.problems)


def test_an_unknown_layout_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="datev, kingdee, yonyou"):
        load_layout("sage")


def test_every_shipped_layout_is_sound() -> None:
    assert all(isinstance(load_layout(name), Layout) for name in ("datev", "yonyou", "kingdee"))
