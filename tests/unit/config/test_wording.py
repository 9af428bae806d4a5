"""Problems of models, in words: found, expected, fix."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ingestd.config.wording import known_keys, model_problems


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    length: int = Field(default=1, ge=1)
    mode: Literal["copy", "move"] = "copy"


class Kind(StrEnum):
    NONE = "none"
    CODE = "code"


def require_even(number: int) -> int:
    """Refuse odd numbers in the words of ingestd."""
    if number % 2:
        raise ValueError(f"found {number}, expected an even number; add 1")
    return number


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    entries: tuple[Inner, ...] = ()
    named: dict[str, Inner] = {}
    text: str = ""
    kind: Kind = Kind.NONE
    form: bool | Literal["slim"] = True
    even: Annotated[int, AfterValidator(require_even)] = 2


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"entry": []}, "entry: unknown key; did you mean 'entries'?"),
        (
            {"zzz": 1},
            "zzz: unknown key; expected one of entries, named, text, kind, form, even; remove it or correct its"
            " spelling",
        ),
        ({"entries": [{"lenght": 1}]}, "entries.0.lenght: unknown key; did you mean 'length'?"),
        ({"named": {"a": {"lenght": 1}}}, "named.a.lenght: unknown key; did you mean 'length'?"),
        ({"entries": [{"length": 0}]}, "entries.0.length: found 0, expected 1 or more"),
        (
            {"entries": [{"mode": "mvoe"}]},
            "entries.0.mode: found 'mvoe', expected 'copy' or 'move'; did you mean 'move'?",
        ),
        ({"text": 5}, "text: found 5, expected text"),
        ({"entries": "a"}, "entries: found 'a', expected a list such as [a, b]"),
        (
            {"entries": {"length": 1}},
            "entries: found {'length': 1}, expected a list; begin each of its entries with '- '",
        ),
        ({"kind": "cod"}, "kind: found 'cod', expected 'none' or 'code'; did you mean 'code'?"),
        ({"form": "maybe"}, "form: found 'maybe', expected true or false or 'slim'"),
        ({"form": "slm"}, "form: found 'slm', expected true or false or 'slim'; did you mean 'slim'?"),
        ({"entries": None}, "entries: found nothing, expected a list such as [a, b]"),
        ({"even": 3}, "even: found 3, expected an even number; add 1"),
    ],
)
def test_found_expected_fix(data: object, problem: str) -> None:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(data)
    assert [what for _, what in model_problems(error.value, Outer)] == [problem]


def test_a_huge_value_is_shown_short() -> None:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate({"text": ["x" * 10_000] * 1000})
    ((_, what),) = model_problems(error.value, Outer)
    assert len(what) < 1000


def test_known_keys_end_where_any_key_may_stand() -> None:
    assert known_keys(Outer, ("named",)) == ()
    assert known_keys(Outer, ("named", "any")) == ("length", "mode")
