"""Reads the weights of a PP-OCRv6 recogniser (Apache-2.0) out of its ONNX file.

The graphs hold nothing but convolutions with a bias (or a batch norm, folded here), linear layers,
layer norms and arithmetic, so that their order in the graph is enough to place them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import yaml
from numpy.typing import NDArray
from onnx import numpy_helper

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Affine:
    """A weight and a bias: convolution (out, in/groups, kh, kw), linear (out, in) or norm (channels)."""

    weight: Weights
    bias: Weights


@dataclass(frozen=True)
class Donor:
    """Everything that can be taken over from a pretrained recogniser, in graph order."""

    convolutions: tuple[Affine, ...]
    linears: tuple[Affine, ...]
    norms: tuple[Affine, ...]
    characters: tuple[str, ...]
    """Classes 1 to N; class 0 is the blank."""


def _consumer(nodes: list[onnx.NodeProto], position: int) -> onnx.NodeProto:
    """Return the user of the output of the node at ``position``, looking through views of it."""
    output = nodes[position].output[0]
    for node in nodes[position + 1 :]:
        if output in node.input:
            if node.op_type not in {"Identity", "Squeeze", "Unsqueeze"}:
                return node
            output = node.output[0]
    raise ValueError(f"{nodes[position].name}: nothing uses its output")


def _epsilon(node: onnx.NodeProto) -> float:
    return float(next(attribute.f for attribute in node.attribute if attribute.name == "epsilon"))


def _convolution(weight: Weights, consumer: onnx.NodeProto, values: dict[str, Weights]) -> Affine:
    if consumer.op_type == "BatchNormalization":
        gain, shift, mean, variance = (values[name] for name in consumer.input[1:5])
        scale = gain / np.sqrt(variance + _epsilon(consumer))
        return Affine(
            (weight * scale[:, None, None, None]).astype(np.float32), (shift - mean * scale).astype(np.float32)
        )
    bias = next(values[name] for name in consumer.input if name in values)
    return Affine(weight, bias.reshape(-1))


def _norms(nodes: list[onnx.NodeProto], values: dict[str, Weights]) -> Iterator[Affine]:
    """Layer norms are spelled out in these graphs; the last two steps are Mul and Add with a vector."""
    for position, node in enumerate(nodes):
        gains = [values[name] for name in node.input if name in values and values[name].ndim == 1]
        if node.op_type == "Mul" and gains and gains[0].size > 1:
            bias = next(values[name] for name in _consumer(nodes, position).input if name in values)
            yield Affine(gains[0], bias)


def _characters(model: onnx.ModelProto, dictionary: Path | None) -> tuple[str, ...]:
    listed = next((entry.value.split("\n") for entry in model.metadata_props if entry.key == "character"), None)
    if listed is None and dictionary is not None:
        settings = yaml.safe_load(dictionary.read_text(encoding="utf-8"))
        listed = [str(character) for character in settings["PostProcess"]["character_dict"]]
    if listed is None:
        raise ValueError("the model names no characters: give its inference.yml")
    return (*listed, " ")


def read(path: Path, dictionary: Path | None = None) -> Donor:
    """Read a PP-OCRv6 recogniser.

    Args:
        path: its ONNX file.
        dictionary: its inference.yml, for files that do not carry their characters as metadata.

    Raises:
        ValueError: when the graph is not of that family.
    """
    model = onnx.load(path)
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    nodes = list(model.graph.node)
    convolutions, linears = [], []
    for position, node in enumerate(nodes):
        if node.op_type == "Conv":
            convolutions.append(_convolution(values[node.input[1]], _consumer(nodes, position), values))
        elif node.op_type == "MatMul" and node.input[1] in values:
            bias = next(values[name] for name in _consumer(nodes, position).input if name in values)
            linears.append(Affine(values[node.input[1]].T, bias))
    characters = _characters(model, dictionary)
    if linears[-1].bias.size != len(characters) + 1:
        raise ValueError(f"{path}: {linears[-1].bias.size} classes but {len(characters)} characters")
    return Donor(tuple(convolutions), tuple(linears), tuple(_norms(nodes, values)), characters)
