"""Puts the weights of one recogniser into another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from training.model import Crnn
from training.pretrained import Affine, Donor

SILENT = -8.0
"""Bias of a class that nobody has learnt yet."""


def _fill(module: nn.Module, source: Affine) -> None:
    with torch.no_grad():
        for name in ("weight", "bias"):
            target, value = getattr(module, name), torch.from_numpy(getattr(source, name).copy())
            if target.shape != value.shape:
                raise ValueError(f"{name}: the donor has {tuple(value.shape)}, the model {tuple(target.shape)}")
            target.copy_(value)


def _donated(model: Crnn, kind: type[nn.Module]) -> Iterator[nn.Module]:
    """Modules of a kind that have a counterpart in the donor, in the donor's order."""
    for name, module in model.named_modules():
        if isinstance(module, kind) and "recurrence" not in name and name not in {"neck.pool", "head"}:
            yield module


def transplant(model: Crnn, donor: Donor, characters: tuple[str, ...]) -> int:
    """Take over a donor's weights, those of the head by character.

    Returns:
        How many characters the donor lacks.
    """
    pairs = ((nn.Conv2d, donor.convolutions), (nn.Linear, donor.linears[:-1]), (nn.LayerNorm, donor.norms))
    for kind, sources in pairs:
        for module, source in zip(_donated(model, kind), sources, strict=True):
            _fill(module, source)
    return place_head(model, donor.linears[-1], donor.characters, characters)


def place_head(model: Crnn, taken: Affine, listed: Sequence[str], characters: Sequence[str]) -> int:
    """Fill the head from another's, row by row as the characters say.

    Characters that the other lacks get a row of zeros and a bias that keeps them silent at first.

    Args:
        model: of ``characters`` and the blank.
        taken: the other head; its features may be the first of the model's.
        listed: characters of its classes 1 to N; class 0 is the blank, as in the model.
        characters: those of the model.

    Returns:
        How many characters the other lacks.
    """
    rows = {character: index for index, character in enumerate(listed, start=1)}
    order = [0, *(rows.get(character, -1) for character in characters)]
    known = np.array(order) >= 0
    weight = np.zeros(model.head.weight.shape, np.float32)
    bias = np.full(model.head.bias.shape, SILENT, np.float32)
    weight[known, : taken.weight.shape[1]] = taken.weight[np.array(order)[known]]
    bias[known] = taken.bias[np.array(order)[known]]
    _fill(model.head, Affine(weight, bias))
    return int((~known).sum())
