"""YAML files that people write: their text, their content, and the line of every key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ingestd.errors import ConfigError

Position = tuple[Any, ...]
"""Keys and indices that lead to a place in a file."""

Problem = tuple[Position, str]
"""Place of a problem and its description."""

_ENCODINGS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
"""Encodings by the byte order mark that a file begins with; that of UTF-8 is accepted."""
_LEGACY_ENCODINGS = ("gb18030", "big5")
"""Encodings without a mark in which Chinese text is often saved."""
_KINDS = {list: "a list", type(None): "an empty file"}
"""Names of what a file has at its top instead of keys; else it is a single value."""


@dataclass(frozen=True, slots=True)
class Source:
    """Content of one file."""

    path: Path
    data: dict[Any, Any]
    lines: dict[Position, int]
    """Position of each key and list entry -> its line, 1-based."""

    def line(self, at: Position) -> int:
        """Return the line of the deepest part of a position that stands in the file."""
        names = tuple(part if isinstance(part, int) else str(part) for part in at)
        while names and names not in self.lines:
            names = names[:-1]
        return self.lines.get(names, 1)

    def report(self, problems: Iterable[Problem]) -> list[str]:
        """Write problems as ``FILE:LINE: description``, in order of lines."""
        return _located(self.path, ((self.line(at), what) for at, what in problems))


def _located(path: Path, problems: Iterable[tuple[int, str]]) -> list[str]:
    return [f"{path}:{line}: {what}" for line, what in sorted(problems)]


def read_text(path: Path, fix: str) -> str:
    """Read a file as UTF-8.

    Args:
        path: of the file.
        fix: advice to someone who has no such file.

    Raises:
        ConfigError: it does not exist, cannot be read, or has another encoding.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError([f"{path}: found no such file; {fix}"]) from error
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}; {fix}"]) from error
    return decoded(data, path)


def decoded(data: bytes, path: Path) -> str:
    """Decode the bytes of a file as UTF-8.

    Raises:
        ConfigError: they have another encoding.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            [f"{path}:{line}: found {_encoding(data)}, expected UTF-8; save the file again with the encoding UTF-8"]
        ) from error


def _encoding(data: bytes) -> str:
    for mark, name in _ENCODINGS.items():
        if data.startswith(mark):
            return f"text in {name}"
    for name in _LEGACY_ENCODINGS:
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return f"text in another encoding, perhaps {'GBK' if name == 'gb18030' else name.upper()}"
    return "bytes that are not UTF-8"


def read_source(text: str, path: Path, keys: str, *, no_aliases: str | None = None) -> Source:
    """Parse a file that has keys at its top.

    Args:
        text: of the file.
        path: for messages.
        keys: examples of keys, for the message about a file without any: ``'rule:' and 'fields:'``.
        no_aliases: advice to someone who uses an alias. Scalars are then taken as the text they are, so that a field
            may be called ``no`` and a value may be ``12.50`` without quotes. None: aliases are allowed, scalars typed.

    Raises:
        ConfigError: the text is not YAML, has no keys at its top, or has a key twice.
    """
    lines: dict[Position, int] = {}
    try:
        loader, node = _parsed(text, is_typed=no_aliases is None)
        problems = _located(path, _Walk(lines, no_aliases).node(node, ())) if node is not None else []
        data = loader.construct_document(node) if node is not None and not problems else None
    except yaml.YAMLError as error:
        raise ConfigError([_yaml_problem(text, path, error)]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}:1: found YAML that is nested too deeply; write it flatter"]) from error
    if problems:
        raise ConfigError(problems)
    if not isinstance(data, dict):
        found = _KINDS.get(type(data), "a single value")
        raise ConfigError([f"{path}:1: found {found}, expected keys such as {keys}"])
    return Source(path, data, lines)


def _parsed(text: str, *, is_typed: bool) -> tuple[Any, yaml.Node | None]:
    """Return the loader of a text and its top node.

    The parser in C is ten times as fast. That in Python decides about what is wrong, since messages quote it.
    """
    for typed, plain in ((_FastTypedLoader, _FAST_LOADER), (_TypedLoader, yaml.BaseLoader)):
        loader = typed(text) if is_typed else plain(text)
        try:
            return loader, loader.get_single_node()
        except yaml.YAMLError:
            if plain is yaml.BaseLoader:
                raise
    raise AssertionError("the parser in Python returns or raises")


_FAST_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml may be missing


class _NamesLines:
    """Names the line of a scalar whose value does not exist, such as the date 2026-99-99."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)  # type: ignore[misc]
        except (ValueError, TypeError, OverflowError) as error:
            problem = f"the value cannot be read: {error}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


class _TypedLoader(_NamesLines, yaml.SafeLoader):
    pass


class _FastTypedLoader(_NamesLines, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    pass


def _yaml_problem(text: str, path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        place, problem = f":{mark.line + 1}", str(getattr(error, "problem", error))
        if "'\\t'" in problem:
            problem = "found a tab, expected spaces; replace tabs by spaces"
        elif "another document" in problem:
            problem = "found a second document, expected one; remove the line '---'"
        elif "constructor for the tag" in problem:
            problem = "found a tag ('!'), expected plain values; remove it, or put the text in quotes"
        return f"{path}{place}: not valid YAML at column {mark.column + 1}: {problem}"
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return f"{path}:{line}: not valid YAML: found the control character U+{error.character:04X}; remove it"
    return f"{path}: not valid YAML: {' '.join(str(error).split())}"


class _Walk:
    """Walk over the nodes of one file: lines of keys, and problems that YAML accepts.

    Args:
        lines: is filled with the line of every key and list entry.
        no_aliases: advice to someone who uses an alias; None: aliases are allowed.
    """

    def __init__(self, lines: dict[Position, int], no_aliases: str | None) -> None:
        self._lines = lines
        self._no_aliases = no_aliases
        self._seen: set[int] = set()

    def node(self, node: yaml.Node, at: Position) -> Iterator[tuple[int, str]]:
        """Yield line and description of the problems of a node: keys given twice, aliases."""
        line = node.start_mark.line + 1
        self._lines.setdefault(at, line)
        if id(node) in self._seen:
            if self._no_aliases is not None:
                yield line, f"anchors and aliases are not understood; {self._no_aliases}"
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
        if key.value == "<<" and self._no_aliases is not None:
            yield line, f"'<<' is not understood; {self._no_aliases}"
        position = (*at, key.value)
        if position in self._lines:
            yield line, f"'{key.value}' is given twice, first on line {self._lines[position]}; keep one of them"
            return
        self._lines[position] = line
        yield from self.node(child, position)
