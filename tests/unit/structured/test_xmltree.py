from __future__ import annotations

import pytest

from ingestd.errors import DocumentError
from ingestd.structured.xmltree import MAX_DEPTH, parse


def refused(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(data)
    return caught.value


def test_names_are_without_namespaces() -> None:
    root = parse(b'<a:x xmlns:a="urn:a" xmlns:b="urn:b" b:k="v"><b:y> text </b:y></a:x>')
    assert (root.name, root.namespace, root.attributes) == ("x", "urn:a", {"k": "v"})
    assert root.value("y") == "text"


def test_paths_find_elements_in_document_order() -> None:
    root = parse(b"<a><b><c>1</c></b><b/><b><c/><c>2</c></b></a>")
    assert [node.text for node in root.all("b/c")] == ["1", "", "2"]
    assert root.value("b/d", "b/c") == "1"
    assert root.first("d") is None
    assert [node.text for node in root.descendants("c")] == ["1", "", "2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030", "gb2312"])
def test_encodings(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{declared}"?><a>发票</a>'.encode(encoding)
    assert parse(data).text == "发票"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no XML",
        b"<a><b></a>",
        b"<a>&undefined;</a>",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<?xml version="1.0" encoding="gbk"?><a>\xff\xff</a>',
        b"<a/>\0<b/>",
    ],
)
def test_what_is_not_well_formed_is_damaged(data: bytes) -> None:
    assert refused(data).code == "damaged"


BILLION = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'


@pytest.mark.parametrize("data", [BILLION, OUTSIDE])
def test_document_types_are_refused(data: bytes) -> None:
    assert refused(data).code == "unsupported"


def test_depth_is_limited() -> None:
    assert parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).name == "a"
    assert refused(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)).code == "too-large"


def test_the_number_of_elements_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.structured.xmltree.MAX_ELEMENTS", 100)
    assert refused(b"<a>" + b"<b/>" * 100 + b"</a>").code == "too-large"
