"""The CRNN: convolutions of a PP-OCRv6 backbone, a bidirectional LSTM, a CTC head.

Input float32 (batch, 3, 48, width), BGR, (pixel / 255 - 0.5) / 0.5; output logits (batch, width // 8,
classes). Both members begin exactly as the model they were taken from: what the LSTM adds to the features
that were there is scaled by a projection that starts at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from lab.train.rounding import RoundedConv2d, RoundedLinear

HEIGHT = 48
"""Height of an input line, px."""
STRIDE = 8
"""Input px per time step."""

Member = Literal["base", "lite"]


@dataclass(frozen=True)
class BlockShape:
    """Depthwise 3x3, optional squeeze-excitation, then a two-layer perceptron on each pixel."""

    channels: int
    hidden: int
    out: int
    attend: bool
    halve: bool = False
    """Halves the height."""


def _stage(channels: int, attend: tuple[bool, ...]) -> tuple[BlockShape, ...]:
    return tuple(BlockShape(channels, 2 * channels, channels, flag) for flag in attend)


BLOCKS: dict[Member, tuple[BlockShape, ...]] = {
    "base": (
        *_stage(96, (True, False, False)),
        BlockShape(96, 192, 192, False, halve=True),
        *_stage(192, (True, False, True, False, True, False)),
        BlockShape(192, 384, 384, False, halve=True),
        *_stage(384, (True, False)),
    ),
    "lite": (
        *_stage(48, (True, False)),
        BlockShape(48, 96, 96, False, halve=True),
        *_stage(96, (True, False)),
        BlockShape(96, 192, 160, False, halve=True),
        *_stage(160, (True, False, False)),
    ),
}
"""As in PP-OCRv6 small and tiny."""


class SqueezeExcitation(nn.Module):
    """Scales each channel by what the whole line says about it (Hu et al. 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.excite = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) -> the same shape."""
        weight = functional.relu(self.squeeze(x.mean((2, 3), keepdim=True)))
        return x * functional.hardsigmoid(self.excite(weight))


class Block(nn.Module):
    """One block of the backbone; see BlockShape."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        stride = (2, 1) if shape.halve else (1, 1)
        self.spatial = nn.Conv2d(shape.channels, shape.channels, 3, stride, 1, groups=shape.channels)
        self.attention = SqueezeExcitation(shape.channels) if shape.attend else nn.Identity()
        self.expand = RoundedConv2d(shape.channels, shape.hidden, 1)
        self.reduce = RoundedConv2d(shape.hidden, shape.out, 1)
        self.residual = shape.channels == shape.out

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) -> (batch, out, height or its half, width)."""
        x = self.attention(self.spatial(x))
        y: Tensor = self.reduce(functional.gelu(self.expand(x)))
        return x + y if self.residual else y


class BaseStem(nn.Module):
    """First layers of PP-OCRv6 small: a quarter of the height and width, 96 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 48, 3, 2, 1)
        self.narrow = nn.Conv2d(48, 24, 2)
        self.widen = nn.Conv2d(24, 48, 2)
        self.merge = nn.Conv2d(96, 48, 3, 2, 1)
        self.last = nn.Conv2d(48, 96, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, 48, width) -> (batch, 96, 12, width / 4)."""
        x = functional.relu(self.first(x))
        # The original pads 2x2 windows at the right and the bottom. After ReLU a padding of zero
        # is the same to max pooling as one of minus infinity.
        pad = (0, 1, 0, 1)
        pooled = functional.max_pool2d(functional.pad(x, pad), 2, 1)
        x = functional.relu(self.narrow(functional.pad(x, pad)))
        x = functional.relu(self.widen(functional.pad(x, pad)))
        x = functional.relu(self.merge(torch.cat([pooled, x], 1)))
        return functional.relu(self.last(x))


class LiteStem(nn.Module):
    """First layers of PP-OCRv6 tiny: a quarter of the height and width, 48 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 24, 3, 2, 1)
        self.last = nn.Conv2d(24, 48, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, 48, width) -> (batch, 48, 12, width / 4)."""
        y: Tensor = self.last(functional.gelu(self.first(x)))
        return y


class SelfAttention(nn.Module):
    """A pre-norm transformer layer over time steps, eight heads, as in PP-OCRv6 small."""

    def __init__(self, size: int, heads: int = 8) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(size)
        self.qkv = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.norm_mlp = nn.LayerNorm(size)
        self.expand = nn.Linear(size, 2 * size)
        self.reduce = nn.Linear(2 * size, size)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, size) -> the same shape."""
        batch, time, size = x.shape
        width = size // self.heads
        q, k, v = self.qkv(self.norm_attention(x)).reshape(batch, time, 3, self.heads, width).permute(2, 0, 3, 1, 4)
        weights = ((q * width**-0.5) @ k.transpose(-1, -2)).softmax(-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, time, size))
        y: Tensor = self.reduce(functional.silu(self.expand(self.norm_mlp(x))))
        return x + y


class Recurrence(nn.Module):
    """Bidirectional LSTM over time steps and a projection that starts at zero."""

    def __init__(self, size: int, hidden: int, layers: int, out: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.lstm = nn.LSTM(size, hidden, layers, batch_first=True, bidirectional=True)
        self.project = nn.Linear(2 * hidden, out)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)
        for name, parameter in self.lstm.named_parameters():
            if "weight_hh" in name:
                for gate in parameter.data.chunk(4):
                    nn.init.orthogonal_(gate)
            elif "bias" in name:
                nn.init.zeros_(parameter)
                if "bias_ih" in name:  # remember at first (Jozefowicz et al. 2015)
                    parameter.data[hidden : 2 * hidden] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        """(batch, time, size) -> (batch, time, out)."""
        y, _ = self.lstm(self.norm(x))
        projected: Tensor = self.project(y)
        return projected


def _sequence(x: Tensor) -> Tensor:
    """(batch, channels, 1, time) -> (batch, time, channels); an index, because squeeze exports as If."""
    return x[:, :, 0].transpose(1, 2)


class BaseNeck(nn.Module):
    """PP-OCRv6 small's neck with the LSTM reading what its two attention layers wrote."""

    SIZE = 120

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        size = self.SIZE
        self.skip = RoundedConv2d(384, size, 1)
        self.enter = RoundedConv2d(384, size, 1)
        self.mix = nn.Conv2d(size, size, (1, 7), padding=(0, 3), groups=size)
        self.attention = nn.Sequential(SelfAttention(size), SelfAttention(size))
        self.recurrence = Recurrence(size, hidden, layers, size)
        self.norm = nn.LayerNorm(size, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 384, 3, width / 4) -> (batch, time, 120)."""
        x = functional.avg_pool2d(x, (3, 2), (3, 2))
        skip = _sequence(functional.silu(self.skip(x)))
        y = functional.silu(self.enter(x))
        z: Tensor = self.attention(_sequence(y + functional.silu(self.mix(y))))
        return torch.add(skip, self.norm(z + self.recurrence(z)))


class LiteNeck(nn.Module):
    """PP-OCRv6 tiny's neck, a learnt pooling before it and the LSTM beside it."""

    SIZE = 120
    TAKEN = 80
    """Features of the original; the LSTM adds to them and appends its own."""

    def __init__(self, hidden: int, layers: int) -> None:
        super().__init__()
        self.pool = RoundedConv2d(160, 160, (3, 2), (3, 2))
        with torch.no_grad():  # begins as the average
            self.pool.weight.copy_(torch.eye(160)[:, :, None, None].expand(-1, -1, 3, 2) / 6)
            self.pool.bias.zero_()  # type: ignore[union-attr]
        self.mix = nn.Conv2d(160, 160, (1, 5), padding=(0, 2), groups=160)
        self.blend = RoundedConv2d(160, 160, 1)
        self.enter = nn.Linear(160, self.TAKEN)
        self.recurrence = Recurrence(160, hidden, layers, self.SIZE)
        # The appended features meet head columns that start at zero: were they zero too, neither would learn.
        nn.init.normal_(self.recurrence.project.weight[self.TAKEN :], std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 160, 3, width / 4) -> (batch, time, 120)."""
        x = functional.hardswish(self.mix(self.pool(x)))
        z = _sequence(functional.hardswish(self.blend(x)))
        kept = functional.pad(self.enter(z), (0, self.SIZE - self.TAKEN))
        added: Tensor = self.recurrence(z)
        return kept + added


class Crnn(nn.Module):
    """Backbone, neck and head of one member.

    Args:
        member: ``base`` (shape of PP-OCRv6 small) or ``lite`` (shape of PP-OCRv6 tiny).
        classes: blank and characters.
        hidden: LSTM units in each direction.
        layers: LSTM layers.
    """

    def __init__(self, member: Member, classes: int, hidden: int = 128, layers: int = 2) -> None:
        super().__init__()
        self.stem = BaseStem() if member == "base" else LiteStem()
        self.blocks = nn.Sequential(*(Block(shape) for shape in BLOCKS[member]))
        self.neck = BaseNeck(hidden, layers) if member == "base" else LiteNeck(hidden, layers)
        self.head = RoundedLinear(self.neck.SIZE, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, 48, width) -> logits (batch, width // 8, classes)."""
        logits: Tensor = self.head(self.neck(self.blocks(self.stem(x))))
        return logits
