"""Read rule files: YAML to frozen rules, every problem at once with file and line.

All scalars are taken as the text they are (YAML's BaseLoader) and converted by the models, so that a field may
be called ``no`` and a test may expect ``total: 12.50`` without quotes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import regex
import yaml
from pydantic import ValidationError

from ingestd.config.shipped import shipped
from ingestd.errors import ConfigError
from ingestd.extract.rulefile.compiled import RuleSet, split_label
from ingestd.extract.rulefile.equation import SUM_OF, parse_equation
from ingestd.extract.rulefile.model import CrossCheck, FieldRule, Rule
from ingestd.extract.understand.lexicon import Lexicon, load_lexicon
from ingestd.extract.values.invoice_qr import INVOICE_QRS

Position = tuple[Any, ...]
"""Keys and indices that lead to a place in a file."""

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
        raise ConfigError([f"{folder}: no rule files; expected files such as en-receipt.yaml"])
    rules, problems, digest = [], [], hashlib.sha256()
    for path in paths:
        try:
            data = path.read_bytes()
            rule, wrong = parse_rule(data.decode("utf-8"), path)
        except (OSError, UnicodeDecodeError) as error:
            rule, wrong, data = None, [f"{path}: cannot be read: {error}"], b""
        digest.update(f"{path.name}\0{len(data)}\0".encode() + data)
        problems += wrong
        rules += [rule] if rule is not None else []
    fallbacks = [rule.rule for rule in rules if rule.fallback]
    if len(fallbacks) > 1:
        problems.append(f"{folder}: {' and '.join(fallbacks)} are all 'fallback'; expected at most one")
    lexicon, wrong = _lexicon(folder / "lexicon", digest)
    problems += wrong
    if problems:
        raise ConfigError(problems)
    return RuleSet(tuple(rules), digest.hexdigest()[:16], lexicon)


def _lexicon(folder: Path, digest: hashlib._Hash) -> tuple[Lexicon | None, list[str]]:
    """Load the lexicon of a folder of rules, if it has one."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        return None, []
    try:
        lexicon = load_lexicon(folder)
    except ConfigError as error:
        return None, list(error.problems)
    for path in paths:
        data = path.read_bytes()
        digest.update(f"lexicon/{path.name}\0{len(data)}\0".encode() + data)
    return lexicon, []


def parse_rule(text: str, path: Path) -> tuple[Rule | None, list[str]]:
    """Read the text of one rule file.

    Returns:
        The rule, or None, and its problems; with problems the rule must not be used.
    """
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        return None, [_yaml_problem(path, error)]
    except RecursionError:
        return None, [f"{path}:1: nested too deeply to be read"]
    if not isinstance(node, yaml.MappingNode):
        return None, [f"{path}:1: expected keys such as 'rule:' and 'fields:'"]
    marks: dict[Position, int] = {}
    problems = list(_walk(node, (), marks, set()))
    rule = None
    if not problems:
        data = yaml.load(text, Loader=yaml.BaseLoader)
        problems = [(_line(marks, at), what) for at, what in _copy_likes(data, marks)]
        try:
            rule = Rule.model_validate(data)
            problems += [(_line(marks, at), what) for at, what in _lint(rule, path)]
        except ValidationError as error:
            problems += [(_line(marks, detail["loc"]), _model_problem(detail)) for detail in error.errors()]
    return rule, [f"{path}:{line}: {what}" for line, what in sorted(problems)]


def _yaml_problem(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark is not None else ""
    return f"{path}{line}: not valid YAML: {getattr(error, 'problem', None) or error}"


def _walk(node: yaml.Node, at: Position, marks: dict[Position, int], seen: set[int]) -> Iterator[tuple[int, str]]:
    """Note the line of every key and report what YAML would let pass: keys given twice, aliases."""
    marks.setdefault(at, node.start_mark.line + 1)
    if id(node) in seen:
        yield node.start_mark.line + 1, "anchors and aliases are not understood; copy a field with 'like:'"
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _walk(child, (*at, index), marks, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                yield line, "a key that is not a plain word; expected 'name: value'"
                continue
            name = key.value
            if name == "<<":
                yield line, "'<<' is not understood; copy a field with 'like:'"
            if (*at, name) in marks:
                yield line, f"'{name}' is given twice, first on line {marks[(*at, name)]}"
                continue
            marks[(*at, name)] = line
            yield from _walk(child, (*at, name), marks, seen)


def _line(marks: Mapping[Position, int], at: Position) -> int:
    """Return the line of the deepest part of a position that stands in the file."""
    names = tuple(part if isinstance(part, int) else str(part) for part in at)
    while names and names not in marks:
        names = names[:-1]
    return marks.get(names, 1)


def _copy_likes(data: Any, marks: dict[Position, int]) -> list[tuple[Position, str]]:
    """Fill fields that say ``like: OTHER`` with what the other says, in place."""
    problems: list[tuple[Position, str]] = []
    fields = data.get("fields")
    if not isinstance(fields, dict):
        return problems
    for name, spec in fields.items():
        chain = [name]
        while isinstance(spec, dict) and "like" in spec:
            other = spec["like"]
            if other in chain or not isinstance(fields.get(other), dict):
                why = "leads back to itself" if other in chain else "is not a field of this rule"
                problems.append((("fields", name, "like"), f"'like: {other}' {why}"))
                break
            chain.append(other)
            spec = fields[other]
            for key, value in spec.items():
                if key != "like" and key not in fields[name]:
                    fields[name][key] = value
                    marks.setdefault(("fields", name, str(key)), marks.get(("fields", name), 1))
    return problems


def _model_problem(detail: Any) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "(file)"
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key; remove it or correct its spelling"
    if detail["type"] == "missing":
        return f"{where}: missing; add it"
    return f"{where}: {detail['msg'].removeprefix('Value error, ')} (found {detail['input']!r})"


def _lint(rule: Rule, path: Path) -> Iterator[tuple[Position, str]]:
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


def _lint_checks(rule: Rule) -> Iterator[tuple[Position, str]]:
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


def _lint_tests(rule: Rule) -> Iterator[tuple[Position, str]]:
    for index, test in enumerate(rule.tests):
        if (test.text is None) == (not test.lines):
            yield ("tests", index), f"test '{test.name}': give either 'text' or 'lines'"
        for name in (*test.expect, *test.levels, *test.leave, *test.repaired):
            if test.rule is None and name not in rule.fields:
                yield ("tests", index), f"test '{test.name}' names '{name}', which is not a field of this rule"


def _lint_field(rule: Rule, name: str, spec: FieldRule) -> Iterator[tuple[Position, str]]:
    for key in ("zone", "unlabelled_zone"):
        if (zone := getattr(spec, key)) is not None and zone not in rule.zones:
            yield (key,), f"{key} '{zone}' of '{name}' is not among the zones of this rule"
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


def _patterns(rule: Rule) -> Iterator[tuple[Position, str]]:
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
