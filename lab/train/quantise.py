"""Store chosen layers of an exported recogniser as int8 (post-training quantisation, QDQ form).

A processor multiplies bytes several times faster than floats, and 1x1 convolutions and matrix products lose next to
nothing by it. Weights get a scale for each output channel, symmetric about zero; activations one for the whole
tensor, with an offset, from the range that their values have on lines of print.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from lab.train.onnx_reader import Pixels, pad

Range = tuple[float, float, float, float]
"""Least and greatest value of a layer's input, least and greatest of its output."""

_GELU = ("Div", "Erf", "Add", "Mul", "Mul")
"""Operators as which an exporter of opset 17 writes GELU."""

_NOTHING = -4.0
"""GELU makes nothing of less than this (-0.0001 of this itself): no steps are spent on it."""

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


def round_layers(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> None:
    """Store some layers of a model as int8, in place.

    Args:
        model: an exported recogniser.
        ranges: by the name of a layer: its weight is the initializer ``NAME.weight`` (or ``NAME.weight.T``).

    Raises:
        ValueError: no such layer.
    """
    graph = model.graph
    if _fuse_gelu(graph):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    nodes = layers(graph)
    if unknown := sorted(ranges.keys() - nodes.keys()):
        raise ValueError(f"no layer {', '.join(unknown)}; expected some of {', '.join(nodes)}")
    writer = _Writer(graph)
    for name, bounds in ranges.items():
        writer.round(nodes[name], bounds)
    _drop_unused(graph)


def layers(graph: onnx.GraphProto) -> dict[str, NodeProto]:
    """Convolutions and matrix products with a weight of their own, by their names."""
    stored = {tensor.name for tensor in graph.initializer}
    casts = _casts(graph)
    found = {}
    for node in graph.node:
        if node.op_type in ("Conv", "MatMul"):
            weight = casts.get(node.input[1], node.input[1])
            if weight in stored:
                found[weight.removesuffix(".T").removesuffix(".weight")] = node
    return found


def _casts(graph: onnx.GraphProto) -> dict[str, str]:
    """Return input of each cast of a graph by its output."""
    return {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}


class _Writer:
    """Puts rounding around nodes of one graph."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._casts = _casts(graph)
        self._values = {tensor.name: tensor for tensor in graph.initializer}
        self._gelus = {node.input[0] for node in graph.node if node.op_type == "Gelu"}
        self._scales: dict[str, np.float32] = {}
        """Of the tensors that are rounded already: two layers may share an input."""

    def round(self, node: NodeProto, bounds: Range) -> None:
        """Compute a node as int8."""
        low, high, output_low, output_high = bounds
        source = node.input[0]
        if source not in self._scales:
            self._scales[source] = self._activation(node, source, f"{source}/rounded", low, high)
        steps = self._weight(node)
        if node.op_type == "Conv":
            if len(node.input) > 2:
                self._bias(node, steps * self._scales[source])
            result = node.output[0]
            if result in self._gelus:
                output_low = max(output_low, _NOTHING)
            node.output[0] = f"{result}/exact"
            self._activation(node, node.output[0], result, output_low, output_high, after=True)
        node.input[0] = f"{source}/rounded"

    def _stored(self, name: str) -> tuple[str, NDArray[np.float32]]:
        """Name and value of an initializer that is used as it is or through a cast."""
        name = self._casts.get(name, name)
        return name, np.array(numpy_helper.to_array(self._values[name]), np.float32)

    def _store(self, name: str, value: NDArray[np.generic] | np.generic) -> str:
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _insert(self, place: NodeProto, *nodes: NodeProto, after: bool = False) -> None:
        at = list(self._graph.node).index(place) + after
        for offset, node in enumerate(nodes):
            self._graph.node.insert(at + offset, node)

    def _activation(
        self, place: NodeProto, source: str, result: str, low: float, high: float, *, after: bool = False
    ) -> np.float32:
        """Round a tensor to 256 levels between two values, zero among them; returns the step."""
        low, high = min(low, 0.0), max(high, 0.0)
        step = np.float32(max((high - low) / 255, 1e-8))
        scale = self._store(f"{source}_scale", step)
        zero = self._store(f"{source}_zero_point", np.uint8(round(-low / float(step))))
        self._insert(
            place,
            helper.make_node("QuantizeLinear", [source, scale, zero], [f"{source}_quantized"]),
            helper.make_node("DequantizeLinear", [f"{source}_quantized", scale, zero], [result]),
            after=after,
        )
        return step

    def _weight(self, node: NodeProto) -> NDArray[np.float32]:
        """Store a weight as int8, each output channel by its own greatest value; returns the steps."""
        name, weight = self._stored(node.input[1])
        axis = 0 if node.op_type == "Conv" else weight.ndim - 1
        others = tuple(place for place in range(weight.ndim) if place != axis)
        greatest = np.maximum(np.abs(weight).max(axis=others, keepdims=True), 1e-8)
        steps: NDArray[np.float32] = (greatest / 127).astype(np.float32)
        self._constant(node, 1, name, np.rint(weight / steps).astype(np.int8), steps.ravel(), axis)
        return steps.ravel()

    def _bias(self, node: NodeProto, steps: NDArray[np.float32]) -> None:
        """Store a bias in the unit of the sums it is added to."""
        name, bias = self._stored(node.input[2])
        self._constant(node, 2, name, np.rint(bias / steps).astype(np.int32), steps, 0)

    def _constant(
        self,
        node: NodeProto,
        place: int,
        name: str,
        value: NDArray[np.int8] | NDArray[np.int32],
        steps: NDArray[np.float32],
        axis: int,
    ) -> None:
        stored = self._store(f"{name}_quantized", value)
        scale = self._store(f"{name}_scale", steps)
        zero = self._store(f"{name}_zero_point", np.zeros(len(steps), value.dtype))
        node.input[place] = f"{name}/rounded"
        self._insert(node, helper.make_node("DequantizeLinear", [stored, scale, zero], [f"{name}/rounded"], axis=axis))


def _fuse_gelu(graph: onnx.GraphProto) -> int:
    """One node for each GELU (Microsoft's operator; the standard one came with opset 20); returns how many.

    ONNX Runtime does so itself where it recognises the five nodes, which it no longer does between int8 layers.
    """
    nodes = graph.node
    readers: dict[str, list[NodeProto]] = {}
    for node in nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    fused = 0
    for first in [node for node in nodes if node.op_type == "Div"]:
        chain = [first]
        while len(chain) < len(_GELU) and len(readers.get(chain[-1].output[0], ())) == 1:
            chain += readers[chain[-1].output[0]]
        if tuple(node.op_type for node in chain) != _GELU:
            continue
        result = chain[-1].output[0]
        one = helper.make_node("Gelu", [first.input[0]], [result], first.name, domain="com.microsoft")
        nodes.insert(list(nodes).index(chain[-1]), one)
        for node in chain:
            nodes.remove(node)
        graph.value_info.append(helper.make_tensor_value_info(result, TensorProto.FLOAT, None))
        fused += 1
    return fused


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Remove the casts and initializers that nothing reads any more."""

    def used() -> set[str]:
        return {name for node in graph.node for name in node.input}

    needed = used()
    for cast in [node for node in graph.node if node.op_type == "Cast" and node.output[0] not in needed]:
        graph.node.remove(cast)
    needed = used()
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in needed]:
        graph.initializer.remove(tensor)
