"""Load a folder of rules: frozen rules and the lexicon, every problem at once with file and line."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import regex
from pydantic import ValidationError

from ingestd.config.shipped import shipped
from ingestd.config.source import Problem, Source, decoded, read_source
from ingestd.config.wording import model_problems
from ingestd.errors import ConfigError
from ingestd.extract.lexicon.load import lint_lexicon, parse_lexicon
from ingestd.extract.lexicon.model import Lexicon
from ingestd.extract.rulefile.compiled import RuleSet, split_label
from ingestd.extract.rulefile.equation import SUM_OF, parse_equation
from ingestd.extract.rulefile.model import CrossCheck, FieldRule, Rule
from ingestd.extract.values.invoice_qr import INVOICE_QRS

_File = TypeVar("_File")

_PROBE_S = 0.1
_PROBES = ("0" * 400, "A" * 400 + "!", " " * 400 + "x", "0 " * 200 + "x", "1,1." * 100 + "x", "甲" * 400 + "!")
"""Texts on which a regex with unbounded backtracking runs out of time."""


def load_rules(folder: Path | None) -> RuleSet:
    """Load every ``*.yaml`` file of a folder; None: of the one that ships with ingestd.

    Raises:
        ConfigError: with every problem of every file, each as ``FILE:LINE: what is wrong``.
    """
    folder = shipped("rules") if folder is None else folder
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(
            [
                f"{folder}: found no rule files, expected files such as en-receipt.yaml; copy the folder rules/ of"
                " ingestd there, or correct extract.rules"
            ]
        )
    digest = hashlib.sha256()
    rules, problems = _parsed(paths, parse_rule, digest, "")
    fallbacks = [rule.rule for rule in rules if rule.fallback]
    if len(fallbacks) > 1:
        problems.append(f"{folder}: {' and '.join(fallbacks)} are all 'fallback'; expected at most one")
    languages, wrong = _parsed(sorted((folder / "lexicon").glob("*.yaml")), parse_lexicon, digest, "lexicon/")
    problems += wrong
    if problems:
        raise ConfigError(problems)
    lexicon = Lexicon(tuple(languages)) if languages else None
    return RuleSet(tuple(rules), digest.hexdigest()[:16], lexicon)


def lint_rules(folder: Path | None) -> list[str]:
    """List entries of a sound folder of rules that change nothing, each as ``FILE:LINE: description and fix``."""
    folder = shipped("rules") if folder is None else folder
    paths = sorted((folder / "lexicon").glob("*.yaml"))
    return [found for path in paths for found in lint_lexicon(path.read_text(encoding="utf-8"), path)]


def _parsed(
    paths: Sequence[Path],
    parse: Callable[[str, Path], _File],
    digest: hashlib._Hash,
    prefix: str,
) -> tuple[list[_File], list[str]]:
    """Parse files; add name and content of each to the digest."""
    parsed: list[_File] = []
    problems: list[str] = []
    for path in paths:
        try:
            data = path.read_bytes()
            digest.update(f"{prefix}{path.name}\0{len(data)}\0".encode() + data)
            parsed.append(_parsed_once(parse, decoded(data, path), path))
        except OSError as error:
            problems.append(f"{path}: cannot be read: {error.strerror}; make it readable")
        except ConfigError as error:
            problems += error.problems
    return parsed, problems


@functools.lru_cache(maxsize=256)
def _parsed_once(parse: Callable[[str, Path], Any], text: str, path: Path) -> Any:
    """Parse a text, or return what was made of it before: a start checks the rules before it hands them to workers."""
    return parse(text, path)


def parse_rule(text: str, path: Path) -> Rule:
    """Read the text of one rule file.

    Raises:
        ConfigError: with every problem, each as ``FILE:LINE: description``.
    """
    source = read_source(text, path, "'rule:' and 'fields:'", no_aliases="copy a field with 'like:'")
    found = _copy_likes(source)
    try:
        rule = Rule.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError(source.report(chain(found, model_problems(error, Rule)))) from error
    problems = source.report(chain(found, _lint(rule, path)))
    if problems:
        raise ConfigError(problems)
    return rule


def _copy_likes(source: Source) -> list[Problem]:
    """Fill fields that say ``like: OTHER`` with what the other says, in place."""
    problems: list[Problem] = []
    fields = source.data.get("fields")
    if not isinstance(fields, dict):
        return problems
    for name, spec in fields.items():
        seen = [name]
        while isinstance(spec, dict) and "like" in spec:
            other = spec["like"]
            if other in seen or not isinstance(fields.get(other), dict):
                why = "leads back to itself" if other in seen else "is not a field of this rule"
                problems.append((("fields", name, "like"), f"'like: {other}' {why}"))
                break
            seen.append(other)
            spec = fields[other]
            for key, value in spec.items():
                if key != "like" and key not in fields[name]:
                    fields[name][key] = value
                    source.lines.setdefault(("fields", name, str(key)), source.line(("fields", name)))
    return problems


def _lint(rule: Rule, path: Path) -> Iterator[Problem]:
    """Yield problems of well-formed rules that cannot work."""
    if rule.rule != path.stem:
        yield ("rule",), f"'{rule.rule}' in a file named {path.name}; give both the same name"
    if rule.fallback == (rule.match is not None):
        yield ("match",), "give 'match', or 'fallback: true' for the rule that applies where no other does"
    for name, spec in rule.fields.items():
        yield from ((("fields", name, *at), what) for at, what in _lint_field(rule, name, spec))
    yield from _lint_checks(rule)
    yield from _lint_tests(rule)
    for at, pattern in _patterns(rule):
        if _runs_away(pattern):
            yield at, f"the regex {pattern!r} can run without end; avoid nested repetition such as (a+)+"


def _lint_checks(rule: Rule) -> Iterator[Problem]:
    for index, check in enumerate(rule.checks):
        for name in _named(check):
            if name.startswith(SUM_OF):
                if rule.items is None or name.removeprefix(SUM_OF) not in rule.items.columns:
                    yield ("checks", index), f"'{check.name}' adds up '{name}', which is not a column of 'items'"
            elif name not in rule.fields:
                yield ("checks", index), f"'{check.name}' names '{name}', which is not a field of this rule"
            elif check.equation and rule.fields[name].type not in ("money", "capital"):
                yield ("checks", index), f"'{check.name}' calculates with '{name}', which is not an amount"


def _named(check: CrossCheck) -> tuple[str, ...]:
    return parse_equation(check.equation).fields if check.equation else check.of


def _stated(rule: Rule) -> frozenset[str]:
    """Return the fields that a code on the page can state."""
    return INVOICE_QRS[rule.witness].fields if rule.witness is not None else frozenset()


def _lint_tests(rule: Rule) -> Iterator[Problem]:
    for index, test in enumerate(rule.tests):
        if (test.text is None) == (not test.lines):
            yield ("tests", index), f"test '{test.name}': give either 'text' or 'lines'"
        for name in (*test.expect, *test.levels, *test.leave, *test.repaired):
            if test.rule is None and name not in rule.fields:
                yield ("tests", index), f"test '{test.name}' names '{name}', which is not a field of this rule"


def _lint_field(rule: Rule, name: str, spec: FieldRule) -> Iterator[Problem]:
    for key in ("zone", "unlabelled_zone"):
        if (zone := getattr(spec, key)) is not None and zone not in rule.zones:
            yield (key,), f"{key} '{zone}' of '{name}' is not among the zones of this rule"
    if spec.stand_in is not None and (spec.stand_in not in rule.fields or spec.stand_in == name):
        yield ("stand_in",), f"stand_in '{spec.stand_in}' of '{name}' is not another field of this rule"
    if spec.column is not None and (rule.items is None or spec.column not in rule.items.columns):
        yield ("column",), f"column '{spec.column}' of '{name}' is not among the columns of 'items'"
    if not spec.labels and not {"anywhere", "anywhere_if_proved"} & set(spec.where) and name not in _stated(rule):
        yield (), f"'{name}' can never be found: give 'labels', or 'where: anywhere' with a 'value'"
    if set(spec.where) == {"anywhere_if_proved"} and not (
        spec.check or any(name in _named(check) for check in rule.checks)
    ):
        yield ("where",), f"'{name}' can never be found: 'anywhere_if_proved' needs a check or an equation"
    if spec.labels and set(spec.where) == {"anywhere"}:
        yield ("where",), f"the labels of '{name}' are never used: 'where' has only 'anywhere'"
    taken = {text for label in spec.not_label for text in split_label(label)}
    for index, label in enumerate(spec.labels):
        if set(split_label(label)) <= taken:
            yield ("labels", index), f"label '{label}' of '{name}' is also a 'not_label'"


def _patterns(rule: Rule) -> Iterator[Problem]:
    for name, spec in rule.fields.items():
        for key in ("value", "not_value", "between", "prefer"):
            if (pattern := getattr(spec, key)) is not None:
                yield ("fields", name, key), pattern
        for key in ("text", "unless") if spec.nought is not None else ():
            if (pattern := getattr(spec.nought, key)) is not None:
                yield ("fields", name, "nought", key), pattern
    for index, sign in enumerate(rule.match.signs if rule.match else ()):
        for key in ("regex", "code"):
            if (pattern := getattr(sign, key)) is not None:
                yield ("match", "signs", index, key), pattern
    for index, hint in enumerate(rule.dates.signs):
        yield ("dates", "signs", index, "regex"), hint.regex


def _runs_away(pattern: str) -> bool:
    compiled = regex.compile(pattern, regex.IGNORECASE)
    try:
        for probe in _PROBES:
            compiled.search(probe, timeout=_PROBE_S)
    except TimeoutError:
        return True
    return False
