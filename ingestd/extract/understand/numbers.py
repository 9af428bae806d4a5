"""The number of the paper and the tax numbers of the parties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import regex
from stdnum import iban
from stdnum.ch import uid as ch_uid
from stdnum.dk import cvr as dk_cvr
from stdnum.es import nif as es_nif
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidFormat, InvalidLength, ValidationError
from stdnum.fi import ytunnus as fi_ytunnus
from stdnum.gb import vat as gb_vat
from stdnum.hr import oib as hr_oib
from stdnum.hu import anum as hu_anum
from stdnum.in_ import gstin as in_gstin
from stdnum.it import iva as it_iva
from stdnum.no import orgnr as no_orgnr
from stdnum.pl import nip as pl_nip
from stdnum.pt import nif as pt_nif
from stdnum.ro import cui as ro_cui
from stdnum.se import orgnr as se_orgnr
from stdnum.tr import vkn as tr_vkn

from ingestd.extract.understand.links import NOWHERE, Link, Places, column_links, row_links, wrapped_links
from ingestd.extract.understand.mentions import Mentions, Place, Token, place_of
from ingestd.extract.understand.phrases import Labels
from ingestd.layout.rows import LaidOutDocument

_TAX_NUMBER = regex.compile(
    r"(?<![A-Z0-9])(?:"
    r"(?:AT\s?U|B[EG]|CY|CZ|D[EK]|E[ELS]|F[IR]|GB|HR|HU|I[ET]|L[TUV]|MT|NL|P[LT]|RO|S[EIK]|XI)\s?[0-9A-Z](?:[\s.-]?[0-9A-Z]){6,12}"
    r"|CHE[\s-]?\d{3}[\s.]?\d{3}[\s.]?\d{3}(?:\s?(?:MWST|TVA|IVA))?"
    r"|\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]{3}"
    r"|\d{2}\s\d{3}\s\d{3}\s\d{3}"
    r"|[A-Z]?\d(?:[\s./-]?\d){5,14}-?[A-Z0-9]?(?:\s?MVA)?"
    r")(?![A-Z0-9])",
    regex.IGNORECASE,
)
_HYPHENED = regex.compile(r"\d-\d")
_NOT_OF_NUMBER = regex.compile(r"[\s.]|(?:MWST|TVA|IVA|MVA)$")
_SHORT = regex.compile(r"\d{1,2}\.?\d?%?")
_PREFIXED = regex.compile(r"(?:AT\s?U|[A-Z]{2}|CHE)", regex.IGNORECASE)


def _is_hungarian(number: str) -> bool:
    """Check the eight digits of the taxpayer; the kind of taxation and the county may follow: 12892312-2-42."""
    return _HUNGARIAN.fullmatch(number) is not None and hu_anum.is_valid(number[:8])


_HUNGARIAN = regex.compile(r"\d{8}(?:-?\d-?\d{2})?")
_Check = Callable[[str], bool]
_TELLING: tuple[tuple[str, _Check], ...] = (
    ("VAT number of the EU", eu_vat.is_valid),
    ("VAT number of the United Kingdom", gb_vat.is_valid),
    ("UID number of Switzerland", ch_uid.is_valid),
    ("GSTIN of India", in_gstin.is_valid),
)
"""Kinds of tax numbers whose form tells the country, and the checks of their digits (python-stdnum)."""
_OF_LANGUAGE: Mapping[str, tuple[str, _Check]] = {
    "da": ("CVR number of Denmark", dk_cvr.is_valid),
    "es": ("tax number of Spain", es_nif.is_valid),
    "fi": ("business number of Finland", fi_ytunnus.is_valid),
    "hr": ("tax number of Croatia", hr_oib.is_valid),
    "hu": ("tax number of Hungary", _is_hungarian),
    "it": ("VAT number of Italy", it_iva.is_valid),
    "nb": ("company number of Norway", no_orgnr.is_valid),
    "pl": ("tax number of Poland", pl_nip.is_valid),
    "pt": ("tax number of Portugal", pt_nif.is_valid),
    "ro": ("tax number of Romania", ro_cui.is_valid),
    "sv": ("company number of Sweden", se_orgnr.is_valid),
    "tr": ("tax number of Turkey", tr_vkn.is_valid),
}
"""Kinds of nothing but digits, or nearly so. They count only on papers in the language of their country: one random
number in ten passes such a check, so a misread number would soon be proved."""
_YOURS = regex.compile(
    r"\b(?:YOUR|IHRE?|VOTRE|UW|SU|VOSTR[AO]|SUA|TW[OÓ]J|VAŠ[AE]?|VÁŠ|"
    r"ERT|DERES)\s*$",
    regex.IGNORECASE,
)
"""The customer is spoken to directly before a label."""
_PAPERS = frozenset({"invoice", "receipt", "credit-note"})
_STRONG_NUMBER = 2.0
MIN_DIGITS = 6
"""Digits of a tax number."""
MIN_TAX_DIGITS = 9
"""Digits of a tax number that the bare word for tax announces."""
MIN_TELLING = 4
"""Letters before a label in its box from which on it is part of a sentence."""
MIN_UNSURE = 3
"""Characters of a number that only a heading or a bare "No" announces."""


@dataclass(frozen=True, slots=True)
class NumberChoice:
    """A candidate for a number."""

    place: Place
    text: str
    score: float
    links: tuple[Link, ...]
    scheme: str = ""
    """Kind of number that its check digits prove; empty where none pass."""


def scheme_of(number: str, language: str = "") -> str:
    """Name what the check digits of a tax number prove it to be; empty where none pass.

    Args:
        number: without spaces.
        language: of the document, ISO 639-1; empty where it is not known.

    >>> scheme_of("12892312-2-42", "hu"), scheme_of("12892312-2-42"), scheme_of("12892313-2-42", "hu")
    ('tax number of Hungary', '', '')
    >>> scheme_of("123456789", "pt"), scheme_of("123456789", "en")
    ('tax number of Portugal', '')
    """
    checks = (*_TELLING, _OF_LANGUAGE[language]) if language in _OF_LANGUAGE else _TELLING
    return next((name for name, valid in checks if valid(number)), "")


def is_misshapen(number: str) -> bool:
    """Tell whether a tax number with the prefix of a country of the EU cannot be one, whatever its check digits.

    >>> is_misshapen("NL123456789801"), is_misshapen("NL123456789B01"), is_misshapen("123456789")
    (True, False, False)
    """
    try:
        eu_vat.validate(number)
    except (InvalidFormat, InvalidLength):
        return number[:2].isalpha()
    except ValidationError:
        return False
    return False


def choose_number(document: LaidOutDocument, mentions: Mentions, labels: Labels) -> list[NumberChoice]:
    """List candidates for the number of the paper, best first."""
    places = Places(token.place for token in mentions.tokens)
    choices = []
    for token in mentions.tokens:
        links = row_links(token.place, labels, document, places) + wrapped_links(token.place, labels, document)
        links += column_links(token.place, labels, places)
        score = _number_score(token, links)
        score -= 1.0 * document.rows[token.place.row].text[: token.place.start].endswith("(")
        score -= 0.6 * (bool(links) and _is_mentioned(document, links[0]))
        if score > 0:
            choices.append(NumberChoice(token.place, token.text.upper(), score, tuple(links)))
    choices.sort(key=lambda choice: (-choice.score, choice.place.row, choice.place.start))
    return choices


def _number_score(token: Token, links: Sequence[Link]) -> float:
    """Weigh the nearest phrase; a number that something else announces is none."""
    if not links:
        return 0.0
    score = 0.0
    digits = sum(character.isdigit() for character in token.text)
    for rank, link in enumerate(links[:2]):
        role = "invoice_no" if {"invoice", "number"} <= {*link.phrase.classes} else link.phrase.role
        weight = {"right": 3.0, "below": 2.4, "column": 1.0}[link.relation] * (0.4**rank)
        weight -= 0.9 * min(link.between, 3) + 1.6 * link.dirty + 0.05 * min(max(link.distance, 0.0), 20)
        heading = role is None and bool(link.phrase.kinds)
        if role == "invoice_no":
            score += max(weight, 0.0) * (1.3 if link.phrase.exact else 1.1)
        elif role == "any_no" or heading:
            named = heading or any(_PAPERS & other.phrase.kinds for other in links)
            score += max(weight, 0.0) * (0.75 if named and link.relation == "right" else 0.45) * (digits >= MIN_UNSURE)
        elif rank == 0 and role is not None and weight > 0.5:
            score -= max(weight, 0.0)
    if (len(token.text) < MIN_UNSURE and score < _STRONG_NUMBER) or token.text.strip("0") == "":
        return 0.0
    if digits * 3 < len(token.text) and digits < 3:
        score -= 0.7
    if _SHORT.fullmatch(token.text) and score < _STRONG_NUMBER:
        return 0.0
    return score


def _is_mentioned(document: LaidOutDocument, link: Link) -> bool:
    """Tell whether a number follows the bare word for a paper in running text: ``Payment for Invoice 2025-001``."""
    place = link.phrase.place
    row = document.rows[place.row]
    before = row.text[row.starts[row.box_at(place.start)] : place.start]
    return bool(link.phrase.kinds) and link.relation == "right" and sum(map(str.isalpha, before)) >= MIN_TELLING


def tax_numbers(document: LaidOutDocument, labels: Labels) -> list[NumberChoice]:
    """List tax numbers with their labels, in reading order; a number of many digits counts only beside a label."""
    found = []
    for index, row in enumerate(document.rows):
        if sum(map(str.isdigit, row.text)) < MIN_DIGITS:
            continue
        for place, text in _tax_texts(document, index, row.text):
            links = row_links(place, labels, document, NOWHERE) + column_links(place, labels, NOWHERE)
            labelled = next((rank for rank, link in enumerate(links[:2]) if _names_tax_number(link, text)), None)
            if labelled == 1 and _announces_other(links[0]):
                continue
            clean = labelled is not None and not links[labelled].dirty
            prefixed = _PREFIXED.match(text) is not None and text[:2].isalpha()
            if (not prefixed and not clean) or iban.is_valid(text):
                continue
            scheme = scheme_of(text, labels.languages[0])
            if prefixed and not scheme and labelled is None:
                continue
            score = 3.0 * clean + 2.0 * bool(scheme) + 0.5 * prefixed - 0.5 * (labelled or 0)
            found.append(NumberChoice(place, text, score, tuple(links), scheme))
    return found


def _names_tax_number(link: Link, text: str) -> bool:
    """Tell whether a phrase announces a tax number; the bare word for tax does so before a country's prefix."""
    plain = link.relation == "right" and not link.dirty and (text[:2].isalpha() or len(text) >= MIN_TAX_DIGITS)
    return link.phrase.role == "tax_no" or (link.phrase.role == "tax" and plain)


def _announces_other(link: Link) -> bool:
    """Tell whether the phrase beside a number says that it is something else than a tax number."""
    role = link.phrase.role or ""
    return link.relation == "right" and (role.endswith(("_no", "_date")) or role in ("date", "phone", "bank", "paid"))


def is_customers(document: LaidOutDocument, choice: NumberChoice) -> bool:
    """Tell whether the label of a number says that it is the customer's."""
    for link in choice.links[:1]:
        before = document.rows[link.phrase.place.row].text[: link.phrase.place.start]
        if "customer" in link.phrase.classes or (link.relation == "right" and _YOURS.search(before)):
            return True
    return False


def near_customer(document: LaidOutDocument, labels: Labels, choice: NumberChoice) -> bool:
    """Tell whether a number is the customer's: its label says so, or a heading in the two rows above."""
    if is_customers(document, choice):
        return True
    above = [phrase for row in range(choice.place.row - 2, choice.place.row) for phrase in labels.by_row.get(row, ())]
    return any("customer" in phrase.classes and (phrase.alone or phrase.first_in_row) for phrase in above)


def _tax_texts(document: LaidOutDocument, index: int, text: str) -> Iterator[tuple[Place, str]]:
    for match in _TAX_NUMBER.finditer(text):
        plain = _NOT_OF_NUMBER.sub("", match[0].upper()).rstrip("-/")
        digits = sum(character.isdigit() for character in plain)
        if digits >= MIN_DIGITS:
            plain = _with_prefix(plain)
            shown = plain if _HYPHENED.search(plain) and not plain.startswith("CHE") else plain.replace("-", "")
            yield place_of(document, index, match.start(), match.end()), shown


def _with_prefix(number: str) -> str:
    """Read the digit of a country's prefix as the letter that looks like it, where the check digits then pass.

    >>> _with_prefix("R018547290"), _with_prefix("R018547291")
    ('RO18547290', 'R018547291')
    """
    prefix = number[:2].translate(_LETTERS)
    if prefix == number[:2] or number[:2].isdigit() or not eu_vat.is_valid(prefix + number[2:]):
        return number
    return prefix + number[2:]


_LETTERS = str.maketrans("0158", "OISB")
