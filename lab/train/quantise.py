"""What int8 needs to know: between which values the inputs and outputs of layers lie (see ingestd.int8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ingestd.reading.quantise import Range, layers, round_layers
from lab.train.onnx_reader import Pixels, pad

LINES = 200
"""Lines that activations are measured on."""
EXTREMES = ("head",)
"""Layers whose ranges reach as far as any line does. The others' are the mean over lines of their least and greatest
values: wider ones mean coarser steps for every line, and cost a point of degraded lines. But what the head makes of
rare characters is at the far end of its input: with a mean range crnn-lite lost half of the clean rare Han."""


def measure(model: onnx.ModelProto, chosen: Iterable[str], lines: Sequence[Pixels]) -> dict[str, Range]:
    """Ranges of layers, by their names.

    Args:
        model: an exported recogniser, all float.
        chosen: names of layers.
        lines: uint8 BGR, 48 px high.
    """
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    nodes = layers(watched.graph)
    ends = {name: (nodes[name].input[0], nodes[name].output[0]) for name in chosen}
    told = {output.name for output in watched.graph.output}
    for tensor in sorted({tensor for pair in ends.values() for tensor in pair} - told):
        watched.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = [output.name for output in session.get_outputs()]
    seen: dict[str, list[tuple[float, ...]]] = {name: [] for name in ends}
    for line in lines:
        values = dict(zip(outputs, session.run(None, {"x": pad([line], line.shape[1])}), strict=True))
        for name, pair in ends.items():
            seen[name].append(
                tuple(float(end) for tensor in pair for end in (values[tensor].min(), values[tensor].max()))
            )
    return {name: _range(np.array(found), extremes=name in EXTREMES) for name, found in seen.items()}


def _range(found: NDArray[np.float64], *, extremes: bool) -> Range:
    """One range for (lines, 4) least and greatest values."""
    low, high = (found.min(axis=0), found.max(axis=0)) if extremes else (found.mean(axis=0), found.mean(axis=0))
    return float(low[0]), float(high[1]), float(low[2]), float(high[3])


def quantise(model: onnx.ModelProto, chosen: Iterable[str], lines: Sequence[Pixels]) -> None:
    """Store layers of an exported model as int8, in place; arguments as for :func:`measure`."""
    round_layers(model, measure(model, chosen, lines))


def dequantised(values: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float32]]:
    """The float weights that int8 initializers of a file stand for, by the names of their parameters."""
    found = {}
    for name, value in values.items():
        plain = name.removesuffix("_quantized")
        if plain == name:
            continue
        scale = values.get(f"{plain}_quantized_scale", values.get(f"{plain}_scale"))
        assert scale is not None, f"{name}: no scale"
        axis = -1 if plain.endswith(".T") else 0
        shape = [1] * value.ndim
        shape[axis] = -1
        found[plain] = value.astype(np.float32) * np.asarray(scale, np.float32).reshape(shape if scale.ndim else ())
    return found
