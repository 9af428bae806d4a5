"""Documents on their way to another machine, and records on their way back, as bytes that run no code.

A reply is one line of JSON that says what it is, then the record as JSON. Both are checked against the model of a
record: a reply that does not fit is rubbish, whatever it is.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from ingestd.document import Claim, Record, Splitting
from ingestd.engine import Work
from ingestd.errors import AttemptError, DefectError, DocumentError, IngestdError, TimeLimitError, TransientError

MAX_REPLY_BYTES = 1 << 30
"""Largest reply that is looked at; a searchable copy may be as large as the document."""
_MAX_HEADER_BYTES = 1 << 16
_MAX_TEXT = 4000
"""Characters of a message that travel."""

_EXACT = ConfigDict(
    strict=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants"
)
_RECORD: TypeAdapter[tuple[Record]] = TypeAdapter(tuple[Record], config=_EXACT)
"""In a tuple, because a dataclass on its own takes no configuration here."""


class RubbishError(IngestdError):
    """Reply that no worker of ingestd gives."""


class Header(BaseModel):
    """First line of a reply."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["record", "document", "attempt", "time", "defect", "transient", "unprepared", "stopping"]
    """Class of the error, or: no such recipe, the worker is about to end."""
    restarts: int = 0
    """Worker processes of that machine that died or were killed so far."""
    text: str = ""
    """Of an error: its message; of a DocumentError what was found."""
    expected: str = ""
    fix: str = ""
    code: str = ""

    def error(self) -> DocumentError | AttemptError | TransientError:
        """Return the error that the reply stands for."""
        match self.kind:
            case "document":
                return DocumentError(self.text, expected=self.expected, fix=self.fix, code=self.code)
            case "time":
                return TimeLimitError(self.text)
            case "attempt":
                return AttemptError(self.text)
            case "defect":
                return DefectError(self.text)
            case _:
                return TransientError(self.text)


# -- there


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    """Hexadecimal: names of files are bytes."""
    size_bytes: int
    sha256: str
    attempt: int
    splitting: Splitting


def encode_claim(claim: Claim) -> str:
    """Write what a worker has to know about a document beside its bytes."""
    return _Order(
        name=os.fsencode(claim.source_path.name).hex(),
        size_bytes=claim.size_bytes,
        sha256=claim.sha256,
        attempt=claim.attempt,
        splitting=claim.splitting,
    ).model_dump_json()


def decode_claim(text: str, work_path: Path) -> Claim:
    """Return the claim for a document that was put at ``work_path``."""
    order = _Order.model_validate_json(text)
    name = Path(os.fsdecode(bytes.fromhex(order.name)))
    return Claim(work_path, name, order.size_bytes, order.sha256, order.attempt, order.splitting)


# -- back


@dataclass(frozen=True, slots=True)
class Sending:
    """Work of a worker machine: its records come out as JSON, written in the process that read the document."""

    work: Work[Record]

    def __call__(self, claim: Claim) -> bytes:
        """Read a document; see :meth:`ingestd.pipeline.Pipeline.__call__`."""
        return encode_record(self.work(claim))


def encode_record(record: Record) -> bytes:
    """Write a record as JSON.

    Raises:
        AttemptError: it holds a value that JSON cannot (half a surrogate pair).
    """
    try:
        return _RECORD.dump_json((record,), warnings="error")
    except (PydanticSerializationError, UnicodeError) as error:
        raise AttemptError(f"the record cannot be sent: {error}") from error


def reply(header: Header, record: bytes = b"") -> bytes:
    """Put a reply together."""
    return header.model_dump_json(exclude_defaults=True).encode() + b"\n" + record


def error_reply(error: BaseException, restarts: int) -> bytes:
    """Write an error as a reply."""
    match error:
        case DocumentError():
            texts = {"text": error.found, "expected": error.expected, "fix": error.fix, "code": error.code}
            kind = "document"
        case TransientError():
            kind, texts = "transient", {"text": str(error)}
        case TimeLimitError():
            kind, texts = "time", {"text": str(error)}
        case AttemptError() if not isinstance(error, DefectError):
            kind, texts = "attempt", {"text": str(error)}
        case _:
            kind = "defect"
            texts = {"text": str(error if isinstance(error, DefectError) else DefectError(error))}
    safe = {name: text[:_MAX_TEXT].encode(errors="backslashreplace").decode() for name, text in texts.items()}
    return reply(Header.model_validate({"kind": kind, "restarts": restarts, **safe}))


def open_reply(data: object) -> tuple[Header, bytes]:
    """Take a reply apart; the record is not looked at.

    Raises:
        RubbishError: it is something else.
    """
    if not isinstance(data, bytes):
        raise RubbishError(f"found {type(data).__name__}, expected bytes")
    if len(data) > MAX_REPLY_BYTES:
        raise RubbishError(f"found {len(data)} bytes, expected at most {MAX_REPLY_BYTES}")
    line, _, rest = data.partition(b"\n")
    if len(line) > _MAX_HEADER_BYTES:
        raise RubbishError("found no header in the first 64 KiB, expected a line of JSON")
    try:
        return Header.model_validate_json(line), rest
    except ValidationError as error:
        raise RubbishError(f"found a header that does not fit: {_first(error)}") from error


def decode_record(data: bytes, claim: Claim, provenance: dict[str, str]) -> Record:
    """Read a record and check that it is of this document, made with these rules and models.

    Args:
        data: of the reply.
        claim: document that was sent.
        provenance: version and hashes that the record must have.

    Raises:
        RubbishError: it is not.
    """
    try:
        (record,) = _RECORD.validate_json(data)
    except ValidationError as error:
        raise RubbishError(f"found a record that does not fit: {_first(error)}") from error
    if (record.sha256, record.size_bytes) != (claim.sha256, claim.size_bytes):
        raise RubbishError(f"found the record of another document ({record.sha256[:16]}), expected {claim.sha256[:16]}")
    for name, expected in provenance.items():
        found = record.provenance.get(name)
        if found != expected:
            raise RubbishError(f"found a record made with {name} {found}, expected {name} {expected}")
    return record


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'all of it'}: {problem['msg']}"
