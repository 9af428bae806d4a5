"""OFD (GB/T 33190): text of the pages with its places, and the invoice that the package states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from ingestd.document import Item, Line, Source
from ingestd.errors import DocumentError
from ingestd.extract.stated.invoice import Invoice, Party
from ingestd.structured.china import RULE, rate_of, read_original, tax_of
from ingestd.structured.package import Package, integrity, resolve
from ingestd.structured.values import Values
from ingestd.structured.xmltree import Node, parse

DPI = 200.0
MAX_LINES = 20_000
"""Lines of one page."""
MAX_ALL_LINES = 200_000
_FAR_PX = 100_000.0
"""Places further out are not on any page."""
MAX_SIDE_MM = 2000.0
_PX_PER_MM = DPI / 25.4
_ROOT = "OFD.xml"
_A4 = (210.0, 297.0)
_NOTHING = Node("", "", {})
_NARROW = 0.5
"""Advance of ASCII characters where none is stated, in font sizes."""


@dataclass(frozen=True, slots=True)
class OfdPage:
    """One page: size in px at DPI, lines in the order in which they are drawn."""

    index: int
    width_px: int
    height_px: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text object: its characters with their places, in px."""

    page: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "".join(line.text for line in self.lines)


class Ofd:
    """The first document of a package."""

    def __init__(self, package: Package) -> None:
        """Read what the package lists.

        Raises:
            DocumentError: ``damaged`` or ``too-large``.
        """
        self._package = package
        self._body = package.tree(_ROOT).first("DocBody") or _NOTHING
        self._place = resolve(self._body.value("DocRoot"), _ROOT)
        self._root = package.tree(self._place)
        self._pages = [
            (page.attributes.get("ID", ""), resolve(page.attributes.get("BaseLoc", ""), self._place))
            for page in self._root.all("Pages/Page")
        ]
        if not self._pages:
            raise DocumentError(
                "an OFD document without pages", expected="at least one page", fix="export it again", code="no-pages"
            )
        self._templates = {
            page.attributes.get("ID", ""): resolve(page.attributes.get("BaseLoc", ""), self._place)
            for page in self._root.all("CommonData/TemplatePage")
        }
        self._objects: dict[str, _Text] = {}
        """Text objects by their ids."""
        self._count = 0

    def __len__(self) -> int:
        return len(self._pages)

    def pages(self) -> Iterator[OfdPage]:
        """Read the pages in order."""
        for index, (number, place) in enumerate(self._pages):
            tree = self._package.tree(place)
            box = tree.value("Area/PhysicalBox") or self._root.value("CommonData/PageArea/PhysicalBox")
            width, height = _size(box)
            trees = [tree]
            for template in tree.all("Template"):
                behind = self._templates.get(template.attributes.get("TemplateID", ""), "")
                if behind in self._package:
                    trees.insert(0, self._package.tree(behind))
            drawn = (line for one in trees for line in self._lines(one, index, number))
            lines = list(islice(drawn, min(MAX_LINES, MAX_ALL_LINES - self._count)))
            self._count += len(lines)
            size = round(width * _PX_PER_MM), round(height * _PX_PER_MM)
            seen = [line for line in lines if 0 <= line.quad[0][0] < size[0] and 0 <= line.quad[0][1] < size[1]]
            yield OfdPage(index, *size, tuple(seen))

    def _lines(self, tree: Node, page_index: int, number: str) -> Iterator[Line]:
        for node in tree.descendants("TextObject"):
            lines = tuple(islice(_text_lines(node, page_index), MAX_LINES))
            self._objects[node.attributes.get("ID", "")] = _Text(number, lines)
            yield from lines

    def invoice(self) -> Invoice | None:
        """Return the invoice that the package states; None where it states none. Pages have been read before."""
        found = self._original() or self._tagged()
        if found is None:
            return None
        place = self._body.value("Signatures")
        if not place:
            return replace(found, notes=(*found.notes, "the package carries no digests of its parts"))
        sentence, intact = integrity(self._package, resolve(place, _ROOT))
        if intact:
            return replace(found, notes=(*found.notes, sentence))
        return replace(found, faults=(*found.faults, sentence))

    def _original(self) -> Invoice | None:
        """Read the attachment ``original_invoice.xml``."""
        place = self._root.value("Attachments")
        if not place or resolve(place, self._place) not in self._package:
            return None
        listed = resolve(place, self._place)
        for attachment in self._package.tree(listed).all("Attachment"):
            location = resolve(attachment.value("FileLoc"), listed)
            if location.lower().endswith(".xml") and location in self._package:
                tree = parse(self._package.read(location), f"an OFD document whose attachment {location[:100]}")
                if tree.name == "eInvoice":
                    return read_original(tree)
        return None

    def _tagged(self) -> Invoice | None:
        """Read the invoice from the tags that name the text objects of its fields, and from the package's own data."""
        data = {one.attributes.get("Name", ""): one.words for one in self._body.all("DocInfo/CustomDatas/CustomData")}
        tags = self._tags()
        values = Values()

        def said(path: str, name: str = "") -> str:
            return data.get(name) or self._text(tags.first(path))

        number = said("InvoiceNo", "发票号码")
        if not number:
            return None
        net, tax = said("TaxExclusiveTotalAmount", "合计金额"), said("TaxTotalAmount", "合计税额")
        more = {"invoice_code": said("InvoiceCode", "发票代码"), "check_code": said("InvoiceCheckCode", "校验码")}
        return Invoice(
            "OFD",
            RULE,
            number,
            values.day(said("IssueDate", "开票日期"), "the date"),
            "CNY",
            Party(said("Seller/SellerName", "销售方名称"), said("Seller/SellerTaxID", "销售方纳税人识别号")),
            Party(said("Buyer/BuyerName", "购买方名称"), said("Buyer/BuyerTaxID", "购买方纳税人识别号")),
            values.money(net, "the net amount"),
            tax_of(tax, values),
            values.money(said("TaxInclusiveTotalAmount", "价税合计"), "the total"),
            items=tuple(self._items(tags, values)),
            more={name: value.replace(" ", "") for name, value in more.items() if value},
            faults=tuple(values.faults),
        )

    def _tags(self) -> Node:
        place = self._root.value("CustomTags")
        listed = resolve(place, self._place) if place else ""
        if listed not in self._package:
            return _NOTHING
        for tag in self._package.tree(listed).all("CustomTag"):
            location = resolve(tag.value("FileLoc"), listed)
            if location in self._package:
                tree = self._package.tree(location)
                # The root is the invoice, or holds it.
                return tree if tree.first("InvoiceNo") else next(iter(tree.children), tree)
        return _NOTHING

    def _text(self, tag: Node | None) -> str:
        """Join the text objects that a tag refers to, without the sign of the currency."""
        if tag is None:
            return ""
        found = [self._objects.get(one.text) for one in tag.all("ObjectRef")]
        return "".join(one.text for one in found if one is not None).lstrip("¥￥").strip()

    def _items(self, tags: Node, values: Values) -> Iterator[Item]:
        """Read the line items: one tag per cell, cells of a column in the order of the rows."""
        amounts = [self._text(tag) for tag in tags.descendants("Amount")]
        columns = {
            name: [self._text(tag) for tag in tags.descendants(name)]
            for name in ("Item", "Quantity", "Price", "TaxScheme", "TaxAmount")
        }
        # Columns with empty cells have fewer tags than rows; which row lacks one is not stated.
        whole = {name: cells for name, cells in columns.items() if len(cells) == len(amounts)}
        for index, amount in enumerate(amounts):
            cell = {name: cells[index] for name, cells in whole.items()}
            yield Item(
                cell.get("Item") or None,
                values.plain(cell.get("Quantity", ""), "a quantity"),
                values.price(cell.get("Price", ""), "a price"),
                values.money(amount, "the amount of an item") or None,
                rate_of(cell.get("TaxScheme", ""), values),
                tax_of(cell.get("TaxAmount", ""), values) or None,
            )


def _size(box: str) -> tuple[float, float]:
    """Width and height of a page in mm; A4 where the box cannot be."""
    numbers = _numbers(box)
    if len(numbers) != 4 or not all(0 < side <= MAX_SIDE_MM for side in numbers[2:]):
        return _A4
    return numbers[2], numbers[3]


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(one) for one in text.split()]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def _deltas(text: str, count: int) -> list[float]:
    """Unpack advances: ``g 3 1.5`` stands for three times 1.5."""
    words, found, place = text.split(), list[float](), 0
    while place < len(words) and len(found) < count:
        repeat = words[place] == "g" and place + 2 < len(words)
        times = _numbers(words[place + 1]) if repeat else [1.0]
        number = _numbers(words[place + 2] if repeat else words[place])
        if not number or not times:
            break
        found += number * min(int(times[0]), count - len(found))
        place += 3 if repeat else 1
    return found[:count]


def _text_lines(node: Node, page_index: int) -> Iterator[Line]:
    """Put the characters of a text object into lines; a step down begins another one."""
    box = _numbers(node.attributes.get("Boundary", ""))
    size = next(iter(_numbers(node.attributes.get("Size", ""))), 0.0)
    if len(box) != 4 or not 0 < size < MAX_SIDE_MM:
        return
    matrix = _numbers(node.attributes.get("CTM", ""))
    matrix = matrix if len(matrix) == 6 else [1, 0, 0, 1, 0, 0]
    for code in node.all("TextCode"):
        text = code.text
        steps = max(len(text) - 1, 0)
        right = _deltas(code.attributes.get("DeltaX", ""), steps)
        down = _deltas(code.attributes.get("DeltaY", ""), steps)
        x, y = (next(iter(_numbers(code.attributes.get(axis, ""))), 0.0) for axis in ("X", "Y"))
        start, run = (x, y), ""
        for index, character in enumerate(text):
            run += character
            advance = right[index] if index < len(right) else size * (_NARROW if character.isascii() else 1.0)
            fall = down[index] if index < len(down) else 0.0
            if index == len(text) - 1 or abs(fall) > size / 2:
                width = abs(advance) if advance > 0 and index < len(right) and abs(fall) <= size / 2 else size * _NARROW
                line = _line(run, (*start, x + max(width, size * _NARROW), y), size, (box, matrix), page_index)
                if line is not None:
                    yield line
                x, y, run = x + advance, y + fall, ""
                start = (x, y)
            else:
                x, y = x + advance, y + fall


def _line(
    text: str, run: tuple[float, float, float, float], size: float, frame: tuple[list[float], list[float]], page: int
) -> Line | None:
    """Place a run of characters, whose base line is given in mm within its text object."""
    text = text.strip()
    if not text:
        return None
    left, top, right, bottom = run[0], run[1] - 0.85 * size, run[2], run[3] + 0.15 * size
    (x, y, *_), (a, b, c, d, e, f) = frame
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    quad = [((x + a * u + c * v + e) * _PX_PER_MM, (y + b * u + d * v + f) * _PX_PER_MM) for u, v in corners]
    if not all(abs(value) < _FAR_PX for corner in quad for value in corner):
        return None
    return Line(page, (quad[0], quad[1], quad[2], quad[3]), text, 1.0, source=Source.TEXT_LAYER)
