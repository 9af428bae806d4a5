"""Puts the weights of one recogniser into another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from lab.train.model import Crnn
from lab.train.pretrained import Affine, Donor

SILENT = -60.0
"""Bias of a class that no network has learnt yet: below the best logit of any time step of either donor."""


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


def silence(model: Crnn) -> None:
    """Clear the head: no character is read until its row is filled or learnt."""
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.fill_(SILENT)


def transplant(model: Crnn, donor: Donor, characters: Sequence[str], better: Donor | None = None) -> None:
    """Take over a donor's weights, those of the head by character.

    Args:
        model: of the donor's shape.
        donor: gives all weights but those of the LSTM.
        characters: those of the model.
        better: gives the characters that the donor lacks, translated to its features.
    """
    pairs = ((nn.Conv2d, donor.convolutions), (nn.Linear, donor.linears[:-1]), (nn.LayerNorm, donor.norms))
    for kind, sources in pairs:
        for module, source in zip(_donated(model, kind), sources, strict=True):
            _fill(module, source)
    silence(model)
    if better:
        place_head(model, predict_head(donor, better), better.characters, characters)
    place_head(model, donor.linears[-1], donor.characters, characters)


def place_head(model: Crnn, taken: Affine, listed: Sequence[str], characters: Sequence[str]) -> None:
    """Fill the rows of the head that another head has, as the characters say; leave the others alone.

    Args:
        model: of ``characters`` and the blank.
        taken: the other head; its features may be the first of the model's.
        listed: characters of its classes 1 to N; class 0 is the blank, as in the model.
        characters: those of the model.
    """
    rows = {character: index for index, character in enumerate(listed, start=1)}
    order = np.array([0, *(rows.get(character, -1) for character in characters)])
    known = torch.from_numpy(order >= 0)
    with torch.no_grad():
        model.head.weight[known, : taken.weight.shape[1]] = torch.from_numpy(taken.weight[order[order >= 0]])
        model.head.bias[known] = torch.from_numpy(taken.bias[order[order >= 0]])


def predict_head(donor: Donor, better: Donor, penalty: float = 1.0) -> Affine:
    """Rows that a donor would have for the characters of a better-read one, by ridge regression on those both have.

    Args:
        donor: the recogniser whose features the rows are for.
        better: knows more characters.
        penalty: of the regression.

    Returns:
        One row for each class of ``better``.
    """
    place = {character: index for index, character in enumerate(donor.characters, start=1)}
    shared = [(place[c], index) for index, c in enumerate(better.characters, start=1) if c in place]
    rows, known = np.array(shared).T
    source = np.column_stack([better.linears[-1].weight, better.linears[-1].bias, np.ones(len(better.characters) + 1)])
    target = np.column_stack([donor.linears[-1].weight, donor.linears[-1].bias])[rows]
    design = source[known]
    solution = np.linalg.solve(design.T @ design + penalty * np.eye(design.shape[1]), design.T @ target)
    predicted = (source @ solution).astype(np.float32)
    return Affine(predicted[:, :-1], predicted[:, -1])
