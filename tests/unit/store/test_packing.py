from __future__ import annotations

import itertools
import json
import random
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from ingestd.document import Char, Line, Reading
from ingestd.layout.geometry import rect_quad
from ingestd.store import packing, rows
from ingestd.store.database import connect
from tests.support.records import line, readings, record, save


@settings(deadline=None, max_examples=60)
@given(reading=readings)
def test_lines_of_any_kind_come_back_exactly(reading: Reading) -> None:
    lines = reading.lines
    places = packing.unpack(packing.pack(lines), [one.text for one in lines])
    assert places == [(one.quad, one.chars) for one in lines]


def measured(text: str, top: float) -> Line:
    """A line with values as the recogniser gives them: four digits, hundredths of a pixel."""
    chars = tuple(
        Char(
            round((n + 0.5) / len(text), 4),
            ((char, round(0.9991 - n / 1000, 4)), ("é", 0.0003)) if n % 7 == 0 else ((char, 1.0),),
        )
        for n, char in enumerate(text)
    )
    return Line(0, ((10.25, top), (90.5, top + 0.12), (90.5, top + 20), (10.25, top + 19.88)), text, 0.987654321, chars)


def test_packed_lines_take_a_fifth_of_their_json() -> None:
    lines = [measured(f"Paper A4 {n} sheets 永辉超市 {n * 3}.50", 30.07 * n) for n in range(40)]
    packed = packing.pack(lines)
    assert packing.unpack(packed, [one.text for one in lines]) == [(one.quad, one.chars) for one in lines]
    as_json = sum(len((row["quad"] + row["chars"]).encode()) for row in rows.line_rows(lines))
    assert len(packed) < as_json / 5


def test_positions_in_frames_are_exact_and_small() -> None:
    def lines(width: int) -> list[Line]:
        """Lines of a recogniser that sees so many pixels; steps between characters vary."""
        steps = random.Random(width)
        found = []
        for _ in range(40):
            ats = itertools.accumulate(width // 80 + steps.randrange(8) for _ in range(10))
            chars = tuple(Char(round(4 * at / width, 4), (("x", 1.0),)) for at in ats)
            found.append(Line(0, rect_quad(0, 0, 90, 20), "x" * 10, 1.0, chars))
        return found

    wide, usual = lines(6007), lines(637)
    for some in (wide, usual):
        places = packing.unpack(packing.pack(some), [one.text for one in some])
        assert places == [(one.quad, one.chars) for one in some]
    assert len(packing.pack(usual)) < 0.8 * len(packing.pack(wide))


def test_quads_that_tenths_would_round_come_back_exactly() -> None:
    exact = [measured("Total 12.50", 30.0), measured("Total", 60.07)]
    tenths = [replace(one, quad=rect_quad(10, 20.5, 90.1, 40)) for one in exact]
    for lines in (exact, tenths):
        assert packing.unpack(packing.pack(lines), [one.text for one in lines]) == [
            (one.quad, one.chars) for one in lines
        ]


# Written by version 1, which had zlib and hundredths of a pixel.
OLD = bytes.fromhex("0178da6364e16d1278c6b2a95682a1437e63ad38331323034b877a873a9310032333f3e1950c0c0095fd07b1")


def test_the_first_version_is_read() -> None:
    one = Line(0, ((10.25, 3.07), (90.5, 3.19), (90.5, 23.07), (10.25, 22.95)), "a1", 0.5)
    chars = (Char(0.25, (("a", 0.9991), ("é", 0.0003))), Char(0.75, (("1", 1.0),)))
    assert packing.unpack(OLD, ["a1"]) == [(one.quad, chars)]


@pytest.mark.parametrize(
    "damage",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:1] + bytes(len(packed) - 1),
        lambda packed: packed[:1] + zlib.compress(b"\x02\x00\x00"),
        lambda packed: b"",
    ],
)
def test_damaged_bytes_are_a_value_error(damage: object) -> None:
    packed = packing.pack([line("Total 12.50"), line("Thank you")])
    with pytest.raises(ValueError, match="packed lines: found"):
        packing.unpack(damage(packed), ["Total 12.50", "Thank you"])  # type: ignore[operator]


def test_a_newer_version_and_another_number_of_lines_are_named() -> None:
    packed = packing.pack([line("Total 12.50")])
    with pytest.raises(ValueError, match=r"version 4, expected 3 or older; upgrade ingestd"):
        packing.unpack(b"\x04" + packed[1:], ["Total 12.50"])
    with pytest.raises(ValueError, match="found 1 lines, expected 2"):
        packing.unpack(packed, ["Total 12.50", ""])


def test_sql_decodes_places_and_characters(tmp_path: Path) -> None:
    odd = replace(line("ab", row=1), chars=(Char(0.5, (("ab", 0.25),)),))
    read = replace(record(), reading=Reading(record().reading.pages, (line("Total"), odd), ()))
    with closing(connect(tmp_path / "ingestd.db")) as db:
        save(db, read)
        found = db.execute(
            "SELECT line_quad(packed, line_index), line_chars(packed, line_index, text)"
            " FROM lines JOIN readings USING (document_id) ORDER BY line_index"
        ).fetchall()
    assert [(json.loads(quad), json.loads(chars)) for quad, chars in found] == [
        (json.loads(row["quad"]), json.loads(row["chars"])) for row in rows.line_rows((line("Total"), odd))
    ]
