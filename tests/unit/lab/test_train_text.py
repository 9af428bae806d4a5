"""Texts that the recogniser is trained on: what they must be, and that their checksums are the standard's."""

import doctest
from decimal import Decimal
from random import Random
from types import ModuleType

import pytest
from stdnum.cn import uscc

from lab.corpus.money_words import money_words
from lab.train import charset, fields_en, fields_zh, text

LEXICON = text.Lexicon(
    ["发票", "金额", "有限公司"], [1.0, 3.0, 4.0], ["total", "paper"], [["Straße", "Käufer"], ["échéance"]]
)


def words(rng: Random, count: int) -> str:
    return "".join(rng.choices("中文字符测试", k=count))


def test_classes_round_trip_every_character() -> None:
    characters = charset.characters()
    assert charset.encode("".join(characters)) == list(range(1, len(characters) + 1))


def test_charset_has_no_character_twice_and_ends_with_the_space() -> None:
    characters = charset.characters()
    assert len(set(characters)) == len(characters)
    assert characters[-1] == " "


def test_charset_holds_all_of_gb2312_han() -> None:
    assert len(charset.han()) == 6763


@pytest.mark.parametrize(("text", "frames"), [("", 0), ("a", 1), ("ab", 2), ("aa", 3), ("1100", 6)])
def test_frames_needed_counts_a_blank_between_equal_neighbours(text: str, frames: int) -> None:
    assert charset.frames_needed(text) == frames


def test_most_drawn_credit_codes_are_valid_and_some_are_not() -> None:
    rng = Random(1)
    codes = [code for code in (fields_zh.tax_number(rng) for _ in range(400)) if len(code) == 18 and code[0].isdigit()]
    valid = sum(uscc.is_valid(code) for code in codes)
    assert 0.7 * len(codes) < valid < 0.95 * len(codes)


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (0, "零圆整"),
        (3, "叁分"),
        (5, "伍分"),
        (10, "壹角整"),
        (100, "壹圆整"),
        (10503, "壹佰零伍圆零叁分"),
        (101000, "壹仟零壹拾圆整"),
        (1_000_000, "壹万圆整"),
        (1_000_100, "壹万零壹圆整"),
        (10_050_000_000, "壹亿零伍拾万圆整"),
    ],
)
def test_money_in_financial_numerals(cents: int, words: str) -> None:
    assert money_words(Decimal(cents).scaleb(-2)) == words


@pytest.mark.parametrize("kind", [*text.SHARES, None])
def test_every_kind_of_text_fits_the_charset_and_the_line(kind: str | None) -> None:
    rng = Random(5)
    for _ in range(100):
        drawn, drawn_kind = text.draw(rng, LEXICON, kind)
        assert drawn_kind == (kind or drawn_kind)
        assert 0 < len(drawn) <= text.MAX_LENGTH
        assert charset.encode(drawn)
        assert drawn == " ".join(drawn.split())


def test_shares_of_text_are_a_whole() -> None:
    assert sum(text.SHARES.values()) == pytest.approx(1)


def test_rare_text_reaches_all_of_the_charset() -> None:
    rng = Random(6)
    seen = {character for _ in range(3000) for character in text.draw(rng, LEXICON, "rare")[0]}
    assert len(seen & set(charset.han())) > 0.85 * len(charset.han())


def test_frequent_words_come_more_often() -> None:
    rng = Random(7)
    drawn = [LEXICON.chinese_word(rng) for _ in range(2000)]
    assert drawn.count("金额") == pytest.approx(1000, abs=120)
    assert drawn.count("发票") == pytest.approx(500, abs=120)


def test_fields_repeat_with_the_seed() -> None:
    first = [
        fields_zh.text_field(Random(9), words),
        fields_zh.number_field(Random(9)),
        fields_en.field(Random(9), "Word"),
    ]
    again = [
        fields_zh.text_field(Random(9), words),
        fields_zh.number_field(Random(9)),
        fields_en.field(Random(9), "Word"),
    ]
    assert first == again


def test_fields_are_printable_and_never_empty() -> None:
    rng = Random(4)
    for _ in range(500):
        for drawn in (fields_zh.text_field(rng, words), fields_zh.number_field(rng), fields_en.field(rng, "Word")):
            assert drawn.strip()
            assert drawn.isprintable()


@pytest.mark.parametrize("module", [charset], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
