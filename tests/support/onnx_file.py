"""The smallest ONNX files, written by hand: one Identity node, any metadata. Format: onnx.proto of ONNX 1.14."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def identity(shape: Sequence[int | str], metadata: Mapping[str, str] | None = None) -> bytes:
    """A model that hands a float tensor of this shape through; strings are dimensions left open."""
    node = _text(1, "x") + _text(2, "y") + _text(4, "Identity")
    graph = _part(1, node) + _text(2, "g") + _part(11, _value("x", shape)) + _part(12, _value("y", shape))
    entries = b"".join(_part(14, _text(1, key) + _text(2, value)) for key, value in (metadata or {}).items())
    opset = _part(8, _text(1, "") + _number(2, 13))
    return _number(1, 8) + _part(7, graph) + opset + entries


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dimensions = b"".join(_part(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape)
    tensor = _number(1, 1) + _part(2, dimensions)  # element type 1: float
    return _text(1, name) + _part(2, _part(1, tensor))


def _varint(value: int) -> bytes:
    done = bytearray()
    while value > 127:
        done.append(value & 127 | 128)
        value >>= 7
    return bytes([*done, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())
