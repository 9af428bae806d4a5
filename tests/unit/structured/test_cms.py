from __future__ import annotations

import base64

import pytest

from ingestd.errors import DocumentError
from ingestd.structured.cms import content_of, is_signed_data
from tests.support.einvoices import DATA_OID, SIGNED_DATA_OID, der, signed, signed_in_pieces

CONTENT = b"<invoice/>" * 500
FORMS = {
    "DER": signed(CONTENT),
    "BER": signed_in_pieces(CONTENT),
    "base64": base64.b64encode(signed(CONTENT)),
    "base64 in lines": base64.encodebytes(signed(CONTENT)),
    "PEM": b"-----BEGIN PKCS7-----\n" + base64.encodebytes(signed(CONTENT)) + b"-----END PKCS7-----\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_content_is_taken_out(form: str) -> None:
    assert is_signed_data(FORMS[form])
    assert content_of(FORMS[form]) == CONTENT


@pytest.mark.parametrize("data", [b"", b"<xml/>", b"MIIhello", b"0\x03abc", base64.b64encode(b"another text" * 30)])
def test_other_files_are_not_signed_data(data: bytes) -> None:
    assert not is_signed_data(data)


WITHOUT_CONTENT = der(0x30, SIGNED_DATA_OID + der(0xA0, der(0x30, der(0x02, b"\1") + der(0x30, DATA_OID))))


@pytest.mark.parametrize(
    "data",
    [signed(CONTENT)[:-300], WITHOUT_CONTENT, SIGNED_DATA_OID, b"\x30\x80" * 5000, b"\x24\x80" * 5000],
    ids=["cut", "no content", "no structure", "open sequences", "open strings"],
)
def test_broken_structures_are_damaged(data: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        content_of(data)
    assert caught.value.code == "damaged"


def test_nested_pieces_are_limited() -> None:
    nested = der(0x04, b"x")
    for _ in range(100):
        nested = der(0x24, nested)
    inner = der(0x30, DATA_OID + der(0xA0, nested))
    data = der(0x30, SIGNED_DATA_OID + der(0xA0, der(0x30, der(0x02, b"\1") + inner)))
    with pytest.raises(DocumentError):
        content_of(data)
