"""One network in training on a GPU: its weights, their running average and its optimiser."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from lab.train import train
from lab.train.model import Crnn, Member
from lab.train.rounding import round_from_now_on

RATES: Mapping[Member, Mapping[str, float]] = {
    "base": {"stem": 1e-4, "blocks": 2e-4, "neck": 3e-4, "neck.recurrence": 1e-3, "head": 2e-4},
    "lite": {"stem": 3e-4, "blocks": 5e-4, "neck": 7e-4, "neck.recurrence": 1.5e-3, "head": 5e-4},
}
"""Peak learning rates for batches of hundreds of lines, by the longest prefix of a parameter's name."""
WARM_UP = 100
"""First steps, over which the rate rises."""


class Pupil:
    """One network in training.

    Args:
        member: which.
        model: where it begins.
        recipe: of the run.
        device: where it is trained.
    """

    def __init__(self, member: Member, model: Crnn, recipe: train.Recipe, device: torch.device) -> None:
        self.member, self.recipe = member, recipe
        self.model = model.to(device)
        self.average = copy.deepcopy(model)
        self.optimiser = torch.optim.AdamW(train.parameter_groups(self.model, recipe), lr=0.0, betas=(0.9, 0.98))
        self.steps = self.taken = 0
        self.sums = [0.0, 0.0]
        self.rounding = False

    def lay_out(self, layout: torch.memory_format) -> None:
        """Use a memory format."""
        for network in (self.model, self.average):
            network.to(memory_format=layout)  # type: ignore[call-overload]

    def round(self) -> None:
        """Round what ships as int8, from now on."""
        self.rounding = True
        round_from_now_on(self.model)
        round_from_now_on(self.average)

    def learn(self, ctc: Tensor, apart: Tensor, divergence: float, progress: float) -> None:
        """Take one step.

        Args:
            ctc: loss of the labels.
            apart: divergence from the teacher.
            divergence: weight of that.
            progress: share of the run that is done.
        """
        self.steps += 1
        scale = train.rate_scale(progress) * min(1.0, self.steps / WARM_UP)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * scale
        self.optimiser.zero_grad(set_to_none=True)
        (ctc + divergence * apart).backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        if torch.isfinite(norm):
            self.optimiser.step()
            self.taken += 1
            self.sums = [self.sums[0] + float(ctc.detach()), self.sums[1] + float(apart.detach())]
        horizon = min(self.recipe.ema_steps, 10 + self.steps / 4)
        train.average(self.average, self.model, 1 - 1 / horizon)

    def losses(self) -> tuple[float, float]:
        """Return the mean losses since the last call: labels, divergence."""
        count = max(1, self.taken)
        found = (self.sums[0] / count, self.sums[1] / count)
        self.taken, self.sums = 0, [0.0, 0.0]
        return found

    def save(self, path: Path, seen: int, minutes: float) -> None:
        """Write the averaged weights as float16, as the export reads them."""
        weights = {key: value.detach().half().cpu().contiguous() for key, value in self.average.state_dict().items()}
        state = {"average": weights, "recipe": asdict(self.recipe), "seen": seen, "minutes": minutes}
        scratch = path.with_suffix(".new")
        torch.save(state, scratch)
        scratch.replace(path)
