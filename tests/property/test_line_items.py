"""Line items of drawn invoices: what is printed is read, and nothing where a sum is missing or wrong."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from ingestd.document import Field, Level
from ingestd.extract.items.find import items_of_tables
from tests.support.extraction import typed

PRODUCTS = st.lists(
    st.tuples(st.integers(1, 99), st.decimals("0.05", "999.99", places=2)),
    min_size=1,
    max_size=12,
)


def page(products: list[tuple[int, Decimal]]) -> tuple[str, Decimal]:
    """Return a page and the sum of its items."""
    rows = [f"{'ABCDEFGHIJKL'[n] * 6:<20}{q:<12}{p:<16}{q * p:.2f}" for n, (q, p) in enumerate(products)]
    return "\n".join(rows), sum((q * p for q, p in products), Decimal(0))


@given(products=PRODUCTS)
@example(products=[(1, Decimal("1.00")), (2, Decimal("1.00"))])
def test_products_are_read_as_they_are_printed(products: list[tuple[int, Decimal]]) -> None:
    text, total = page(products)
    found = items_of_tables(typed(text), [Field("net", f"{total:.2f}", None, Level.READ)])
    assert [Decimal(item.amount or 0) for item in found] == [q * p for q, p in products]
    assert [int(item.quantity or 0) for item in found] == [q for q, _ in products]
    assert [Decimal(item.unit_price or 0) for item in found] == [p for _, p in products]


@given(products=PRODUCTS, off=st.decimals("0.01", "5.00", places=2))
def test_products_that_do_not_add_up_are_no_items(products: list[tuple[int, Decimal]], off: Decimal) -> None:
    text, total = page(products)
    assert items_of_tables(typed(text), [Field("net", f"{total + off:.2f}", None, Level.READ)]) == ()
