"""Line items out of rows of text, without a table."""

from __future__ import annotations

import pytest

from ingestd.document import Field, Item, Level
from ingestd.extract.search.item_rows import ALONE
from ingestd.extract.search.table_items import items_of_tables
from tests.support.extraction import typed

ROLES = {
    "Beschreibung": {"item"},
    "Menge": {"quantity"},
    "Preis": {"unit_price"},
    "Netto": {"net"},
    "Zwischensumme": {"sub"},
    "Versand": {"tip"},
    "Rabatt": {"discount"},
    "MwSt": {"tax"},
    "Summe": {"total", ALONE},
}


def items(text: str, **sums: str) -> tuple[Item, ...]:
    reading = typed(text)
    fields = [Field(name, value, value, Level.READ) for name, value in sums.items()]
    roles = {
        index: frozenset[str]().union(*(role for word, role in ROLES.items() if word in line.text))
        for index, line in enumerate(reading.lines)
    }
    return items_of_tables(reading, fields, roles=roles)


def test_rows_need_no_table() -> None:
    page = """
        Rechnung 17

        Rohr            2 m      10,50      19 %      21,00
        Hinweis dazu
        Bogen           3 Stk     0,99      19 %       2,97

        Netto                                         23,97
        """
    assert items(page, net="23.97") == (
        Item("Rohr", "2", "10.5", "21.00", "19%"),
        Item("Bogen", "3", "0.99", "2.97", "19%"),
    )


def test_a_unit_or_a_label_tells_the_quantity_from_the_price() -> None:
    by_unit = "Arbeit      80,00      2,00 Std      160,00"
    by_label = """
        Beschreibung    Preis      Menge      Summe
        Arbeit          80,00      2,00       160,00
        """
    for page in (by_unit, by_label):
        [item] = items(page, net="160.00")
        assert (item.quantity, item.unit_price) == ("2", "80")


@pytest.mark.parametrize(
    ("row", "item"),
    [
        ("Nuss      5      4,55 €      10 %      20,48 €", Item("Nuss", "5", "4.55", "20.48")),
        ("Heft      3      30,00      -2,00      88,00", Item("Heft", "3", "30", "88.00")),
        ("Chip      1      278.61      40.39      319.00", Item("Chip", "1", "278.61", "319.00", None, "40.39")),
    ],
    ids=["rate of discount", "discount", "tax within"],
)
def test_discounts_and_taxes_of_a_row_are_reckoned_with(row: str, item: Item) -> None:
    assert items(row, total=str(item.amount)) == (item,)


def test_amounts_of_a_credit_note_keep_their_sign() -> None:
    page = """
        Rohr      2      10,50      -21,00
        Bogen     3       1,00       -3,00
        """
    assert [item.amount for item in items(page, net="-24.00")] == ["-21.00", "-3.00"]


def test_a_row_with_an_amount_alone_is_an_item_of_its_list() -> None:
    page = """
        Anzeige                                45,93
        Beleg           1          0,75         0,75
        Papier          0          3,50         0
        Netto                                  46,68
        MwSt 20 %                               9,34
        Summe                                  56,02
        """
    assert [(item.name, item.quantity, item.amount) for item in items(page, net="46.68", total="56.02")] == [
        ("Anzeige", None, "45.93"),
        ("Beleg", "1", "0.75"),
        ("Papier", "0", "0.00"),
    ]


def test_shipping_and_discounts_below_the_items_are_none() -> None:
    page = """
        Rohr      2      10,50      21,00
        Bogen     3       1,00       3,00
        Versand                      5,00
        Rabatt                       2,00
        Netto                       27,00
        """
    assert [item.name for item in items(page, net="27.00")] == ["Rohr", "Bogen"]


def test_a_printed_sum_of_the_items_is_enough() -> None:
    page = """
        Rohr      2      10,50      21,00
        Bogen     3       1,00       3,00

        Zwischensumme               24,00
        """
    assert len(items(page, net="999.00")) == 2
    assert items(page.replace("24,00", "25,00"), net="999.00") == ()


def test_a_single_product_needs_the_sum_of_the_document() -> None:
    page = """
        Rohr      2      10,50      21,00
        Zwischensumme               21,00
        """
    assert items(page, net="999.00") == ()


def test_amounts_that_are_carried_are_no_items() -> None:
    page = """
        Rohr      2      10,50      21,00
        Seitensumme                 21,00
        Seitenanfang                21,00
        Bogen     3       1,00       3,00
        """
    assert [item.name for item in items(page, net="24.00")] == ["Rohr", "Bogen"]


def test_the_row_of_sums_is_no_item() -> None:
    page = """
        Chip      1      278.61      40.39      319.00
        Summe     1      278.61      40.39      319.00
        """
    assert [item.name for item in items(page, total="319.00")] == ["Chip"]


def test_numbers_of_items_are_no_quantities() -> None:
    page = """
        1      Rohr       21,00      1 Stk      21,00
        2      Bogen       0,00      1 Stk       0,00
        """
    assert [item.quantity for item in items(page, net="21.00")] == ["1", "1"]


def test_an_amount_among_many_without_products_makes_no_list() -> None:
    page = """
        Eins                     1,00
        Zwei                     2,00
        Drei      1      3,00    3,00
        Vier                     4,00
        """
    assert items(page, net="10.00") == ()


def test_names_go_on_below() -> None:
    page = """
        1      Trennblatt für Akten      2      10,50      21,00
               in der Farbe Rot
               4012345001235
        2      Bogen                      3       1,00       3,00
        """
    assert [item.name for item in items(page, net="24.00")] == ["Trennblatt für Akten in der Farbe Rot", "Bogen"]


def test_words_that_a_hyphen_divides_are_one() -> None:
    page = """
        Beamer-            2      10,50      21,00
        Deckenhalterung
        """
    assert [item.name for item in items(page, net="21.00")] == ["Beamer-Deckenhalterung"]


def test_article_numbers_are_no_names() -> None:
    page = """
        A100      Rohr aus Stahl      2      10,50      21,00
        B7        Bogen               3       1,00       3,00
        """
    assert [item.name for item in items(page, net="24.00")] == ["Rohr aus Stahl", "Bogen"]


def test_a_name_stands_above_its_numbers() -> None:
    page = """
        Rohr aus Stahl
               2      10,50      21,00
        Bogen aus Stahl
               3       1,00       3,00
        """
    assert [item.name for item in items(page, net="24.00")] == ["Rohr aus Stahl", "Bogen aus Stahl"]
