"""XML of strangers: parsed by expat within limits, without document types, entities or any access to other files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from ingestd.errors import DocumentError

MAX_ELEMENTS = 500_000
"""Elements of one file."""
MAX_DEPTH = 64
"""Levels of nested elements; e-invoices have about twelve."""
MAX_BYTES = 64 * 1024 * 1024
MAX_TEXT = 20_000
"""Characters of an element that are kept; longer ones are embedded files."""
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CHINESE = {"gb2312", "gbk", "gb18030"}
"""Encodings that expat does not know."""
_OTHER = re.compile(r"utf-?8|utf-?16(?:be|le)?|us-ascii|iso-8859-\d{1,2}|windows-125\d")
"""Encodings that are left to expat; others of Python's codecs are none of texts, or warn."""
_BOM = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Node:
    """One element; names are without their prefixes."""

    name: str
    namespace: str
    """Of a root element; others leave it empty."""
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""
    """Character data of an element without children, stripped and at most MAX_TEXT characters."""

    @property
    def words(self) -> str:
        """Text with single spaces between words, on one line."""
        return " ".join(self.text.split())

    def all(self, path: str) -> Iterator[Node]:
        """Find elements by a path of names below this one, ``A/B/C``, in document order."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def first(self, *paths: str) -> Node | None:
        """Return the first element of the first path that has one."""
        return next((node for path in paths for node in self.all(path)), None)

    def value(self, *paths: str) -> str:
        """Return the words of the first element that has any; empty where none has."""
        return next((node.words for path in paths for node in self.all(path) if node.text), "")

    def everything(self) -> Iterator[Node]:
        """Yield this element and all below it, in document order."""
        yield self
        for child in self.children:
            yield from child.everything()

    def descendants(self, name: str) -> Iterator[Node]:
        """Find all elements of this name at any depth."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.descendants(name)


def parse(data: bytes, noun: str = "an XML file") -> Node:
    """Parse a document.

    Args:
        data: the file.
        noun: name of it in error messages.

    Raises:
        DocumentError: ``damaged`` where it is not well-formed, ``unsupported`` where it declares a document type,
            ``too-large`` beyond MAX_BYTES, MAX_ELEMENTS or MAX_DEPTH.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(noun, f"{len(data)} bytes", f"{MAX_BYTES} bytes")
    builder = _Builder(noun)
    try:
        data, encoding = _known_encoding(data)
        parser = expat.ParserCreate(encoding)
        parser.buffer_text = True
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.text
        parser.StartDoctypeDeclHandler = builder.doctype
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise DocumentError(
            f"{noun} that is not well-formed ({error})",
            expected="XML that other programs can open",
            fix="ask the sender for it again, or export it again",
            code="damaged",
        ) from error
    if builder.root is None:
        raise DocumentError(f"{noun} without elements", expected="an e-invoice", fix="export it again", code="damaged")
    return builder.root


def _known_encoding(data: bytes) -> tuple[bytes, str | None]:
    """Turn encodings that expat does not know into UTF-8."""
    declared = _ENCODING.match(data.removeprefix(_BOM)[:300])
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    if name in _CHINESE:
        return data.decode("gb18030").encode("utf-8"), "utf-8"
    if not _OTHER.fullmatch(name):
        raise LookupError(f"unknown encoding {name}")
    return data, None


class _Builder:
    """Handlers of expat that build the tree."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.root: Node | None = None
        self._open: list[Node] = []
        self._pieces: list[str] = []
        """Character data of the innermost open element."""
        self._length = 0
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS or len(self._open) >= MAX_DEPTH:
            limits = f"{MAX_ELEMENTS} elements and {MAX_DEPTH} levels"
            raise _too_large(self.noun, f"more than {limits.replace('and', 'or')}", limits)
        prefix, _, local = name.rpartition(":")
        own = {key.rpartition(":")[2]: value for key, value in attributes.items() if not key.startswith("xmlns")}
        node = Node(local, "", own)
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is None:
            self.root = node
            node.namespace = attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
        self._open.append(node)
        self._pieces.clear()
        self._length = 0

    def end(self, _name: str) -> None:
        node = self._open.pop()
        if not node.children:
            node.text = "".join(self._pieces).strip()
        self._pieces.clear()

    def text(self, data: str) -> None:
        if self._open and not self._open[-1].children and self._length < MAX_TEXT:
            self._pieces.append(data[: MAX_TEXT - self._length])
            self._length += len(data)

    def doctype(self, *_declared: object) -> None:
        raise DocumentError(
            f"{self.noun} with a document type declaration",
            expected="an e-invoice, which has none",
            fix="ask the sender for a file without <!DOCTYPE>",
            code="unsupported",
        )


def _too_large(noun: str, found: str, limit: str) -> DocumentError:
    return DocumentError(
        f"{noun} of {found}", expected=f"at most {limit}", fix="ask the sender what it is", code="too-large"
    )
