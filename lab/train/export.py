"""Writes a trained recogniser as the ONNX file that ships, and reads such a file back to train it further.

Weights are stored as float16 and cast when the file is loaded: half the size, computed in float32. Layers
that were trained for it are stored and computed as int8 (see quantise).
Initializers carry the names of the parameters they hold (with ``.T`` where the graph wants them
transposed), so that the file is also the checkpoint that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lab.train import charset
from lab.train.model import HEIGHT, Crnn
from lab.train.onnx_reader import Pixels
from lab.train.pretrained import Affine, Donor
from lab.train.quantise import dequantised, quantise
from lab.train.rounding import rounded_layers
from lab.train.transplant import SILENT, place_head, silence

OPSET = 17
STORED_AS_HALF = 256
"""Tensors of at least so many values are stored as float16."""

_ONNX_GATES = (0, 2, 3, 1)
"""Places of torch's LSTM gates (input, forget, cell, output) in ONNX (input, output, forget, cell)."""


def blend(model: Crnn, donor: Crnn, share: float) -> None:
    """Move weights to ``share`` of the way from the donor's to the trained ones (Wortsman et al. 2022).

    Characters that the donor does not know keep their rows; the LSTM stays, its projection moves towards zero.
    """
    known = donor.head.bias > SILENT
    with torch.no_grad():
        for (name, trained), original in zip(model.named_parameters(), donor.parameters(), strict=True):
            if name.startswith("head."):
                trained[known] = torch.lerp(original[known], trained[known], share)
            elif not name.startswith("neck.recurrence.") or ".project." in name:
                trained.copy_(torch.lerp(original, trained, share))


def mix(model: Crnn, other: Crnn, share: float) -> None:
    """Move all weights to ``share`` of the way from another training of the same network to this one."""
    with torch.no_grad():
        for trained, before in zip(model.parameters(), other.parameters(), strict=True):
            trained.copy_(torch.lerp(before, trained, share))


def export(model: Crnn, path: Path, notes: Mapping[str, str], lines: Sequence[Pixels] = ()) -> None:
    """Write the model: input ``x`` (n, 3, 48, width), output ``logits`` (n, width // 8, classes).

    Args:
        model: on the CPU.
        path: the file to write.
        notes: further metadata (member, recipe ...).
        lines: to store rounded layers as int8, lines to measure their activations on; without any all is float.
    """
    model.eval()
    torch.onnx.export(
        model,
        (torch.zeros(2, 3, HEIGHT, 320),),
        str(path),
        opset_version=OPSET,
        input_names=["x"],
        output_names=["logits"],
        dynamic_axes={"x": {0: "n", 3: "width"}, "logits": {0: "n", 1: "time"}},
        dynamo=False,
    )
    graph = onnx.load(path)
    _name_parameters(graph.graph, {name: value.numpy() for name, value in model.state_dict().items()})
    if lines:
        quantise(graph, rounded_layers(model), lines)
    _store_as_half(graph.graph)
    helper.set_model_props(graph, {"character": "\n".join(charset.characters()[:-1]), **notes})
    onnx.checker.check_model(graph)
    onnx.save(graph, path)


def note(path: Path, notes: Mapping[str, str]) -> None:
    """Add metadata to a file."""
    graph = onnx.load(path)
    known = {entry.key: entry.value for entry in graph.metadata_props}
    helper.set_model_props(graph, known | dict(notes))
    onnx.save(graph, path)


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new


def _name_parameters(graph: onnx.GraphProto, state: Mapping[str, NDArray[np.float32]]) -> None:
    """Undo the renaming that constant folding does to transposed and LSTM weights."""
    names = {
        name: f"lstm.{layer}.{part}"
        for layer, node in enumerate(node for node in graph.node if node.op_type == "LSTM")
        for name, part in zip(node.input[1:4], ("W", "R", "B"), strict=True)
    }
    for tensor in graph.initializer:
        if tensor.name in state or tensor.name in names:
            continue
        value = numpy_helper.to_array(tensor)
        same = (name for name, weight in state.items() if weight.T.shape == value.shape and (value == weight.T).all())
        if (name := next(same, None)) is not None:
            names[tensor.name] = f"{name}.T"
    for tensor in graph.initializer:
        if tensor.name in names:
            _rename(graph, tensor.name, names[tensor.name])
            tensor.name = names[tensor.name]


def _store_as_half(graph: onnx.GraphProto) -> None:
    casts = []
    for tensor in graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype != np.float32 or value.size < STORED_AS_HALF:
            continue
        single = f"{tensor.name}/float32"
        _rename(graph, tensor.name, single)
        casts.append(helper.make_node("Cast", [tensor.name], [single], to=TensorProto.FLOAT))
        tensor.CopyFrom(numpy_helper.from_array(value.astype(np.float16), tensor.name))
    for cast in reversed(casts):
        graph.node.insert(0, cast)


def _lstm_parameters(values: Mapping[str, NDArray[np.float32]]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Torch's names and gate order for the LSTM tensors of a graph."""
    layer = 0
    while f"lstm.{layer}.W" in values:
        weight, recurrent, bias = (values[f"lstm.{layer}.{part}"] for part in "WRB")
        for direction, suffix in enumerate(("", "_reverse")):
            halves = np.split(bias[direction], 2)
            parts = {"weight_ih": weight[direction], "weight_hh": recurrent[direction]}
            for name, value in (parts | {"bias_ih": halves[0], "bias_hh": halves[1]}).items():
                gates = np.split(value, 4)
                ordered = np.concatenate([gates[place] for place in _ONNX_GATES])
                yield f"neck.recurrence.lstm.{name}_l{layer}{suffix}", ordered
        layer += 1


def restore(path: Path, donor: Donor | None = None) -> Crnn:
    """Read a file that ``export`` wrote back into a model that can be trained, for today's charset.

    Args:
        path: the file.
        donor: gives the characters that the file does not have yet; without one they start silent.

    Raises:
        ValueError: when the file is not one of ours.
    """
    graph = onnx.load(path)
    notes = {entry.key: entry.value for entry in graph.metadata_props}
    if "member" not in notes:
        raise ValueError(f"{path}: not a recogniser of this project")
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.graph.initializer}
    values = {name: value.astype(np.float32) for name, value in stored.items()} | dequantised(stored)
    values |= {name.removesuffix(".T"): value.T for name, value in values.items() if name.endswith(".T")}
    values |= dict(_lstm_parameters(values))
    characters = charset.characters()
    model = Crnn("base" if notes["member"] == "base" else "lite", len(characters) + 1)
    # Constant folding drops a parameter that equals another one, as in a model that was never trained.
    body = {name: torch.from_numpy(values[name].copy()) for name in model.state_dict() if not name.startswith("head.")}
    model.load_state_dict(body, strict=False)
    silence(model)
    if donor:
        place_head(model, donor.linears[-1], donor.characters, characters)
    head = Affine(values["head.weight"], values["head.bias"])
    place_head(model, head, (*notes["character"].split("\n"), " "), characters)
    return model
