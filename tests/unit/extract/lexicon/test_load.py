"""Lexicon files: every problem with file and line, and entries that change nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingestd.errors import ConfigError
from ingestd.extract.lexicon.load import lint_lexicon, parse_lexicon
from ingestd.extract.rulefile.load import lint_rules
from tests.support.places import ROOT

SOUND = """\
language: de
order: dmy
decimals: ","
words:
  total: [summe, gesamt]
  tax: mwst
phrases:
  invoice_no: [rechnung nr]
kinds:
  invoice: [rechnung]
legal_forms: [gmbh]
"""
PATH = Path("lexicon/de.yaml")


def test_a_sound_file_is_taken_as_it_is() -> None:
    file = parse_lexicon(SOUND, PATH)
    assert lint_lexicon(SOUND, PATH) == []
    assert file.words == {"total": ("summe", "gesamt"), "tax": ("mwst",)}


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("language: de", "language: fr", "1: 'fr' in a file named de.yaml; give both the same name"),
        ("order: dmy\n", "", "1: order: missing; add it"),
        ("order: dmy", "order: day first", "2: order: found 'day first', expected 'dmy', 'mdy' or 'ymd'"),
        ("  tax: mwst", "  taxes: mwst", "6: words.taxes: unknown; expected one of invoice, number, date, "),
        ("  invoice_no:", "  number:", "8: phrases.number: unknown; expected one of date, due_date, "),
        ("  invoice: [rech", "  bill: [rech", "10: kinds.bill: unknown; expected one of invoice, receipt, "),
        ("legal_forms:", "legal_form:", "11: legal_form: unknown key; did you mean 'legal_forms'?"),
        ("  tax: mwst", "  total: mwst", "6: 'total' is given twice, first on line 5"),
        ("  tax: mwst", "  tax: {a: b}", "6: words.tax: found {'a': 'b'}, expected a list; begin each of its entries"),
        ("[gmbh]", "&a [gmbh]\nseller: *a", "11: anchors and aliases are not understood; copy the words"),
        (SOUND, "- summe\n", "1: found a list, expected keys such as 'language:' and 'words:'"),
        ("[gmbh]", "[gmbh", "12: not valid YAML at column 1: "),
    ],
)
def test_what_cannot_be_understood_is_refused_at_its_line(old: str, new: str, problem: str) -> None:
    assert old in SOUND
    with pytest.raises(ConfigError) as error:
        parse_lexicon(SOUND.replace(old, new), PATH)
    problems = error.value.problems
    assert any(found.startswith(f"lexicon/de.yaml:{problem}") for found in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[summe, gesamt]", "[summe, Summe]", "5: words.total: 'Summe' is given twice in this list, first as 'summe'"),
        ("[summe, gesamt]", "[summe,\n    summe]", "6: words.total: 'summe' is given twice in this list, first; "),
        ("[rechnung nr]", "[rechnung nr, rechnungnr]", "8: phrases.invoice_no: 'rechnungnr' is given twice"),
        ("[gmbh]", "[gmbh, g.m.b.h.]", "11: legal_forms: 'g.m.b.h.' is given twice"),
        ("mwst", "'%'", "6: words.tax: '%' has neither a letter nor a digit, so it is never found; remove it"),
        ("mwst", "a b c d e f g", "6: words.tax: 'a b c d e f g' is too long to be found; expected at most 6 words"),
    ],
)
def test_entries_that_change_nothing_are_named_at_their_line(old: str, new: str, problem: str) -> None:
    assert old in SOUND
    text = SOUND.replace(old, new)
    parse_lexicon(text, PATH)
    (found,) = lint_lexicon(text, PATH)
    assert found.startswith(f"lexicon/de.yaml:{problem}")


def test_the_same_word_in_two_classes_or_languages_is_no_problem() -> None:
    text = SOUND.replace("[summe, gesamt]", "[summe, mwst]")
    assert lint_lexicon(text, PATH) == []


def test_shipped_words_are_given_once() -> None:
    assert lint_rules(ROOT / "rules") == []
