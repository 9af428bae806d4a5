"""Quantity and unit price told apart, by what stands beside them and above them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ingestd.extract.items.lists import Entry
from ingestd.extract.items.products import Product
from ingestd.extract.items.rows import ItemRow, Placed

MAX_ABOVE = 8
"""Rows above the first item in which the labels of its columns stand."""
HEADED = 4.0
"""Weight of such a label."""


def is_quantity_first(rows: Sequence[ItemRow], entries: Sequence[Entry]) -> bool:
    """Tell whether the first factor of the products in the same columns is the quantity, the second the unit price."""
    found = [(entry.row, entry.product) for entry in entries if entry.product is not None]
    if not found:
        return True
    weight = sum(weight_of_first(rows[row], product) for row, product in found) / len(found)
    row, product = found[0]
    one, other = rows[row].numbers[product.one], rows[row].numbers[product.other]
    return weight + _headed(rows, row, one) - _headed(rows, row, other) >= 0


def _headed(rows: Sequence[ItemRow], row: int, placed: Placed) -> float:
    """Weigh what the label above a number says for a quantity."""
    for above in reversed(rows[max(0, row - MAX_ABOVE) : row]):
        if above.is_header:
            for text in above.texts:
                if text.left <= placed.right and placed.left <= text.right + above.slack:
                    return HEADED * (("quantity" in text.roles) - ("unit_price" in text.roles))
    return 0.0


def weight_of_first(row: ItemRow, product: Product) -> float:
    """Weigh what speaks for the first factor of a product as the quantity; below 0 the second one is."""
    one, other = row.numbers[product.one], row.numbers[product.other]
    return _like_quantity(one, product.values[0]) - _like_quantity(other, product.values[1])


def _like_quantity(placed: Placed, value: Decimal) -> float:
    """Weigh what speaks for a quantity: a unit beside it, few decimals, no currency, a small number."""
    number = placed.number
    whole = 0.5 * (value == value.to_integral_value()) + 0.2 * (value == 1)
    return 2.0 * number.unit - 3.0 * number.currency - min(number.decimals, 4) + whole
