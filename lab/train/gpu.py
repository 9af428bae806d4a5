"""Trains crnn-base on a GPU for a given number of seconds; everything it needs lies in one folder (carry.py).

Processes draw lines on all cores but one. Where they are slower than the GPU, it sees batches again, changed
at random. Half of what is learnt is the lines' labels; the other half is not to depart from the donor where the
donor reads right. Averaged weights are measured on development lines and written as float16 every few minutes.
"""

from __future__ import annotations

import copy
import math
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn

from lab.corpus import fonts
from lab.train import dataset, distil, real, scoring, stream, train, written
from lab.train.carry import begin, load_donor, load_lines
from lab.train.export import blend
from lab.train.model import Crnn
from lab.train.rounding import round_from_now_on

MIXTURE = dataset.Mixture(clean=0.14, severities=(0.24, 0.33, 0.29), real=0.1, written=0.24, as_the_world=0.5, uses=3)
SPARE = 25.0
"""Seconds kept at the end for the last figures and files."""
SHARES = (0.85, 0.7, 0.5)
"""Of the way from the donor to the averaged weights: measured at the end as far as there is time."""


@dataclass(frozen=True)
class Budget:
    """Lengths, sizes and weights of a run."""

    seconds: float
    """Wall time of everything."""
    workers: int
    area: int
    """Px of line width in a batch."""
    rate: float
    share: float
    """Of the way from the donor to the shipped weights where the run begins."""
    round_after: float
    every: int = 1
    """Every n-th development line is measured."""
    uses: int = 3
    """How often a batch may be seen."""
    divergence: float = 0.5
    """Weight of the donor."""
    ema_steps: float = 150.0
    checkpoints: int = 4
    evaluations: int = 8

    def recipe(self) -> train.Recipe:
        """As the export wants to know it."""
        minutes = self.seconds / 60
        return train.Recipe("base", minutes, self.workers, self.area, rate=self.rate, warm_up=100,
                            ema_steps=self.ema_steps, round_after=self.round_after)  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Files and folders of a run."""

    carried: Path
    """What carry.py packed."""
    shipped: Path
    """ONNX file of ours to go on from."""
    out: Path
    """Where curve and weights go."""


@dataclass
class _Seen:
    """A batch on the device and how often it was used."""

    pixels: Tensor
    targets: Tensor
    lengths: Tensor
    uses: int = 0


def _changed(x: Tensor) -> Tensor:
    """Lines seen again: other brightness, contrast, noise and place."""
    one = (x.shape[0], 1, 1, 1)
    gain = 1 + 0.15 * torch.randn(one, device=x.device)
    noise = 0.1 * torch.rand(one, device=x.device) * torch.randn_like(x)
    shift = (int(torch.randint(-1, 2, ())), int(torch.randint(0, 4, ())))
    return (torch.roll(x, shift, (2, 3)) * gain + 0.1 * torch.randn(one, device=x.device) + noise).clamp(-1, 1)


class Run:
    """One run.

    Args:
        places: what it reads and writes.
        budget: how it is cut.
        device: where it runs.
        begun: time.monotonic() at the start of everything.
    """

    def __init__(self, places: Places, budget: Budget, device: torch.device, begun: float) -> None:
        self.budget, self.out, self.device, self.begun = budget, places.out, device, begun
        folder = places.carried
        receipts = real.load(folder / "real.npz")
        strokes = written.load(folder / "strokes.npz")

        def sampler(seed: int) -> dataset.Sampler:
            return dataset.Sampler(folder / "fonts", fonts.Split.TRAIN, MIXTURE, receipts, seed, strokes)

        cv2.setNumThreads(1)
        sys.setswitchinterval(5e-4)  # or the thread that collects lines waits for the one that trains
        on_gpu = device.type == "cuda"
        # The processes are forked before anything touches the GPU.
        self.stream = stream.Stream(
            sampler, budget.workers, budget.area, 1000 + int(time.time()) % 10**6, pinned=on_gpu
        )
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        self.donor = load_donor(folder / "donor.pt").eval()
        self.model = begin(places.shipped, self.donor, budget.share)
        self.average = copy.deepcopy(self.model)
        for network in (self.model, self.average, self.donor):
            network.to(device)
        self.layout = self._fastest_layout() if on_gpu else torch.channels_last
        for network in (self.model, self.average, self.donor):
            network.to(memory_format=self.layout)  # type: ignore[call-overload]
        recipe = budget.recipe()
        self.optimiser = torch.optim.AdamW(train.parameter_groups(self.model, recipe), lr=0.0, betas=(0.9, 0.98))
        self.validation = load_lines(folder / "validation.npz")[:: budget.every]
        self.kept: deque[_Seen] = deque(maxlen=400)
        self.steps = self.fresh = self.lines = 0
        self.sums = [0.0, 0.0, 0]

    def _fastest_layout(self) -> torch.memory_format:
        """Time both memory formats."""
        found = {}
        for layout in (torch.channels_last, torch.contiguous_format):
            self.model.to(memory_format=layout)  # type: ignore[call-overload]
            x = torch.rand(512, 3, 48, 320, device=self.device).contiguous(memory_format=layout)
            for repeat in range(5):
                if repeat == 2:
                    torch.cuda.synchronize()
                    start = time.monotonic()
                with torch.autocast("cuda", dtype=torch.bfloat16):
                    logits = self.model(x)
                logits.float().square().mean().backward()  # type: ignore[no-untyped-call]
            torch.cuda.synchronize()
            found[layout] = (time.monotonic() - start) / 3
            self.model.zero_grad(set_to_none=True)
        print(
            {str(layout): round(seconds, 4) for layout, seconds in found.items()}, "s a step of 512 lines", flush=True
        )
        return min(found, key=lambda layout: found[layout])

    def _batch(self) -> _Seen | None:
        """A new batch, or an old one where none is ready."""
        again = [seen for seen in self.kept if seen.uses < self.budget.uses]
        lines = self.stream.take(0 if len(again) > 8 else 0.2)
        if lines is not None:
            to = {"device": self.device, "non_blocking": True}
            seen = _Seen(lines.pixels.to(**to), lines.targets.to(**to), lines.lengths.to(**to))  # type: ignore[call-overload]
            self.kept.append(seen)
            self.fresh += len(lines.lengths)
            return seen
        return again[int(torch.randint(len(again), ()))] if len(again) > 8 else None

    def _step(self, seen: _Seen, progress: float) -> None:
        self.steps += 1
        self.lines += len(seen.lengths)
        scale = train.rate_scale(progress) * min(1.0, self.steps / 100)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * scale
        x = (seen.pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=self.layout)
        x = _changed(x) if seen.uses else x
        seen.uses += 1
        self.model.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits = self.model(x)
            with torch.no_grad():
                known = self.donor(x)
        ctc, apart = distil.losses(logits, known, seen.targets, seen.lengths)
        self.optimiser.zero_grad(set_to_none=True)
        (ctc + self.budget.divergence * apart).backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        if torch.isfinite(norm):
            self.optimiser.step()
            self.sums = [self.sums[0] + float(ctc), self.sums[1] + float(apart), self.sums[2] + 1]
        horizon = min(self.budget.ema_steps, 10 + self.steps / 4)
        train.average(self.average, self.model, 1 - 1 / horizon)

    def _nearer_the_donor(self) -> None:
        """Measure averages of donor and trained weights."""
        for share in SHARES:
            if self._elapsed() < self.budget.seconds - SPARE / 4:
                mixed = copy.deepcopy(self.average)
                blend(mixed, self.donor, share)
                self._evaluate(mixed, f"share {share}")

    def _evaluate(self, model: Crnn, name: str) -> None:
        readings = train.read(model, self.validation, self.device)
        found = scoring.figures(self.validation, readings)
        count = max(1, self.sums[2])
        row: dict[str, object] = {
            "weights": name, "minutes": round(self._elapsed() / 60, 2),
            "lines": self.lines, "fresh": self.fresh, "steps": self.steps,
            "loss": round(self.sums[0] / count, 4), "apart": round(self.sums[1] / count, 4),
        }  # fmt: skip
        row |= {name: round(figure.percent, 2) for name, figure in found.items()}
        row |= {
            f"{name}, characters": round(found[name].characters, 2) for name in scoring.HANDWRITING if name in found
        }
        train.record(self.out / "curve.csv", row)
        self.sums = [0.0, 0.0, 0]

    def _save(self, model: Crnn, name: str, seconds: float) -> None:
        weights = {key: value.detach().half().cpu().contiguous() for key, value in model.state_dict().items()}
        state = {
            "average": weights,
            "recipe": asdict(self.budget.recipe()),
            "seen": self.lines,
            "minutes": seconds / 60,
        }
        torch.save(state, self.out / f"{name}.pt")

    def _elapsed(self) -> float:
        return time.monotonic() - self.begun

    def go(self) -> None:
        """Train until the time is up."""
        self.stream.collect()
        self._evaluate(self.donor, "donor")
        self._evaluate(self.average, "begin")
        while self.stream.take(0) is None and self._elapsed() < self.budget.seconds / 2:
            time.sleep(0.2)
        start = self._elapsed()
        length = self.budget.seconds - SPARE - start
        print(f"first batch after {start:.1f} s, training for {length:.1f} s", flush=True)
        evaluated = saved = 0
        rounding = False
        while (done := (self._elapsed() - start) / length) < 1:
            seen = self._batch()
            if seen is None:
                continue
            if done >= self.budget.round_after and not rounding:
                rounding = True
                self._save(self.average, "before-rounding", self._elapsed())
                round_from_now_on(self.model)
                round_from_now_on(self.average)
            self._step(seen, done)
            if done * self.budget.evaluations >= evaluated + 1:
                evaluated = math.floor(done * self.budget.evaluations)
                self._evaluate(self.average, "average")
            if done * self.budget.checkpoints >= saved + 1:
                saved = math.floor(done * self.budget.checkpoints)
                self._save(self.average, f"average-{saved}", self._elapsed())
        self.stream.stop()
        self._save(self.average, "average-last", self._elapsed())
        self._evaluate(self.average, "last")
        self._nearer_the_donor()
        print(f"{self.steps} steps, {self.lines} lines, {self.fresh} of them new, {self._elapsed():.1f} s", flush=True)
