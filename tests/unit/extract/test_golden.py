"""Whole documents and everything the shipped rules say of them, reviewed by hand.

``python -m tests.unit.test_extract_golden`` writes the expected answers anew; read the difference before you keep it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from ingestd.extract import RuleSet, extract, load_rules
from tests.support.extraction import TODAY, texts, typed
from tests.support.places import ROOT

GOLDEN = ROOT / "tests" / "golden" / "extract"
DOCUMENTS = sorted(path.stem for path in GOLDEN.glob("*.txt"))


@cache
def shipped() -> RuleSet:
    return load_rules(ROOT / "rules")


def answer(name: str) -> dict[str, Any]:
    reading = typed((GOLDEN / f"{name}.txt").read_text(encoding="utf-8"))
    extraction = extract(reading, shipped(), TODAY)
    return {
        "rule": extraction.rule,
        "status": extraction.status,
        "fields": {
            field.name: {"value": field.value, "raw": field.raw, "level": field.level, "reasons": texts(field)}
            for field in extraction.fields
        },
        "items": [
            [item.name, item.quantity, item.unit_price, item.amount, item.rate, item.tax] for item in extraction.items
        ],
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_answer_is_the_reviewed_one(name: str) -> None:
    assert answer(name) == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    for name in DOCUMENTS:
        text = json.dumps(answer(name), ensure_ascii=False, indent=1)
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")
