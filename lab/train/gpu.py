"""Trains crnn-base and crnn-lite on a GPU for a given number of seconds; all they need lies in one folder (carry.py).

Processes draw lines on all cores but one. Where they are slower than the GPU, it sees batches again, changed
at random. Both networks learn the lines' labels and, with less weight, not to depart from a teacher where it
reads right: crnn-base from its donor, crnn-lite from crnn-base. Averaged weights are written as float16 every minute.
"""

from __future__ import annotations

import copy
import math
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from torch import Tensor

from lab.corpus import fonts
from lab.train import dataset, distil, real, scoring, stream, train, written
from lab.train.carry import begin, load_donor, load_lines
from lab.train.export import blend
from lab.train.model import Crnn, Member
from lab.train.pupil import RATES, WARM_UP, Pupil

MIXTURE = dataset.Mixture(clean=0.14, severities=(0.24, 0.33, 0.29), real=0.12, written=0.14, as_the_world=0.5, uses=3)
SPARE = 25.0
"""Seconds kept at the end for the last figures and files."""
DIVERGENCE: Mapping[Member, float] = {"base": 0.5, "lite": 0.1}
"""Weight of the teacher; less where its frames are not those of the pupil at first."""
SHARES = (0.85, 0.7, 0.5)
"""Of the way from the donor to crnn-base's averaged weights: measured at the end as far as there is time."""
REST = 0.01
"""Seconds to wait for a line where none is ready."""


@dataclass(frozen=True)
class Budget:
    """Lengths, sizes and weights of a run."""

    seconds: float
    """Wall time of everything."""
    workers: int
    area: int
    """Px of line width in a batch."""
    rate: float
    """Factor on all learning rates."""
    share: float
    """Of the way from the donor to the shipped weights where crnn-base begins."""
    round_after: float
    """Share of the run after which what crnn-base ships as int8 is rounded; crnn-lite is rounded afterwards."""
    every: int = 1
    """Every n-th development line is measured."""
    uses: int = 3
    """Times that a batch may be seen."""
    ema_steps: float = 200.0
    checkpoints: int = 8
    evaluations: int = 4

    def recipe(self, member: Member) -> train.Recipe:
        """As the export wants to know it."""
        return train.Recipe(
            member, self.seconds / 60, self.workers, self.area, rates=RATES[member], rate=self.rate, warm_up=WARM_UP,
            ema_steps=self.ema_steps, round_after=self.round_after if member == "base" else 1.0,
        )  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Files and folders of a run."""

    carried: Path
    """Folder that carry.py packed."""
    base: Path
    """ONNX file of crnn-base to go on from."""
    lite: Path
    """The same of crnn-lite."""
    out: Path
    """Folder for curve and weights."""


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


def _fastest_layout(model: Crnn, device: torch.device) -> torch.memory_format:
    """Time both memory formats."""
    found = {}
    for layout in (torch.channels_last, torch.contiguous_format):
        model.to(memory_format=layout)  # type: ignore[call-overload]
        x = torch.rand(256, 3, 48, 320, device=device).contiguous(memory_format=layout)
        start = 0.0
        for repeat in range(5):
            if repeat == 2:
                torch.cuda.synchronize()
                start = time.monotonic()
            with torch.autocast("cuda", dtype=torch.bfloat16):
                logits = model(x)
            logits.float().square().mean().backward()  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
        found[layout] = (time.monotonic() - start) / 3
        model.zero_grad(set_to_none=True)
    print({str(layout): round(seconds, 4) for layout, seconds in found.items()}, "s per step of 256 lines", flush=True)
    return min(found, key=lambda layout: found[layout])


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
        self.donor = load_donor(folder / "donor.pt").eval().to(device)
        base = begin(places.base, load_donor(folder / "donor.pt"), budget.share)
        self.pupils = (
            Pupil("base", base, budget.recipe("base"), device),
            Pupil("lite", begin(places.lite), budget.recipe("lite"), device),
        )
        self.layout = _fastest_layout(self.pupils[0].model, device) if on_gpu else torch.channels_last
        self.donor.to(memory_format=self.layout)  # type: ignore[call-overload]
        for pupil in self.pupils:
            pupil.lay_out(self.layout)
        self.validation = load_lines(folder / "validation.npz")[:: budget.every]
        self.kept: deque[_Seen] = deque(maxlen=400)
        self.steps = self.fresh = self.lines = 0

    def _batch(self) -> _Seen | None:
        """A new batch, or an old one where none is ready."""
        again = [seen for seen in self.kept if seen.uses < self.budget.uses]
        lines = self.stream.take(0 if len(again) > 8 else REST)
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
        x = (seen.pixels.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=self.layout)
        x = _changed(x) if seen.uses else x
        seen.uses += 1
        with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16):
            taught = self.donor(x)
        for pupil in self.pupils:
            pupil.model.train()
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                logits = pupil.model(x)
            ctc, apart = distil.losses(logits, taught, seen.targets, seen.lengths)
            pupil.learn(ctc, apart, DIVERGENCE[pupil.member], progress)
            taught = logits.detach()

    def _nearer_the_donor(self) -> None:
        """Measure averages of donor and trained weights."""
        base = self.pupils[0]
        for share in SHARES:
            if self._elapsed() < self.budget.seconds - SPARE / 4:
                mixed = copy.deepcopy(base.average)
                blend(mixed, self.donor, share)
                self._evaluate(mixed, f"base, share {share}", (0.0, 0.0))

    def _evaluate(self, model: Crnn, name: str, losses: tuple[float, float]) -> None:
        readings = train.read(model, self.validation, self.device, 16 if self.device.type == "cpu" else 64)
        found = scoring.figures(self.validation, readings)
        row: dict[str, object] = {
            "weights": name, "minutes": round(self._elapsed() / 60, 2),
            "lines": self.lines, "fresh": self.fresh, "steps": self.steps,
            "loss": round(losses[0], 4), "apart": round(losses[1], 4),
        }  # fmt: skip
        row |= {name: round(figure.percent, 2) for name, figure in found.items()}
        row |= {
            f"{name}, characters": round(found[name].characters, 2) for name in scoring.HANDWRITING if name in found
        }
        train.record(self.out / "curve.csv", row)

    def _evaluate_all(self, when: str) -> None:
        for pupil in self.pupils:
            self._evaluate(pupil.average, f"{pupil.member}, {when}", pupil.losses())

    def _save_all(self, name: str) -> None:
        for pupil in self.pupils:
            pupil.save(self.out / f"{pupil.member}-{name}.pt", self.lines, self._elapsed() / 60)

    def _elapsed(self) -> float:
        return time.monotonic() - self.begun

    def _teach(self, start: float, length: float) -> None:
        """Train for that many seconds from a time on, measuring and saving on the way."""
        base = self.pupils[0]
        evaluated = saved = 0
        while (done := (self._elapsed() - start) / length) < 1:
            seen = self._batch()
            if seen is None:
                continue
            if done >= self.budget.round_after and not base.rounding:
                base.save(self.out / "base-before-rounding.pt", self.lines, self._elapsed() / 60)
                base.round()
            self._step(seen, done)
            if done * self.budget.evaluations >= evaluated + 1:
                evaluated = math.floor(done * self.budget.evaluations)
                self._evaluate_all("on the way")
            if done * self.budget.checkpoints >= saved + 1:
                saved = math.floor(done * self.budget.checkpoints)
                self._save_all("last")

    def go(self) -> None:
        """Train until the time is up."""
        self.stream.collect()
        self._evaluate(self.donor, "donor", (0.0, 0.0))
        self._evaluate_all("begin")
        start = self._elapsed()
        length = self.budget.seconds - SPARE - start
        print(f"training after {start:.1f} s for {length:.1f} s", flush=True)
        self._teach(start, length)
        self.stream.stop()
        self._save_all("last")
        self._evaluate_all("last")
        self._nearer_the_donor()
        print(f"{self.steps} steps, {self.lines} lines, {self.fresh} of them new, {self._elapsed():.1f} s", flush=True)
