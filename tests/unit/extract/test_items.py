"""Line items of understood documents, with the words of the shipped lexicon."""

from __future__ import annotations

import pytest

from ingestd.config.shipped import shipped
from ingestd.document import Item
from ingestd.extract import load_rules
from tests.support.extraction import extracted, typed

RULES = load_rules(shipped("rules"))
PAGE = """
    Northfield Supplies Ltd
    {title}

    Date: 12 May 2024
    Number: 14

    Pipes          10.00
    Bends          20.50

    Total          30.50
    """


@pytest.mark.parametrize(
    ("title", "count"), [("INVOICE", 2), ("STATEMENT OF ACCOUNT", 0), ("PAYMENT REMINDER", 0)], ids=str
)
def test_amounts_alone_are_items_of_invoices_only(title: str, count: int) -> None:
    assert len(extracted(typed(PAGE.format(title=title)), RULES).items) == count


def test_labels_of_the_lexicon_tell_sums_shipping_and_columns() -> None:
    page = """
        Northfield Supplies Ltd
        INVOICE

        Invoice Number: 14
        Invoice Date: 12 May 2024

        Description      Price       Qty       Amount
        Red pipe         10.00       3.00      30.00
        Blue bend        20.50       1.00      20.50

        Subtotal                               50.50
        Shipping                                4.50
        VAT 20 %                               11.00
        Total                                  66.00
        """
    assert extracted(typed(page), RULES).items == (
        Item("Red pipe", "3", "10", "30.00"),
        Item("Blue bend", "1", "20.5", "20.50"),
    )


def test_receipts_of_the_rule_have_items_too() -> None:
    page = """
        KEDAI CONTOH SDN BHD
        GST ID No: 001843206144
        RECEIPT
        21/07/2018 11:04

        QTY  ITEM                 AMOUNT
        2 x  3.10  Roti              6.20
        1 x  9.20  Mee               9.20

        Sub Total                   15.40
        Total Due                RM 15.40
        Cash                        20.00
        Change                       4.60
        """
    found = extracted(typed(page), RULES)
    assert found.rule == "en-receipt"
    assert found.items == (Item("Roti", "2", "3.1", "6.20"), Item("Mee", "1", "9.2", "9.20"))
