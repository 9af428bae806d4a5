"""Layers that are trained to be shipped as int8 (quantisation-aware training, Jacob et al. 2018).

Switched on, they compute with inputs, weights and outputs rounded to as many levels as int8 has, so that
the network learns to read with them; gradients pass as if nothing were rounded. They hold the weights of
a plain layer, rounded nowhere but in the computation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS = 255


def _to_grid(x: Tensor, step: Tensor) -> Tensor:
    """Multiples of a step; the gradient is that of the identity (Bengio et al. 2013)."""
    with torch.no_grad():
        error = (x / step).round_().mul_(step).sub_(x)
    return x + error


def rounded_activation(x: Tensor) -> Tensor:
    """A tensor in 256 levels between its least and its greatest value, zero among them."""
    low, high = x.detach().aminmax()
    return _to_grid(x, ((high.clamp(min=0) - low.clamp(max=0)) / LEVELS).clamp(min=1e-6))


def rounded_weight(weight: Tensor) -> Tensor:
    """A weight (out, ...) in 255 levels about zero, each output channel by its own greatest value."""
    greatest = weight.detach().abs().flatten(1).amax(1).clamp(min=1e-8)
    return _to_grid(weight, (2 * greatest / (LEVELS - 1)).reshape(-1, *[1] * (weight.dim() - 1)))


class RoundedConv2d(nn.Conv2d):
    """A convolution whose input, weight and output are rounded where that is switched on."""

    rounds = False

    def forward(self, x: Tensor) -> Tensor:
        """As nn.Conv2d."""
        if not self.rounds:
            return super().forward(x)
        return rounded_activation(self._conv_forward(rounded_activation(x), rounded_weight(self.weight), self.bias))


class RoundedLinear(nn.Linear):
    """A linear layer whose input and weight are rounded where that is switched on; its output stays as it is."""

    rounds = False

    def forward(self, x: Tensor) -> Tensor:
        """As nn.Linear."""
        if not self.rounds:
            return super().forward(x)
        return functional.linear(rounded_activation(x), rounded_weight(self.weight), self.bias)


def rounded_layers(model: nn.Module) -> list[str]:
    """Names of the layers that know rounding."""
    return [name for name, layer in model.named_modules() if isinstance(layer, RoundedConv2d | RoundedLinear)]


def round_from_now_on(model: nn.Module) -> None:
    """Switch rounding on in every layer that knows it."""
    for name in rounded_layers(model):
        model.get_submodule(name).rounds = True  # type: ignore[assignment]
