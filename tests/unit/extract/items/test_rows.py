"""Line items out of rows of text, without a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ingestd.document import Field, Item, Level, Reading
from ingestd.extract.items.find import items_of_tables
from ingestd.extract.items.rows import ALONE
from ingestd.layout.geometry import bounds, rect_quad
from tests.support.extraction import drawn, typed

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


def test_a_word_that_is_divided_goes_on_on_the_next_page() -> None:
    reading = typed("Kfz-      2      10,50      21,00\nHaftpflicht")
    *above, last = reading.lines
    reading = replace(reading, lines=(*above, replace(last, page_index=1)))
    [item] = items_of_tables(reading, [Field("net", "21.00", None, Level.READ)])
    assert item.name == "Kfz-Haftpflicht"


def test_pieces_of_a_name_side_by_side_are_joined() -> None:
    reading = drawn(
        ("Rohr", 0, 0, 40, 10),
        ("aus Stahl", 46, 0, 130, 10),
        ("2", 300, 0, 310, 10),
        ("10,50", 400, 0, 450, 10),
        ("21,00", 500, 0, 550, 10),
    )
    [item] = items_of_tables(reading, [Field("net", "21.00", None, Level.READ)])
    assert item.name == "Rohr aus Stahl"


def on_pages(*texts: str, shift: float = 0.0) -> Reading:
    """Pages as typed, each shifted to the right of the one before as a scanner may do."""
    first, *others = (typed(text) for text in texts)
    lines = list(first.lines)
    for index, page in enumerate(others, start=1):
        for line in page.lines:
            left, top, right, bottom = bounds(line.quad)
            quad = rect_quad(left + shift * index, top, right + shift * index, bottom)
            lines.append(replace(line, page_index=index, quad=quad))
    return replace(first, lines=tuple(lines))


def test_columns_of_the_next_page_may_be_shifted() -> None:
    reading = on_pages(
        "Rohr      2      10,50      21,00\nBogen     3       1,00       3,00",
        "Muffe     2       1,50       3,00\nDichtung  4       0,25       1,00",
        shift=40.0,
    )
    items = items_of_tables(reading, [Field("net", "28.00", None, Level.READ)])
    assert [item.name for item in items] == ["Rohr", "Bogen", "Muffe", "Dichtung"]


# -- amounts alone


def test_amounts_go_on_where_a_page_repeats_the_labels() -> None:
    pages = [
        "Beschreibung      Menge      Betrag\nSchuh             1          53,00\nHemd              2          20,00",
        "Beschreibung      Menge      Betrag\nHose              1          30,00\nHut               1           7,00",
    ]
    for last, count in ((pages[1], 4), (pages[1].replace("Menge", "Rate "), 0)):
        reading = on_pages(pages[0], last)
        roles = {index: frozenset(ROLES.get(line.text, {"total"})) for index, line in enumerate(reading.lines)}
        labels = {index: role for index, role in roles.items() if index % 9 < 3}
        found = items_of_tables(reading, [Field("net", "110.00", None, Level.READ)], roles=labels)
        assert len(found) == count


def test_amounts_above_their_sum_are_items() -> None:
    page = """
        Brot        2,50
        Milch       1,20
        Käse        4,00
        Summe       7,70
        """
    assert items(page, total="7.70") == (
        Item("Brot", None, None, "2.50"),
        Item("Milch", None, None, "1.20"),
        Item("Käse", None, None, "4.00"),
    )


def test_amounts_without_cents_have_thousands() -> None:
    page = """
        Training A      $3,500
        Training B      $1,250
        Summe           $4,750
        """
    assert [item.amount for item in items(page, total="4750.00")] == ["3500.00", "1250.00"]


def test_amounts_below_labels_of_columns_are_items_with_their_quantities() -> None:
    page = """
        Beschreibung      Menge      Summe
        Schuh             1          53 EUR
        Hemd              2          20 EUR

        Wir danken.
        """
    assert items(page, total="73.00") == (
        Item("Schuh", "1", None, "53.00"),
        Item("Hemd", "2", None, "20.00"),
    )


def test_a_number_below_several_labels_is_no_quantity() -> None:
    page = """
        Beschreibung      Menge Preis Summe
        Schuh             53,00       53,00
        Hemd              20,00       20,00

        Wir danken.
        """
    assert [item.quantity for item in items(page, total="73.00")] == [None, None]


def test_a_quantity_is_no_part_of_a_name() -> None:
    page = """
        Menge Beschreibung     Betrag
        4 Schuh                 53,00
        2 Hemd                  20,00

        Wir danken.
        """
    assert [(item.name, item.quantity) for item in items(page, total="73.00")] == [("Schuh", "4"), ("Hemd", "2")]


def test_names_may_stand_below_their_numbers() -> None:
    page = """
        Beschreibung      Menge      Preis      Betrag
        3483      1       7,95       7,95       SR
        Pinsel aus Haar
        1452      2      10,00      20,00       SR
        Rolle mit Stiel
        Netto                       27,95
        """
    assert [item.name for item in items(page, net="27.95")] == ["Pinsel aus Haar", "Rolle mit Stiel"]


def test_items_without_names_do_not_take_that_of_a_row_below_all_of_them() -> None:
    page = """
        Beschreibung      Menge      Preis      Betrag
                          1       7,95       7,95
                          2      10,00      20,00
                          3       1,00       3,00
        Ausgleich
        """
    assert [item.name for item in items(page, net="30.95")] == [None, None, None]


def test_a_row_of_taxes_is_no_single_item() -> None:
    page = """
        Versand MwSt      10      15,00      150,00
        """
    assert items(page, net="150.00") == ()


def test_a_sum_of_other_columns_is_none_of_the_items() -> None:
    page = """
        Pinsel      1      7,95       7,95
        Rolle       1     10,05      10,05
        Farbe       4     18,00      99,99
        Zement      2     18,00      36,00
        """
    assert items(page, net="154.00") == ()


def test_an_item_below_the_name_of_the_next_one_does_not_take_it() -> None:
    page = """
        Rohr aus Stahl            2      10,50      21,00
        und Bogen
                                  3       1,00       3,00
        """
    assert [item.name for item in items(page, net="24.00")] == ["Rohr aus Stahl", "und Bogen"]


def test_a_sign_before_a_number_tells_the_price() -> None:
    [item] = items("Bier      @500 x 2      1,000", net="1000.00")
    assert (item.quantity, item.unit_price) == ("2", "500")


def test_a_rate_of_discount_is_no_rate_of_tax() -> None:
    page = """
        Beschreibung      Preis      Rabatt      Summe
        Training A        $3,500                 $3,500
        Training B        $4,500     25%         $3,375
        """
    assert [item.rate for item in items(page, net="6875.00")] == [None, None]


def test_a_misread_price_does_not_take_its_item_away() -> None:
    page = """
        Pinsel      1      7,95       7,95
        1665      450      0,90     133,56
        Rolle       1     10,05      10,05
        """
    assert [item.amount for item in items(page, net="151.56")] == ["7.95", "133.56", "10.05"]


def test_a_single_amount_is_an_item_below_labels_if_its_sum_is_printed() -> None:
    page = """
        Beschreibung      Menge      Betrag
        Wartung           1          80,00
        Netto                        80,00
        """
    assert items(page, net="80.00") == (Item("Wartung", "1", None, "80.00"),)
    assert items(page.replace("Beschreibung      Menge      ", "Das folgende haben wir getan: "), net="80.00") == ()
    assert items(page.replace("Netto  ", "       "), net="80.00") == ()


@pytest.mark.parametrize(
    ("page", "sums"),
    [
        ("Netto  100,00\nMwSt  19,00\nSumme  119,00", {"net": "100.00", "total": "119.00"}),
        ("Ware  100,00\nPajak  19,00\nJumlah  119,00", {"total": "119.00"}),
        ("S  7 %  275,00  19,25\nR  19 %  198,00  37,62\nNetto  473,00", {"net": "473.00"}),
        ("S  7  275,00  19,25\nR  19  198,00  37,62\nNetto  473,00", {"net": "473.00"}),
        ("Brot  2,50\nMilch  1,20\nSumme  9,70", {"total": "9.70"}),
        ("Brot  2,50\nMilch  1,20\n\nDanke\nGern\nBald\nMehr\nSumme  3,70", {"total": "3.70"}),
    ],
    ids=["sums", "unknown words", "table of taxes", "taxes without a sign", "another sum", "far from the sum"],
)
def test_what_may_be_something_else_is_no_list_of_amounts(page: str, sums: dict[str, str]) -> None:
    assert items(page, **sums) == ()


def test_amounts_below_labels_of_columns_come_before_others() -> None:
    page = """
        Kosten       30,00
        Reise        25,00
        Sonstiges    18,00
        Summe        73,00


        Beschreibung      Menge      Betrag
        Schuh             1          53,00
        Hemd              2          20,00
        """
    assert [item.name for item in items(page, total="73.00")] == ["Schuh", "Hemd"]


def test_lists_of_amounts_may_be_left_out() -> None:
    reading = typed("Brot        2,50\nMilch       1,20\nSumme       3,70")
    fields = [Field("total", "3.70", None, Level.READ)]
    roles = {4: frozenset({"total"})}
    assert items_of_tables(reading, fields, roles=roles)
    assert items_of_tables(reading, fields, roles=roles, amounts_alone=False) == ()


def test_shipping_below_amounts_is_none_of_them() -> None:
    page = """
        Brot        2,50
        Milch       1,20
        Versand     3,00
        Summe       6,70
        """
    assert [item.name for item in items(page, total="6.70")] == ["Brot", "Milch"]
