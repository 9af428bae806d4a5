"""Stores the layers that were trained for it (training.rounding) as int8, by ONNX Runtime's own quantiser.

Weights have a scale for each output channel, activations one for each tensor: the mean over lines of their
least and greatest values (QDQ form, which any ONNX runtime can compute).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static

from training.onnx_reader import Pixels, pad

LINES = 200
"""Lines that activations are measured on."""
ERF_CHAIN = ("Div", "Erf", "Add", "Mul", "Mul")
"""How an exporter of opset 17 writes GELU."""


class _Lines(CalibrationDataReader):
    """Feeds lines one at a time."""

    def __init__(self, lines: Sequence[Pixels]) -> None:
        self._left = iter(lines)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next input, None at the end."""
        line = next(self._left, None)
        return None if line is None else {"x": pad([line], line.shape[1])}


def quantise(graph: onnx.ModelProto, layers: Iterable[str], lines: Sequence[Pixels]) -> onnx.ModelProto:
    """Store layers as int8.

    Args:
        graph: an exported model with float32 weights under the names of its parameters.
        layers: names of the convolutions and linear layers to store so.
        lines: uint8 BGR, 48 px high, to measure the ranges of activations on; some dozens are enough.
    """
    fuse_gelu(graph)
    weights = {f"{layer}.weight{transposed}" for layer in layers for transposed in ("", ".T")}
    chosen = [node.name for node in graph.graph.node if weights.intersection(node.input)]
    with tempfile.TemporaryDirectory() as scratch:
        before, after = Path(scratch, "float.onnx"), Path(scratch, "int8.onnx")
        onnx.save(graph, before)
        quantize_static(
            before,
            after,
            _Lines(lines),
            quant_format=QuantFormat.QDQ,
            nodes_to_quantize=chosen,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={
                "CalibMovingAverage": True,
                "CalibMovingAverageConstant": 0.1,
                "OpTypesToExcludeOutputQuantization": ["MatMul"],
                "QDQOpTypePerChannelSupportToAxis": {"MatMul": 1},
            },
        )
        return onnx.load(after)


def fuse_gelu(graph: onnx.ModelProto) -> None:
    """One node for each GELU (Microsoft's operator; the standard one came with opset 20).

    ONNX Runtime does so itself where it recognises the five nodes, which it no longer does between int8 layers.
    """
    nodes = graph.graph.node
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for first in [node for node in nodes if node.op_type == "Div"]:
        chain = [first]
        while len(chain) < len(ERF_CHAIN) and len(readers.get(chain[-1].output[0], ())) == 1:
            chain += readers[chain[-1].output[0]]
        if tuple(node.op_type for node in chain) != ERF_CHAIN:
            continue
        result = chain[-1].output[0]
        fused = helper.make_node("Gelu", [first.input[0]], [result], first.name, domain="com.microsoft")
        nodes.insert(list(nodes).index(chain[-1]), fused)
        for node in chain:
            nodes.remove(node)
        graph.graph.value_info.append(helper.make_tensor_value_info(result, TensorProto.FLOAT, None))
    graph.opset_import.append(helper.make_opsetid("com.microsoft", 1))


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
