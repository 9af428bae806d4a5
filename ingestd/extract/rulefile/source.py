"""Read the YAML of rule and lexicon files: text values, with the line of every key.

All scalars are taken as the text they are (YAML's BaseLoader) and converted by the models, so that a field may be
called ``no`` and a test may expect ``total: 12.50`` without quotes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

Position = tuple[Any, ...]
"""Keys and indices that lead to a place in a file."""

Problem = tuple[Position, str]
"""Place of a problem and its description."""


@dataclass(frozen=True, slots=True)
class Source:
    """Content of one file."""

    path: Path
    data: dict[str, Any]
    """Mappings, lists and text."""
    lines: dict[Position, int]
    """Position of each key and list entry -> its line, 1-based."""

    def line(self, at: Position) -> int:
        """Return the line of the deepest part of a position that stands in the file."""
        names = tuple(part if isinstance(part, int) else str(part) for part in at)
        while names and names not in self.lines:
            names = names[:-1]
        return self.lines.get(names, 1)

    def told(self, problems: Iterator[Problem]) -> list[str]:
        """Write problems as ``FILE:LINE: description``, in order of lines."""
        return [f"{self.path}:{line}: {what}" for line, what in sorted((self.line(at), what) for at, what in problems)]


def read_source(text: str, path: Path, keys: str, instead: str) -> tuple[Source | None, list[str]]:
    """Parse one file.

    Args:
        text: of the file.
        path: for messages.
        keys: examples of keys for the message about a file without any: ``'rule:' and 'fields:'``.
        instead: advice to someone who uses an alias.

    Returns:
        The content, or None and the problems as ``FILE:LINE: description``.
    """
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        return None, [_yaml_problem(path, error)]
    except RecursionError:
        return None, [f"{path}:1: nested too deeply to be read"]
    if not isinstance(node, yaml.MappingNode):
        return None, [f"{path}:1: expected keys such as {keys}"]
    lines: dict[Position, int] = {}
    problems = sorted(_Walk(lines, instead).node(node, ()))
    if problems:
        return None, [f"{path}:{line}: {what}" for line, what in problems]
    return Source(path, yaml.load(text, Loader=yaml.BaseLoader), lines), []


def _yaml_problem(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f":{mark.line + 1}" if mark is not None else ""
    return f"{path}{line}: not valid YAML: {getattr(error, 'problem', None) or error}"


class _Walk:
    """Walk over the nodes of one file: lines of keys, and problems that YAML accepts.

    Args:
        lines: is filled with the line of every key and list entry.
        instead: advice to someone who uses an alias.
    """

    def __init__(self, lines: dict[Position, int], instead: str) -> None:
        self._lines = lines
        self._instead = instead
        self._seen: set[int] = set()

    def node(self, node: yaml.Node, at: Position) -> Iterator[tuple[int, str]]:
        """Yield line and description of the problems of a node: aliases, keys given twice."""
        line = node.start_mark.line + 1
        self._lines.setdefault(at, line)
        if id(node) in self._seen:
            yield line, f"anchors and aliases are not understood; {self._instead}"
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, child in enumerate(node.value):
                yield from self.node(child, (*at, index))
        elif isinstance(node, yaml.MappingNode):
            for key, child in node.value:
                yield from self._entry(key, child, at)

    def _entry(self, key: yaml.Node, child: yaml.Node, at: Position) -> Iterator[tuple[int, str]]:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            yield line, "a key that is not a plain word; expected 'name: value'"
            return
        if key.value == "<<":
            yield line, f"'<<' is not understood; {self._instead}"
        position = (*at, key.value)
        if position in self._lines:
            yield line, f"'{key.value}' is given twice, first on line {self._lines[position]}"
            return
        self._lines[position] = line
        yield from self.node(child, position)


def model_problems(error: ValidationError) -> Iterator[Problem]:
    """Describe what a model refuses."""
    for detail in error.errors():
        yield detail["loc"], _model_problem(detail)


def _model_problem(detail: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "(file)"
    if detail["type"] == "extra_forbidden":
        return f"{where}: unknown key; remove it or correct its spelling"
    if detail["type"] == "missing":
        return f"{where}: missing; add it"
    return f"{where}: {detail['msg'].removeprefix('Value error, ')} (found {detail['input']!r})"
