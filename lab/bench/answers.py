"""Values that rules gave beside the true ones, counted, shown and kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from ingestd.document import Field, Level


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rules said about one field of one document."""

    group: str
    """What it is counted under: a corpus, a kind of document."""
    document: str
    field: str
    wanted: str
    """The true value."""
    found: Field | None
    """None: the rule has no such field, or nothing was found."""
    dispute: str = ""
    """Why the true value may be wrong itself."""

    @property
    def right(self) -> bool:
        """Whether the value is the true one, however far it is believed."""
        return self.found is not None and self.found.value == self.wanted

    @property
    def proved(self) -> bool:
        """Whether the rules call it proved."""
        return self.found is not None and self.found.level is Level.PROVED

    @property
    def wrong(self) -> bool:
        """Whether a value was given and is not the true one."""
        return self.found is not None and self.found.value is not None and not self.right

    @property
    def told(self) -> str:
        """The miss in words."""
        given = self.found is not None and self.found.value is not None
        got = f"{self.found.value} ({self.found.level})" if given and self.found else "nothing"
        reasons = f": {'; '.join(self.found.reasons)}" if self.found is not None and self.found.reasons else ""
        dispute = f" - {self.dispute}" if self.dispute else ""
        return f"{self.group}, {self.document}: {self.field} should be {self.wanted}, got {got}{reasons}{dispute}"


def answer(group: str, document: str, names: Sequence[str], wanted: str, fields: Mapping[str, Field]) -> Answer:
    """Pair a true value with what was found under any of several names."""
    given = (fields[name] for name in names if name in fields)
    by_value = sorted(given, key=lambda field: field.value is None)
    return Answer(group, document, names[0], wanted, by_value[0] if by_value else None)


def share(answers: Iterable[Answer]) -> str:
    """How many are right, as shown: ``62/64 96.9%``."""
    known = list(answers)
    right = sum(answer.right for answer in known)
    return f"{right}/{len(known)} {right / max(len(known), 1):.1%}"


def counts(answers: Iterable[Answer]) -> dict[str, Any]:
    """The figures of a group, as kept."""
    known = list(answers)
    return {
        "asked": len(known),
        "right": sum(answer.right for answer in known),
        "wrong": sum(answer.wrong for answer in known),
        "proved": sum(answer.proved for answer in known),
        "proved_wrong": [answer.told for answer in known if answer.proved and not answer.right],
        "by_field": {
            field: share(answer for answer in known if answer.field == field) for field in _in_order(known, _field)
        },
    }


def by_field(answers: Sequence[Answer]) -> Table:
    """A row a field and a column a group, narrow enough for a terminal of 80 columns."""
    return across(answers, "field", _field)


def across(answers: Sequence[Answer], title: str, key: Callable[[Answer], str]) -> Table:
    """A row for each key and a column for each group."""
    groups = _in_order(answers, lambda answer: answer.group)
    table = Table(title, *groups)
    for name in _in_order(answers, key):
        cells = []
        for group in groups:
            known = [answer for answer in answers if answer.group == group and key(answer) == name]
            cells.append(share(known) if known else "")
        table.add_row(name, *cells)
    return table


def _field(answer: Answer) -> str:
    return answer.field


def _in_order(answers: Iterable[Answer], key: Callable[[Answer], str]) -> list[str]:
    return list(dict.fromkeys(map(key, answers)))
