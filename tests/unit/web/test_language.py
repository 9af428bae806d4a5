"""Language of the page: what the browser asks for decides, and every word has a translation."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import ingestd.web
from ingestd.web.language import CHINESE, ENGLISH, language_of, words_of

WEB = Path(ingestd.web.__file__).parent
PHRASE = re.compile(r"""\bt\(\s*(?:"([^"]+)"|'([^']+)')""")
LABEL = re.compile(r"""^\s*\("[^"]*", t\("([^"]+)"\)""", re.MULTILINE)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, ENGLISH),
        ("", ENGLISH),
        ("zh", CHINESE),
        ("zh-CN,zh;q=0.9", CHINESE),
        ("ZH-TW", CHINESE),
        ("en-US,en;q=0.9,zh;q=0.8", ENGLISH),
        ("fr,zh;q=0.3,en;q=0.2", CHINESE),
        ("fr", ENGLISH),
        ("zh;q=0", ENGLISH),
        ("zh;q=x", ENGLISH),
        ("zh;q=1e9,,;;q", ENGLISH),
        ("*", ENGLISH),
    ],
)
def test_browser_decides(header: str | None, language: str) -> None:
    assert language_of(header) == language


def phrases() -> set[str]:
    """All English phrases of templates and code."""
    files = [*WEB.glob("templates/*.html"), *WEB.rglob("*.py")]
    found = [one or other for file in files for one, other in PHRASE.findall(file.read_text(encoding="utf-8"))]
    return set(found)


def test_every_phrase_is_translated_with_the_same_values() -> None:
    chinese = words_of(CHINESE).phrases
    assert len(phrases()) > 10
    assert sorted(phrases() - set(chinese)) == []
    for english, translation in chinese.items():
        assert re.search(r"[\u4e00-\u9fff]", translation), english
        assert fields(english) == fields(translation)


def fields(phrase: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


def test_unknown_names_stay_readable() -> None:
    assert words_of(ENGLISH).name("seller_tax_no") == "seller tax no"
    assert words_of(CHINESE).name("seller_tax_no") == "销售方税号"
    assert words_of(CHINESE).name("po_number") == "po number"
    assert words_of(CHINESE).sentence("nobody knows this") == "nobody knows this"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("beside 'VAT No'", "在“VAT No”旁"),
        ("net and tax make the total: 1.00 + 0.20 = 1.20", "金额加税额等于价税合计：1.00 + 0.20 = 1.20"),
        ("net and tax make the total fails: 1.00 + 0.20 is not 1.30", "金额加税额不等于价税合计：1.00 + 0.20 ≠ 1.30"),
        ("confirmed by anna; read 12.00", "由 anna 确认；原读作 12.00"),
        ("a sentence that is new", "a sentence that is new"),
    ],
)
def test_sentences_that_are_composed_elsewhere_are_said_in_chinese(english: str, chinese: str) -> None:
    assert words_of(CHINESE).sentence(english) == chinese
