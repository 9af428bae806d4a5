"""Layers that are stored as int8 compute nearly what they computed before."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from lab.train.quantise import Range, layers, round_layers

CHANNELS = 8
RANGES = {
    "wide": (-1.0, 1.0, -3.0, 3.0),
    "narrow": (-0.2, 3.0, -3.0, 3.0),
    "plain": (-0.2, 3.0, -3.0, 3.0),
    "head": (-4.0, 4.0, -9.0, 9.0),
}


def network(*, half: bool = False) -> onnx.ModelProto:
    """Two convolutions with GELU between them, a second one on the same input without a bias, a matrix product."""
    chance = np.random.default_rng(7)
    weights = {
        "wide.weight": chance.normal(0, 0.3, (CHANNELS, CHANNELS, 1, 1)),
        "wide.bias": chance.normal(0, 0.3, CHANNELS),
        "narrow.weight": chance.normal(0, 0.3, (CHANNELS, CHANNELS, 1, 1)),
        "narrow.bias": chance.normal(0, 0.3, CHANNELS),
        "plain.weight": chance.normal(0, 0.3, (CHANNELS, CHANNELS, 1, 1)),
        "head.weight.T": chance.normal(0, 0.3, (5, 12)),
    }
    constants = {"root": np.float32(sqrt(2)), "one": np.float32(1), "half": np.float32(0.5)}
    casts: list[NodeProto] = []
    names = {name: name for name in weights}
    if half:
        names = {name: f"{name}/float32" for name in weights}
        casts = [helper.make_node("Cast", [name], [wanted], to=TensorProto.FLOAT) for name, wanted in names.items()]
    stored = [
        numpy_helper.from_array(value.astype(np.float16 if half else np.float32), name)
        for name, value in weights.items()
    ] + [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    nodes = [
        *casts,
        helper.make_node("Conv", ["x", names["wide.weight"], names["wide.bias"]], ["a"]),
        helper.make_node("Div", ["a", "root"], ["b"]),
        helper.make_node("Erf", ["b"], ["c"]),
        helper.make_node("Add", ["c", "one"], ["d"]),
        helper.make_node("Mul", ["a", "d"], ["e"]),
        helper.make_node("Mul", ["e", "half"], ["f"]),
        helper.make_node("Conv", ["f", names["narrow.weight"], names["narrow.bias"]], ["g"]),
        helper.make_node("Conv", ["f", names["plain.weight"]], ["h"]),
        helper.make_node("Add", ["g", "h"], ["i"]),
        helper.make_node("MatMul", ["i", names["head.weight.T"]], ["y"]),
    ]
    shape = [1, CHANNELS, 3, 5]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [*shape[:3], 12])],
        stored,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def rounded(model: onnx.ModelProto, ranges: dict[str, Range]) -> onnx.ModelProto:
    round_layers(model, ranges)
    return model


def run(model: onnx.ModelProto) -> NDArray[np.float32]:
    pixels = np.random.default_rng(8).uniform(-1, 1, (1, CHANNELS, 3, 5)).astype(np.float32)
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": pixels})[0])


@pytest.mark.parametrize("half", [False, True], ids=["float32", "stored as float16"])
def test_rounded_layers_compute_nearly_the_same(half: bool) -> None:
    exact, found = run(network(half=half)), run(rounded(network(half=half), RANGES))
    assert not np.array_equal(exact, found)
    assert np.abs(exact - found).max() < 0.03 * np.abs(exact).max()


def test_what_is_rounded_is_stored_as_bytes_and_nothing_of_it_twice() -> None:
    graph = rounded(network(half=True), RANGES).graph
    stored = {tensor.name: tensor.data_type for tensor in graph.initializer}
    weights = {name: kind for name, kind in stored.items() if name.endswith((".weight_quantized", ".T_quantized"))}
    assert set(weights.values()) == {TensorProto.INT8}
    assert len(weights) == len(RANGES)
    assert TensorProto.FLOAT16 not in stored.values()
    assert sum(node.op_type == "QuantizeLinear" and node.input[0] == "f" for node in graph.node) == 1


def test_only_the_layers_that_are_named_are_rounded() -> None:
    graph = rounded(network(), {"head": RANGES["head"]}).graph
    stored = {tensor.name for tensor in graph.initializer}
    assert "wide.weight" in stored
    assert "head.weight.T" not in stored


def test_gelu_keeps_its_meaning() -> None:
    """It becomes one node; that must compute what the five did."""
    fused = rounded(network(), {})
    assert [node.op_type for node in fused.graph.node].count("Gelu") == 1
    assert run(fused) == pytest.approx(run(network()), abs=1e-5)
    assert abs(-4 * (1 + erf(-4 / sqrt(2))) / 2) < 2e-4  # what _NOTHING says


def test_layers_are_called_by_their_weights() -> None:
    assert set(layers(network(half=True).graph)) == set(RANGES)


def test_a_layer_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"no layer neck; expected some of wide, narrow, plain, head"):
        rounded(network(), {"neck": (0, 1, 0, 1)})
