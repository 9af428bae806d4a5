"""Evidence and rivals of a document's fields as one small binary value, ``proofs.packed``; exact both ways.

A packed value is one byte VERSION, then DEFLATE without a head (RFC 1951) of UTF-8 JSON, with DICTIONARY as the preset
dictionary: ``[[paper_index, field name, evidence, rivals], ...]``. Fields without either are left out.

evidence
    ``[[kind, data], ...]``, one per reason of the field
rivals
    ``[[value, raw, level, [[kind, text, data], ...], page_index, box], ...]``

A box is a quad as ``short.box_of`` writes it.
"""

from __future__ import annotations

import functools
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from ingestd.store.short import box_of, quad_of, to_json

VERSION = 1

DICTIONARY = (
    b'"rejected",{"kind":"items","holds":false}],["repair",{"read":"","value":"","by":"checksum"}],["spacing",'
    b'{"after":""}],["unconfirmed",{}],["repeated",{}],["other",{}],["correction",{"by":"","at":"","read":""}],'
    b'["data",{"form":"CII","holds":true}],["data","stated by the data of the file","the page says the same",{}],'
    b'[0,"buyer_name",[["label",{"where":"below","label":"[0,"check_code",[["pattern",{}]],[]],[0,"seller_tax_no",'
    b'[["checksum",{"check":"cn_tax_no","outcome":"proved"}]],[0,"buyer_tax_no",[["checksum",{"check":"vat_no",'
    b'"outcome":"failed"}]],[0,"due_date",[["missing",{}]],[]],[0,"paid",[["label",{}]],[]],[0,"change",'
    b'[0,"rounding",[["missing",{}]],[]],[0,"total_words",[["note",{}]],[["the document as a whole says ",'
    b'"conflict",[["label","right of \'","below \'","by its pattern","above \'",{"where":"right","label":"\xe5\x90\x8d'
    b'\xe7\xa7\xb0","read",[["pattern","by its pattern",{}],["checksum","length, province and year have their places;'
    b' the code has no checksum",{"check":"cn_invoice_code","outcome":"plausible"}]],1,[[0,"invoice_code",[["qr",'
    b'{"code":"QR","value":"","holds":true}],["relation",{"check":"the year of the code fits the date","holds":true}]]'
    b',[]],[0,"invoice_no",[0,"merchant",[["label",{}]],[["","","read",[["label","without a label",{}]],0,['
    b'[0,"seller_name",[["label",{}]],[["","","read",[["label","beside the amount",{}]],0,[[0,"date",[["label",{}]],'
    b'[]],[0,"receipt_no",[["label",{}]],[]],[0,"tax_no",[["label",{}],["note",{}]],[]],[0,"currency",[["label",{}]],'
    b'[]],[0,"net",[["label",{}],["equation",{"check":"net and tax make the total","holds":true}]],[]],[0,"tax",'
    b'[["label",{}],["equation",{"check":"net and tax make the total","holds":true}]],[["0.00","0.00","read",[["label",'
    b'"beside \'Total",{}]],0,[[0,"total",[["label",{}],["equation",{"check":"net and tax make the total","holds":true'
    b'}]],[["","","read",[["label","beside \'Total","beside \'",{}]],0,['
)
"""Pieces that recur, the most frequent at the end; a change needs another VERSION."""

_MAX_BYTES = 1 << 28
"""Bound on the unpacked text of one document."""

Proofs = dict[tuple[int, str], tuple[list[Any], list[Any]]]
"""(paper_index, field name) -> evidence and rivals, as JSON of ``rows.field_row``."""


def pack(proofs: Proofs) -> bytes | None:
    """Write evidence and rivals of the fields of a document; None where there are none."""
    entries = [
        [
            paper,
            name,
            [[reason["kind"], reason["data"]] for reason in evidence],
            [_plain_rival(rival) for rival in rivals],
        ]
        for (paper, name), (evidence, rivals) in proofs.items()
        if evidence or rivals
    ]
    if not entries:
        return None
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zdict=DICTIONARY)
    return bytes([VERSION]) + deflate.compress(to_json(entries).encode()) + deflate.flush()


def unpack(packed: bytes) -> Proofs:
    """Read what ``pack`` wrote.

    Raises:
        ValueError: the value is damaged or of a newer version.
    """
    try:
        return dict(_unpacked(packed))
    except (zlib.error, IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"packed evidence: found damaged bytes ({error}), expected what ingestd wrote") from error


def _unpacked(packed: bytes) -> Iterator[tuple[tuple[int, str], tuple[list[Any], list[Any]]]]:
    if packed[0] != VERSION:
        raise ValueError(f"packed evidence: found version {packed[0]}, expected {VERSION}; upgrade ingestd")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS, zdict=DICTIONARY)
    text = inflate.decompress(packed[1:], _MAX_BYTES)
    if not inflate.eof:
        raise ValueError("packed evidence: found damaged bytes (cut short), expected what ingestd wrote")
    for paper, name, evidence, rivals in json.loads(text):
        reasons = [{"kind": kind, "data": data} for kind, data in evidence]
        yield (paper, name), (reasons, [_rival(rival) for rival in rivals])


def _plain_rival(rival: Mapping[str, Any]) -> list[Any]:
    reasons = [[reason["kind"], reason["text"], reason["data"]] for reason in rival["reasons"]]
    return [rival["value"], rival["raw"], rival["level"], reasons, rival["page_index"], box_of(rival["quad"])]


def _rival(plain: list[Any]) -> dict[str, Any]:
    value, raw, level, reasons, page_index, box = plain
    return {
        "value": value,
        "raw": raw,
        "level": level,
        "reasons": [{"kind": kind, "text": text, "data": data} for kind, text, data in reasons],
        "page_index": page_index,
        "quad": quad_of(box),
    }


def register(connection: sqlite3.Connection) -> None:
    """Offer ``field_evidence`` and ``field_candidates`` of (packed, paper_index, name) to SQL; both give JSON."""
    connection.create_function("field_evidence", 3, functools.partial(_part, 0), deterministic=True)
    connection.create_function("field_candidates", 3, functools.partial(_part, 1), deterministic=True)


_cached = functools.lru_cache(maxsize=4)(unpack)


def _part(index: int, packed: bytes | None, paper: int, name: str) -> str:
    found = {} if packed is None else _cached(packed)
    return to_json(found.get((paper, name), ([], []))[index])
