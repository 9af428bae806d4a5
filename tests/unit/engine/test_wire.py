from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.document import Claim, Record, SearchableCopy, Split, Splitting
from ingestd.engine import wire
from ingestd.errors import AttemptError, DefectError, DocumentError, IngestdError, TimeLimitError, TransientError
from tests.support import records

CLAIM = Claim(Path("work"), Path("a.png"), 1, "0" * 64, 1)


def sent(record: Record) -> Record:
    claim = dataclasses.replace(CLAIM, sha256=record.sha256, size_bytes=record.size_bytes)
    header, rest = wire.open_reply(wire.reply(wire.Header(kind="record"), wire.encode_record(record)))
    assert header.kind == "record"
    return wire.decode_record(rest, claim, dict(record.provenance))


def test_record_comes_back_as_it_was() -> None:
    record = dataclasses.replace(
        records.record("发票 \\xff.pdf"),
        copy=SearchableCopy(b"%PDF\xff\n\0", "no problem"),
        timings={"read": math.inf},
    )
    back = sent(record)
    assert back == record
    assert back.copy == record.copy
    assert [type(value) for field in back.extraction.fields for value in field.reasons] == [
        type(value) for field in record.extraction.fields for value in field.reasons
    ]


def test_record_that_json_cannot_hold_is_a_failed_attempt() -> None:
    with pytest.raises(AttemptError, match="the record cannot be sent"):
        wire.encode_record(dataclasses.replace(records.record("a"), name="\ud800"))


@pytest.mark.parametrize(
    "error",
    [
        DocumentError("found a", expected="b", fix="c", code="d"),
        AttemptError("died"),
        TimeLimitError("too long"),
        DefectError("a worker hit a defect: KeyError: 1"),
        TransientError("disk full"),
    ],
)
def test_errors_come_back_as_they_were(error: IngestdError) -> None:
    header, _ = wire.open_reply(wire.error_reply(error, 3))
    back = header.error()
    assert (type(back), str(back), header.restarts) == (type(error), str(error), 3)


def test_defect_and_strange_text_become_an_attempt() -> None:
    header, _ = wire.open_reply(wire.error_reply(ValueError("half \ud800" + "x" * 10_000), 0))
    assert isinstance(header.error(), AttemptError)
    assert header.text.startswith("a worker hit a defect: ValueError: half \\ud800xxx")
    assert len(header.text) < 5000


def test_name_of_a_file_may_be_any_bytes() -> None:
    claim = dataclasses.replace(
        CLAIM, source_path=Path("/inbox/\udcff 发票.pdf"), splitting=Splitting(Split.CODE, "A+", True), attempt=2
    )
    back = wire.decode_claim(wire.encode_claim(claim), Path("there"))
    assert back == dataclasses.replace(claim, work_path=Path("there"), source_path=Path("\udcff 发票.pdf"))


def test_record_of_another_document_or_made_with_other_rules_is_rubbish() -> None:
    record = records.record("a")
    encoded = wire.encode_record(record)
    with pytest.raises(wire.RubbishError, match="found the record of another document"):
        wire.decode_record(encoded, CLAIM, {})
    claim = dataclasses.replace(CLAIM, sha256=record.sha256, size_bytes=record.size_bytes)
    with pytest.raises(wire.RubbishError, match=r"found a record made with rules .*, expected rules ffff"):
        wire.decode_record(encoded, claim, {"rules": "ffff"})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "found NoneType, expected bytes"),
        ("text", "found str, expected bytes"),
        (b"", "found a header that does not fit"),
        (b"{}", "kind: Field required"),
        (b'{"kind": "sing"}', "kind: Input should be"),
        (b'{"kind": "record", "restarts": "1"}', "restarts: Input should be a valid integer"),
        (b'{"kind": "record", "run": "rm"}', "run: Extra inputs are not permitted"),
        (b" " * 70_000, "found no header in the first 64 KiB"),
    ],
)
def test_rubbish_is_named(data: object, reason: str) -> None:
    with pytest.raises(wire.RubbishError, match=reason):
        wire.open_reply(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_rubbish(data: bytes) -> None:
    with pytest.raises(wire.RubbishError):
        wire.decode_record(data, CLAIM, {})


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"size_bytes":', b'"size_byte":', 1),
        lambda text: text.replace(b'"media_type":"', b'"more":1,"media_type":"', 1),
        lambda text: text[:-1],
        lambda text: text + b"[]",
    ],
)
def test_record_that_does_not_fit_its_model_is_rubbish(change: object) -> None:
    assert callable(change)
    record = records.record("a")
    claim = dataclasses.replace(CLAIM, sha256=record.sha256, size_bytes=record.size_bytes)
    with pytest.raises(wire.RubbishError, match="found a record that does not fit"):
        wire.decode_record(change(wire.encode_record(record)), claim, {})
