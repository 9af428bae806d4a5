"""Read lexicon files: every problem at once with file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ingestd.config.source import Position, Problem, read_source
from ingestd.config.wording import model_problems
from ingestd.errors import ConfigError
from ingestd.extract.lexicon.labels import squeeze
from ingestd.extract.lexicon.model import KINDS, PHRASE_ROLES, WORD_CLASSES, LexiconFile
from ingestd.extract.lexicon.spotting import MAX_LETTERS, MAX_WORDS, words_of


def parse_lexicon(text: str, path: Path) -> LexiconFile:
    """Read the text of one lexicon file.

    Raises:
        ConfigError: with every problem, each as ``FILE:LINE: description``.
    """
    source = read_source(text, path, "'language:' and 'words:'", no_aliases="copy the words")
    try:
        file = LexiconFile.model_validate(source.data)
    except ValidationError as error:
        raise ConfigError(source.report(model_problems(error, LexiconFile))) from error
    problems = source.report(_names(file, path))
    if problems:
        raise ConfigError(problems)
    return file


def lint_lexicon(text: str, path: Path) -> list[str]:
    """List entries of a sound lexicon file that change nothing: texts that are never found, texts given twice."""
    source = read_source(text, path, "", no_aliases="")
    return source.report(_texts(LexiconFile.model_validate(source.data)))


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a lexicon file, shipped as rules/lexicon.schema.json for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **LexiconFile.model_json_schema(),
        "title": "Lexicon file of ingestd",
    }


def _names(file: LexiconFile, path: Path) -> Iterator[Problem]:
    """Report a language that differs from the file's name, and unknown classes, roles and kinds."""
    if file.language != path.stem:
        yield ("language",), f"'{file.language}' in a file named {path.name}; give both the same name"
    for section, names, known in (
        ("words", file.words, WORD_CLASSES),
        ("phrases", file.phrases, PHRASE_ROLES),
        ("kinds", file.kinds, KINDS),
    ):
        for name in names:
            if name not in known:
                yield (section, name), f"{section}.{name}: unknown; expected one of {', '.join(known)}"


def _texts(file: LexiconFile) -> Iterator[Problem]:
    """Report texts that are never found, and texts that are given twice in one class, role or list."""
    for at, texts in _lists(file):
        first: dict[str, str] = {}
        for index, text in enumerate(texts):
            place, where = (*at, index), f"{'.'.join(at)}: '{text}'"
            squeezed = squeeze(text)
            if not squeezed:
                yield place, f"{where} has neither a letter nor a digit, so it is never found; remove it"
            elif squeezed in first:
                same = "" if first[squeezed] == text else f" as '{first[squeezed]}'"
                yield place, f"{where} is given twice in this list, first{same}; remove one"
            elif len(squeezed) > MAX_LETTERS or words_of(text) > MAX_WORDS:
                most = f"{MAX_WORDS} words and {MAX_LETTERS} letters"
                yield place, f"{where} is too long to be found; expected at most {most}; shorten it"
            first.setdefault(squeezed, text)


def _lists(file: LexiconFile) -> Iterator[tuple[Position, tuple[str, ...]]]:
    for section, groups in (("words", file.words), ("phrases", file.phrases), ("kinds", file.kinds)):
        yield from (((section, name), texts) for name, texts in groups.items())
    yield from ((("seller",), file.seller), (("buyer",), file.buyer), (("legal_forms",), file.legal_forms))
