"""Proposals: additions to rules that would have spared people the corrections they made; nothing is applied.

Where the same field of three documents of a seller was corrected, and the values stand at the same printed words, these
words are tried as a label: in the rule of the document, or in the lexicon where none covers it. A proposal is made only
if the documents are then read as people said, and no test of any rule fails that passes today.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import regex
import yaml
from sqlite_utils import Database

from ingestd.document import Field, Level, Reading
from ingestd.errors import ConfigError
from ingestd.extract import RuleSet, extract, load_rules, run_rule_tests
from ingestd.extract.confirm.beside import labels_beside
from ingestd.extract.confirm.doubts import rule_of
from ingestd.extract.confirm.settle import field_type
from ingestd.extract.confirm.typed import context_of
from ingestd.layout.geometry import bounds
from ingestd.store import documents
from ingestd.store.corrections import MIN_ALIKE, Alike, alike

_MAX_LABELS = 3
"""Labels that are tried for one field."""
_MAX_LOOKED_AT = 50
"""Documents of one seller that are looked at."""
_ROLES = {
    "total": ("phrases", "total"),
    "net": ("phrases", "net"),
    "tax": ("phrases", "tax"),
    "date": ("phrases", "date"),
    "invoice_no": ("phrases", "invoice_no"),
    "receipt_no": ("phrases", "invoice_no"),
    "tax_no": ("phrases", "tax_no"),
    "seller_tax_no": ("phrases", "tax_no"),
    "paid": ("words", "paid"),
    "change": ("words", "change"),
    "rounding": ("words", "rounding"),
}
"""Field -> place of its labels in a file of the lexicon."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An addition to the rules."""

    seller: str
    field: str
    label: str
    document_ids: tuple[int, ...]
    """Corrected documents that would be read right."""
    additions: Mapping[str, str]
    """File below the folder of rules -> YAML to add to it: the label, and a test."""
    rules: RuleSet
    """With the addition."""


@dataclass(frozen=True, slots=True)
class _Example:
    """A corrected document that today's rules read wrong."""

    document_id: int
    reading: Reading
    value: str
    labels: tuple[str, ...]


def proposals(db: Database, folder: Path, rules: RuleSet, today: date) -> Iterator[Proposal]:
    """Yield what the corrections on record speak for.

    Args:
        db: open for reading.
        folder: of the rules.
        rules: of this folder.
        today: later dates are not believed.
    """
    failing: set[tuple[str, str]] | None = None
    for group in alike(db):
        examples = list(_examples(db, group, rules, today))
        seen = Counter(label for one in examples for label in one.labels)
        for label, count in seen.most_common(_MAX_LABELS):
            if count < MIN_ALIKE:
                break
            if failing is None:
                failing = _failing(rules)
            found = _tried(group, label, examples, folder, rules, failing, today)
            if found is not None:
                yield found
                break


def _examples(db: Database, group: Alike, rules: RuleSet, today: date) -> Iterator[_Example]:
    plan = rule_of(rules, group.kind)
    for document_id, value in list(group.values.items())[:_MAX_LOOKED_AT]:
        reading = documents.load_reading(db, document_id)
        fields = {field.name: field for field in extract(reading, rules, today).fields}
        field = fields.get(group.field) or Field(group.field, None, None, Level.MISSING)
        if field.value != value:
            context = context_of(field, today, None if plan is None else plan.spec.dates.order)
            found = labels_beside(reading.lines, value, field_type(field, plan), context)
            labels = tuple(label for label in found if label not in group.seller.lower())
            yield _Example(document_id, reading, value, labels)


def _tried(
    group: Alike,
    label: str,
    examples: list[_Example],
    folder: Path,
    rules: RuleSet,
    failing: set[tuple[str, str]],
    today: date,
) -> Proposal | None:
    """Try a label; None where it does not help, or harms."""
    shown = next(one for one in examples if label in one.labels)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "rules")
        shutil.copytree(folder, copy)
        additions = _added(copy, group, label, shown, rules, today)
        if additions is None:
            return None
        try:
            new = dataclasses.replace(load_rules(copy), review_below=rules.review_below)
        except ConfigError:
            return None  # the label contradicts another entry
    right = tuple(one.document_id for one in examples if _read(one.reading, new, group.field, today) == one.value)
    if len(right) < MIN_ALIKE or not _failing(new) <= failing:
        return None
    return Proposal(group.seller, group.field, label, right, additions, new)


def _read(reading: Reading, rules: RuleSet, name: str, today: date) -> str | None:
    return next((field.value for field in extract(reading, rules, today).fields if field.name == name), None)


def _failing(rules: RuleSet) -> set[tuple[str, str]]:
    return {(result.rule, result.name) for result in run_rule_tests(rules) if result.problems}


# -- files


def _added(
    folder: Path, group: Alike, label: str, shown: _Example, rules: RuleSet, today: date
) -> dict[str, str] | None:
    """Add a label and its test to a copy of the rules; None where the field has no labels."""
    plan = rule_of(rules, group.kind)
    if plan is not None:
        spec = plan.spec.fields.get(group.field)
        if spec is None:
            return None
        labels = [label.upper(), *spec.labels]
        new = {"fields": {group.field: {"labels": labels}}, "tests": [_test(group, label, shown, None, today)]}
        return _merged(folder, {f"{group.kind}.yaml": new})
    home = _home_of_tests(rules)
    if group.field not in _ROLES or rules.lexicon is None or home is None:
        return None
    section, role = _ROLES[group.field]
    file = f"lexicon/{_language(label, shown.reading, rules)}.yaml"
    test = _test(group, label, shown, group.kind, today)
    return _merged(folder, {file: {section: {role: [label]}}, f"{home}.yaml": {"tests": [test]}})


def _home_of_tests(rules: RuleSet) -> str | None:
    """File for tests of papers that no rule covers: that of the fallback, else the first."""
    names = [rule.rule for rule in sorted(rules.rules, key=lambda rule: not rule.fallback)]
    return names[0] if names else None


def _language(label: str, reading: Reading, rules: RuleSet) -> str:
    """Language whose words a document has most of; Chinese where the label is."""
    assert rules.lexicon is not None
    if regex.search(r"\p{Han}", label):
        return "zh"
    printed = Counter(regex.findall(r"\p{L}{2,}", " ".join(line.text for line in reading.lines).lower()))

    def known(file: Any) -> int:
        words = {word for texts in file.words.values() for text in texts for word in text.split()}
        return sum(count for word, count in printed.items() if word in words)

    return str(max(rules.lexicon.files, key=known).language)


def _test(group: Alike, label: str, shown: _Example, rule: str | None, today: date) -> dict[str, Any]:
    """A test of the addition: a corrected document, line by line."""
    lines = [
        _Row({"text": line.text, "box": [round(edge, 1) for edge in bounds(line.quad)], "page": line.page_index})
        for line in shown.reading.lines
    ]
    name = f"{group.field} of {group.seller} at '{label}', as corrected in document {shown.document_id}"
    codes = [code.text for code in shown.reading.codes]
    test = {"name": name, "lines": lines, "codes": codes, "today": today.isoformat(), "rule": rule}
    return {key: value for key, value in test.items() if value} | {"expect": {group.field: shown.value}}


def _merged(folder: Path, additions: Mapping[str, dict[str, Any]]) -> dict[str, str] | None:
    """Merge additions into files; returns each as YAML, None where a file is missing."""
    texts = {}
    for name, addition in additions.items():
        path = folder / name
        if not path.exists():
            return None
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        path.write_text(_yaml(_merge(content, addition)), encoding="utf-8")
        texts[name] = _yaml(addition)
    return texts


def _merge(old: Any, new: Any) -> Any:
    """Merge mappings key by key; lists of tests and words grow, labels are replaced by the list that has them all."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: value if key == "labels" else _merge(old.get(key), value) for key, value in new.items()}
    if isinstance(new, list) and old is not None:
        return [*(old if isinstance(old, list) else [old]), *new]
    return new


class _Row(dict[str, Any]):
    """Mapping written on one row."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_mapping("tag:yaml.org,2002:map", row, flow_style=True)
)


def _yaml(value: Any) -> str:
    return str(
        yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None)
    )
