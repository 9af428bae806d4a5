"""Texts of English invoices and receipts: European and American invoices, Malaysian till receipts."""

from __future__ import annotations

from random import Random

from stdnum import iban, luhn

from lab.train import vocabulary
from lab.train.fields_zh import digits

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _pick(rng: Random, table: str) -> str:
    return vocabulary.pick(rng, "en", table)


def money(rng: Random) -> str:
    """An amount as printed: currency before, after or missing; grouped or not; at times negative."""
    amount = 10 ** rng.uniform(-0.5, 5)
    figure = f"{amount:,.2f}" if rng.random() < 0.5 else f"{amount:.2f}"
    if rng.random() < 0.08:  # continental
        figure = figure.translate(str.maketrans(",.", ".,"))
    return rng.choice(
        ["{}", "{}", "{}", "RM{}", "RM {}", "${}", "£{}", "€{}", "{} EUR", "USD {}", "-{}", "{} SR", "({})"]
    ).format(figure)


def date(rng: Random) -> str:
    """A date, in half of the forms with the time."""
    year, month, day = rng.randint(2008, 2030), rng.randint(1, 12), rng.randint(1, 28)
    name = MONTHS[month - 1]
    text = rng.choice(
        [
            f"{day:02}/{month:02}/{year}",
            f"{day:02}-{month:02}-{year}",
            f"{day:02}/{month:02}/{year % 100:02}",
            f"{day}.{month}.{year}",
            f"{year}-{month:02}-{day:02}",
            f"{day:02} {name} {year}",
            f"{name} {day}, {year}",
            f"{day:02}-{name.upper()}-{year}",
        ]
    )
    hour, minute = rng.randint(0, 23), rng.randint(0, 59)
    clock = [
        f" {hour:02}:{minute:02}:{rng.randint(0, 59):02}",
        f" {hour % 12 or 12}:{minute:02} {rng.choice(['AM', 'PM'])}",
    ]
    return text + rng.choice(["", "", *clock])


def tax_number(rng: Random) -> str:
    """A Malaysian GST number (mostly a multiple of 2048), or one of the European shape."""
    if rng.random() < 0.6:
        number = rng.randrange(0, 2_000_000_000) * (2048 if rng.random() < 0.8 else 1) % 2_999_999_999
        return f"{number:012}"
    return _pick(rng, "countries") + rng.choice(["", " "]) + digits(rng, rng.choice([9, 9, 11]))


def _bank(rng: Random) -> str:
    country, account = _pick(rng, "countries"), digits(rng, 18)
    number = country + iban.calc_check_digits(f"{country}00{account}") + account
    card = digits(rng, 15)
    grouped = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return rng.choice(
        [number, grouped, card + luhn.calc_check_digit(card), "X" * 12 + digits(rng, 4), "*" * 12 + digits(rng, 4)]
    )


def _reference(rng: Random) -> str:
    letters = "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=rng.randint(1, 4)))
    return (
        letters
        + rng.choice(["", "-", "/", " "])
        + digits(rng, rng.randint(3, 8))
        + rng.choice(["", "-" + digits(rng, 2)])
    )


def _telephone(rng: Random) -> str:
    return rng.choice(
        [
            f"0{rng.randint(2, 9)}-{digits(rng, 4)} {digits(rng, 4)}",
            f"0{rng.randint(2, 9)}-{digits(rng, 8)}",
            f"+{rng.randint(1, 99)} {digits(rng, 3)} {digits(rng, 4)}",
            f"({digits(rng, 3)}) {digits(rng, 3)}-{digits(rng, 4)}",
        ]
    )


def _row(rng: Random, word: str) -> str:
    quantity = rng.choice([str(rng.randint(1, 40)), f"{rng.uniform(0, 20):.3f}", f"{rng.randint(1, 20)}.00"])
    unit, price = _pick(rng, "units"), f"{10 ** rng.uniform(-0.3, 3):.2f}"
    return rng.choice(
        [
            f"{quantity} {unit} {price}",
            f"{quantity} X {price}",
            f"{quantity} x {price}",
            f"{digits(rng, rng.choice([8, 12, 13]))} {word}",
            f"{quantity} {unit} @ {price} = {money(rng)}",
            f"{word} {quantity}{unit} {price}",
        ]
    )


def _postal(rng: Random, word: str) -> str:
    town = _pick(rng, "towns")
    return rng.choice(
        [
            f"No {rng.randint(1, 99)}, {_pick(rng, 'streets')} {word} {rng.randint(1, 30)}/{rng.randint(1, 30)},",
            f"{digits(rng, 5)} {town}.",
            f"{rng.randint(1, 999)} {word} {_pick(rng, 'streets')}, {town}",
            f"Lot {rng.randint(1, 99)}, {_pick(rng, 'streets')} {word}, {digits(rng, 5)} {town}",
        ]
    )


def field(rng: Random, word: str) -> str:
    """One field of an English document.

    Args:
        rng: source of chance.
        word: a common word to build names, items and streets from.
    """
    label = _pick(rng, "labels")
    options = [
        (0.22, money(rng)),
        (0.14, date(rng)),
        (0.10, tax_number(rng)),
        (0.06, _bank(rng)),
        (0.12, _reference(rng)),
        (0.07, _telephone(rng)),
        (0.13, _row(rng, word)),
        (0.08, _postal(rng, word)),
        (0.08, f"{word} {_pick(rng, 'company_forms')}"),
    ]
    (value,) = rng.choices([value for _, value in options], weights=[share for share, _ in options])
    kind = rng.random()
    if kind < 0.15:
        text = label
    elif kind < 0.5:
        text = label + rng.choice([": ", " : ", " ", ":", " - "]) + value
    else:
        text = value
    return text.upper() if rng.random() < 0.35 else text
