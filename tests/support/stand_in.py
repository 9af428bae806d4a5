"""The real pipeline on pictures of a hundred bytes, with models that only pretend; faults on demand.

A picture carries a deed, and where to do it: in the decoder (a text chunk in the file says so) or in the
model (the colour of the picture says so). Everything but the models is the product's own.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import cast

import numpy as np
from numpy.typing import NDArray

import ingestd.pipeline
from ingestd.app.pipelines import provenance_of
from ingestd.config import AdmitConfig, Config, DecodeConfig
from ingestd.document import Admitted, Line, Page
from ingestd.engine.wire import Sending
from ingestd.errors import TransientError
from ingestd.extract import RuleSet
from ingestd.pipeline import Pipeline
from ingestd.reading.decode import Skip, decode
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest
from ingestd.reading.page import PageReader
from ingestd.reading.recognise.recogniser import Recogniser

SIDE_PX = 16
SLOW_S = 0.2
_MARK = b"deed\0"


def _defect() -> None:
    raise ValueError("a defect in the code")


def _surroundings() -> None:
    raise TransientError("the model's file is on a share that is gone")


DEEDS: dict[str, Callable[[], object]] = {
    "segfault": lambda: ctypes.string_at(0),
    "memory": lambda: bytearray(16 << 30),
    "endless": lambda: time.sleep(3600),
    "exception": _defect,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "surroundings": _surroundings,
    "slow": lambda: time.sleep(SLOW_S),
}
"""What can happen to a worker, by the name that a picture gives it."""

_NAMES = tuple(DEEDS)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def picture(number: int, *, decode: str = "", model: str = "", once: bool = False) -> bytes:
    """A PNG unlike every other; ``decode`` or ``model`` name a deed, done at the first try only if ``once``."""
    grey = 255 - (_NAMES.index(model) + 1 if model else 0) - (100 if once and model else 0)
    header = struct.pack(">IIBBBBB", SIDE_PX, SIDE_PX, 8, 0, 0, 0, 0)
    pixels = (b"\0" + bytes([grey]) * SIDE_PX) * SIDE_PX
    text = b"number\0%d" % number
    deed = _chunk(b"tEXt", _MARK + decode.encode() + (b" once" if once else b"")) if decode else b""
    body = _chunk(b"IHDR", header) + _chunk(b"tEXt", text) + deed + _chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


def damaged(number: int) -> bytes:
    """A PNG that ends properly and cannot be decoded."""
    return b"\x89PNG\r\n\x1a\n" + b"number %d" % number + _chunk(b"IEND", b"")


_attempt = 1
"""Of the document that this process works on."""


def _do(deed: str, *, once: bool) -> None:
    if not once or _attempt == 1:
        DEEDS[deed]()


def _decode(
    admitted: Admitted, options: DecodeConfig, limits: AdmitConfig, only: int | None = None, skip: Skip | None = None
) -> Iterator[Page]:
    global _attempt
    _attempt = admitted.claim.attempt
    _, mark, rest = admitted.claim.work_path.read_bytes().partition(b"tEXt" + _MARK)
    if mark:
        words = rest[: rest.index(b"IDAT") - 8].decode().split()
        _do(words[0], once="once" in words)
    return _real_decode(admitted, options, limits, only, skip)


_real_decode = decode


class _Detector:
    """Finds no line, or does what the colour of the page says."""

    def detect(self, page: Page) -> NDArray[np.float32]:
        number = 255 - int(page.pixels[0, 0, 0])
        if number:
            _do(_NAMES[number % 100 - 1], once=number > 100)
        return np.zeros((0, 4, 2), np.float32)


class _Recogniser:
    def read(self, page: Page, quads: NDArray[np.float32], earlier: Sequence[Line]) -> tuple[Line, ...]:
        return ()


def _judge(_: Page, quads: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ones(len(quads), np.float32)


def build(config: Config, rules: RuleSet, manifest: Manifest) -> Pipeline:
    """Stand in for ingestd.app.pipelines.build_pipeline; in a process of its own, because it replaces the decoder."""
    ingestd.pipeline.decode = _decode  # type: ignore[attr-defined]
    return Pipeline(
        admit_options=config.admit,
        decode_options=config.decode,
        pages=PageReader(
            enhance_options=config.enhance,
            orient_options=config.orient,
            barcodes_options=config.barcodes,
            detector=cast("Detector", _Detector()),
            classify=lambda _, quads: np.zeros((len(quads), 2), np.float32),
            recogniser=cast("Recogniser", _Recogniser()),
            judge=_judge,
        ),
        rules=rules,
        provenance=provenance_of(config, rules, manifest),
        today=_today,
    )


def build_sending(config: Config, rules: RuleSet, manifest: Manifest) -> Sending:
    """Stand in for ingestd.app.engines.build_sending."""
    return Sending(build(config, rules, manifest))


def _today() -> date:
    return date(2026, 11, 3)
