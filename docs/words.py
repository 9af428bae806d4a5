"""Check the project's English: ``python docs/words.py [PATH...]``.

The rules are those of CONTRIBUTING.md, "Words". They apply to manuals, docstrings, comments and messages. PATH is
a file or folder below the root; without PATH everything is checked.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parent.parent

MAX_WORDS = 25
"""Words per sentence in manuals and in the first line of a docstring."""

CODE = ("ingestd", "lab", "docs")
MANUALS = ("*.md", "docs/**/*.md", "lab/**/*.md", "models/**/*.md", "samples/*.md", ".github/**/*.md")
FIGURES_ALLOWED = ("docs/benchmarks.md", "CHANGELOG.md", "models/", "lab/", "docs/images/")
"""Places of measured figures; elsewhere a link stands for them."""

_RELATIVE = re.compile(r"(What|Whether|How|Where|That|Who|Whose|Why|Which|When)\b")
_RELATIVE_OBJECT = re.compile(r"(An? \w+|The \w+) that\b")
_COMPARATIVES = "longer|more|less|fewer|better|worse|larger|smaller|greater|wider|taller|later|earlier|higher|lower"
_UNITS = (
    r"(?:one|two|rows?|files?|objects?|lines?|values?|columns?|characters?|times|seconds|minutes|milliseconds|hours"
    r"|[kKMG]i?B|pages|documents|ms|s)"
)
_WHOLES = r"(?:page|document|line|row|file|folder|stage|second|minute|day|receipt|COMMIT|search|core|watch|field)"

WORDS = MappingProxyType(
    {
        re.compile(r"\banew\b", re.I): "write 'again'",
        re.compile(r"\bfor ever\b", re.I): "write 'forever', 'always' or 'without end'",
        re.compile(r"\bnobody\b|\bwhoever\b", re.I): "name the actor, or write 'no one' or 'anyone who'",
        re.compile(rf"(?<!there )\b(?:is|are|was|were) no (?!(?:{_COMPARATIVES})\b)[a-z]\w*", re.I): "write 'is not a'",
        re.compile(rf"\b{_UNITS} an? {_WHOLES}\b"): "write 'per'",
        re.compile(r"\b_?(?:MOST|LEAST|FEWEST)_[A-Z]\w*"): "name limits MAX_ and MIN_",
    }
)
_FIGURE = re.compile(r"[\d.]+ ?(?:%|per ?cent\b)")


def main(places: list[str]) -> int:
    """Print the problems of all files, or of those below ``places``; 1 if there are any."""
    names = files(ROOT)
    wanted = [name for name in sorted(names) if not places or name.startswith(tuple(places))]
    rows = [f"{name}:{row}" for name in wanted for row in problems(names[name], name)]
    for row in rows:
        print(row)
    return 1 if rows else 0


def files(root: Path) -> dict[str, Path]:
    """Checked files by their path below ``root``."""
    paths = [path for folder in CODE for path in (root / folder).rglob("*.py")]
    paths += [path for pattern in MANUALS for path in root.glob(pattern)]
    names = {path.relative_to(root).as_posix(): path for path in paths}
    return {name: path for name, path in names.items() if path != Path(__file__).resolve()}


def problems(path: Path, name: str) -> Iterator[str]:
    """Yield the problems of one file as ``LINE: problem``; ``name`` is its path below the root of the project."""
    text = path.read_text(encoding="utf-8")
    if name.endswith(".py"):
        yield from _of_docstrings(text)
        yield from _of_words(_spoken(text))
        return
    prose = list(_prose(text))
    yield from _of_words(prose)
    yield from _of_sentences(prose)
    if not name.startswith(FIGURES_ALLOWED):
        for number, row in prose:
            if found := _FIGURE.search(row):
                yield f"{number}: figure '{found[0]}'; figures belong in docs/benchmarks.md"


def _of_docstrings(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            number = 1 if isinstance(node, ast.Module) else node.lineno
            if _RELATIVE.match(first) or _RELATIVE_OBJECT.match(first):
                yield f"{number}: docstring opens with '{' '.join(first.split()[:3])}'; say what it does or is"
            yield from _of_sentences([(number, first)])
        for number, first in _of_attributes(node):
            if _RELATIVE.match(first):
                yield f"{number}: docstring opens with '{' '.join(first.split()[:3])}'; say what it is"


def _of_attributes(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line number and first line of the strings below the assignments of a node."""
    body = getattr(node, "body", None)
    for assigned, below in pairwise(body) if isinstance(body, list) else ():
        match assigned, below:
            case (ast.Assign() | ast.AnnAssign(), ast.Expr(value=ast.Constant(value=str(text)))):
                yield below.lineno, text.strip().partition("\n")[0]


def _of_words(rows: list[tuple[int, str]]) -> Iterator[str]:
    for number, row in rows:
        for pattern, advice in WORDS.items():
            if found := pattern.search(row):
                yield f"{number}: '{found[0]}': {advice}"


def _of_sentences(rows: list[tuple[int, str]]) -> Iterator[str]:
    for number, sentence in _sentences(rows):
        words = [word for word in sentence.split() if re.search(r"\w", word)]
        if len(words) > MAX_WORDS:
            yield f"{number}: sentence of {len(words)} words, at most {MAX_WORDS}: '{' '.join(words[:6])} ...'"


def _spoken(text: str) -> list[tuple[int, str]]:
    """Rows of comments, strings and names, with their line numbers."""
    spoken = (tokenize.COMMENT, tokenize.STRING, tokenize.NAME, getattr(tokenize, "FSTRING_MIDDLE", -1))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [
        (token.start[0] + below, row)
        for token in tokens
        if token.type in spoken
        for below, row in enumerate(token.string.splitlines())
    ]


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Rows of Markdown without code; an empty row ends a sentence, so table cells and list items stand alone."""
    fenced = False
    for number, row in enumerate(text.splitlines(), start=1):
        if row.startswith("```"):
            fenced = not fenced
        if fenced or row.startswith(("```", "    ", "\t", "<!--", "[![")):
            yield number, ""
            continue
        if re.match(r"\s*([-*>#|]|\d+\.) ?", row):
            yield number, ""
        plain = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "CODE", row))
        plain = re.sub(r"^\s*([-*>#]+|\d+\.)\s", "", plain)
        for cell in plain.split("|") if row.startswith("|") else [plain]:
            yield number, cell
            if row.startswith(("|", "#")):
                yield number, ""


def _sentences(rows: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield sentences with the number of the row in which they begin."""
    start, sentence = 0, ""
    for number, row in [*rows, (0, "")]:
        if not row.strip():
            yield start, sentence
            sentence = ""
            continue
        parts = re.split(r"(?<=[.!?])[)\"*]*\s+(?=[\[(\"*]*[A-Z0-9`])", row.strip())
        for index, part in enumerate(parts):
            if index:
                yield start, sentence
                sentence = ""
            start = start if sentence else number
            sentence = f"{sentence} {part}".strip()
        if sentence.endswith((".", "!", "?", ":")):
            yield start, sentence
            sentence = ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
