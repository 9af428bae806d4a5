"""Problems that pydantic finds, in the words of someone who edits a file: found, expected, fix."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ingestd.config.source import Position, Problem

_MAX_LISTED = 12
"""Bound on the known keys that a message lists."""
_KEYS, _LIST, _TEXT, _NUMBER = "keys and values (key: value)", "a list such as [a, b]", "text", "a number"
_ENTRIES = "a list; begin each of its entries with '- '"
_EXPECTED = MappingProxyType(
    {
        "bool_parsing": "true or false",
        "bool_type": "true or false",
        "dict_type": _KEYS,
        "enum": "{expected}",
        "finite_number": "a finite number",
        "float_parsing": _NUMBER,
        "float_type": _NUMBER,
        "greater_than": "more than {gt}",
        "greater_than_equal": "{ge} or more",
        "int_from_float": "a whole number",
        "int_parsing": "a whole number",
        "int_parsing_size": "a smaller number",
        "int_type": "a whole number",
        "invalid_key": "text as a key; put it in quotes",
        "less_than": "less than {lt}",
        "less_than_equal": "{le} or less",
        "list_type": _LIST,
        "literal_error": "{expected}",
        "model_type": _KEYS,
        "path_type": "a path",
        "string_pattern_mismatch": "text that matches {pattern}",
        "string_too_short": "text that is not empty",
        "string_type": _TEXT,
        "too_long": "at most {max_length} entries",
        "too_short": "at least {min_length} entries",
        "tuple_type": _LIST,
    }
)
"""Type of a pydantic error -> the sound value, with the names of its context."""


def model_problems(error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
    """Describe everything that a model refuses, each with the dotted path of its key.

    Args:
        error: raised by the model.
        model: gives the known keys.
    """
    for detail in _one_per_value(error.errors(), model):
        where = ".".join(str(part)[:200] for part in detail["loc"]) or "(file)"
        yield detail["loc"], f"{where}: {described(detail, model)}"


def _one_per_value(details: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> Iterator[Mapping[str, Any]]:
    """Merge what the forms of one value say: each has a position of its own, whose end is not a key."""
    merged: dict[Position, list[Mapping[str, Any]]] = {}
    for detail in details:
        loc = detail["loc"]
        is_form = len(loc) > 1 and detail["type"] in _EXPECTED and _is_leaf(model, loc[:-1])
        merged.setdefault(loc[:-1] if is_form else loc, []).append(detail)
    for loc, forms in merged.items():
        if len(forms) == 1 and forms[0]["loc"] == loc:
            yield forms[0]
        else:
            expected = " or ".join(dict.fromkeys(_expected(form) for form in forms))
            yield {**forms[0], "loc": loc, "type": "literal_error", "ctx": {"expected": expected}}


def _is_leaf(model: type[BaseModel], at: Position) -> bool:
    """Tell whether a value at a position has several forms, none of which has keys or entries."""
    below: list[Any] = [model]
    for part in at:
        below = [found for one in below for found in _below(one, part)]
    forms = [get_args(one) if get_origin(one) in (Union, UnionType) else () for one in below]
    return bool(forms) and all(
        of_one and all((isinstance(form, type) and not _models(form)) or get_origin(form) is Literal for form in of_one)
        for of_one in forms
    )


def _expected(detail: Mapping[str, Any]) -> str:
    if detail["type"] in ("tuple_type", "list_type") and isinstance(detail["input"], dict):
        return _ENTRIES
    return _EXPECTED[detail["type"]].format(**detail.get("ctx", {}))


def described(detail: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Describe one problem without its place.

    Args:
        detail: one of ``ValidationError.errors()``.
        model: that raised it; gives the known keys.
    """
    kind, loc = detail["type"], detail["loc"]
    if kind == "extra_forbidden":
        return f"unknown key; {_suggestion(str(loc[-1]), known_keys(model, loc[:-1]))}"
    if kind == "missing":
        return "missing; add it"
    if kind in _EXPECTED:
        found, expected = detail["input"], _expected(detail)
        meant = _closest(found, re.findall(r"'([^']*)'", expected)) if kind in ("literal_error", "enum") else None
        return f"found {shown(found)}, expected {expected}" + (f"; did you mean '{meant}'?" if meant else "")
    told = str(detail["msg"]).removeprefix("Value error, ")
    return told if told.startswith("found ") else f"{told} (found {shown(detail['input'])})"


def _suggestion(name: str, known: tuple[str, ...]) -> str:
    meant = _closest(name, known)
    if meant is not None:
        return f"did you mean '{meant}'?"
    if 0 < len(known) <= _MAX_LISTED:
        return f"expected one of {', '.join(known)}; remove it or correct its spelling"
    return "remove it or correct its spelling"


def _closest(found: object, known: Iterable[str]) -> str | None:
    close = difflib.get_close_matches(str(found)[:200], known, n=1)
    return close[0] if close else None


def known_keys(model: type[BaseModel], at: Position) -> tuple[str, ...]:
    """Return the keys that a model knows at a position; empty where any key may stand."""
    below: list[Any] = [model]
    for part in at:
        # The tag of a discriminated union is part of a position, but not a key.
        below = [found for one in below for found in _below(one, part)] or below
    names = (
        field.alias or name for one in below for found in _models(one) for name, field in found.model_fields.items()
    )
    return tuple(dict.fromkeys(names))


def _below(annotation: Any, part: object) -> list[Any]:
    """Return the types that a key or an index of a type may have."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields
        return [field.annotation for name, field in fields.items() if part in (name, field.alias)]
    if origin is dict:
        return [arguments[1]]
    if origin in (tuple, list):
        return [arguments[0]] if isinstance(part, int) else []
    return [found for argument in arguments for found in _below(argument, part)]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (dict, tuple, list):
        return []
    return [found for argument in get_args(annotation) for found in _models(argument)]


def shown(value: object) -> str:
    """Return a value for an error message: short, however large it is."""
    return "nothing" if value is None else _brief.repr(value)


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = _brief.maxlong = 200
_brief.maxlevel, _brief.maxlist, _brief.maxdict = 2, 4, 4
