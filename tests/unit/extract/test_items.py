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
