"""Trains the recogniser: CTC on an endless mixture of lines, one cosine over a time budget.

On a CPU, single-threaded processes share one set of weights and update it without locks (Hogwild, Niu
et al. 2011): that stays fast when other work holds a core, where OpenMP does not. On a GPU one process
trains and the others draw lines. The budget is wall time, so that a run ends when it should whatever
else the machine does; a stopped process resumes further down its schedule.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import torch
import torch.multiprocessing as multiprocessing
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from lab.corpus import fonts
from lab.train import charset, dataset, real, scoring
from lab.train.dataset import Batch, Line
from lab.train.model import Crnn, Member
from lab.train.onnx_reader import batches as padded_batches
from lab.train.onnx_reader import greedy
from lab.train.rounding import round_from_now_on

CURVE_GROUPS = (
    "degraded",
    "degraded digits",
    "degraded fields",
    "severity 3",
    "clean",
    "clean rare Han",
    "clean European",
    "receipts",
    "receipt digits",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides how a run goes, stored in its checkpoints."""

    member: Member
    minutes: float
    """Wall time of the whole schedule."""
    workers: int = 2
    area: int = 10240
    """Most px of line width in a batch."""
    seed: int = 1
    rates: Mapping[str, float] = field(
        default_factory=lambda: {"stem": 5e-5, "blocks": 1e-4, "neck": 1.5e-4, "neck.recurrence": 1e-3, "head": 1e-4}
    )
    """Peak learning rate by the longest prefix of a parameter's name."""
    rate: float = 1.0
    """Factor on every peak: more for a small network with much to learn, less for one that goes on."""
    head_epsilon: float = 1e-4
    """Adam's epsilon for the head. Classes absent from a batch get gradients of about 1e-7, which Adam with
    its usual 1e-8 blows up to full steps: so rare characters are forgotten. This leaves them alone."""
    warm_up: int = 40
    """First steps of each process, also after a resume, over which the rate rises."""
    clip: float = 10.0
    """Largest gradient norm."""
    ema_steps: float = 150.0
    """Steps of a worker over which averaged weights forget."""
    evaluate_minutes: float = 12.0
    round_after: float = 1.0
    """Share of the schedule after which what ships as int8 is rounded; 1 never."""


def parameter_groups(model: Crnn, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameters for AdamW, one group a prefix and decay."""
    groups: dict[tuple[str, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        prefix = max((prefix for prefix in recipe.rates if name.startswith(prefix)), key=len)
        groups.setdefault((prefix, parameter.dim() > 1 and prefix != "head"), []).append(parameter)
    return [
        {
            "params": parameters,
            "peak": recipe.rate * recipe.rates[prefix],
            "weight_decay": 0.01 if decays else 0.0,
            "eps": recipe.head_epsilon if prefix == "head" else 1e-8,
        }
        for (prefix, decays), parameters in groups.items()
    ]


def rate_scale(progress: float) -> float:
    """Share of the peak rate at a point of the schedule (0 to 1): half a cosine down to a hundredth.

    >>> rate_scale(0.0), round(rate_scale(1.0), 3)
    (1.0, 0.01)
    """
    return 0.99 * (1 + math.cos(math.pi * min(1.0, progress))) / 2 + 0.01


def ctc_loss(logits: Tensor, classes: Sequence[Sequence[int]]) -> Tensor:
    """Mean CTC loss (Graves et al. 2006) of logits (batch, time, classes), in float32."""
    log_probability = logits.float().log_softmax(-1).transpose(0, 1)
    steps = torch.full((len(classes),), log_probability.shape[0])
    lengths = torch.tensor([len(line) for line in classes])
    targets = torch.tensor([index for line in classes for index in line], device=logits.device)
    loss: Tensor = functional.ctc_loss(log_probability, targets, steps, lengths, zero_infinity=True)
    return loss


def _input(batch: Batch, device: torch.device) -> Tensor:
    pixels = torch.from_numpy(batch.pixels).to(device).permute(0, 3, 1, 2)
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def read(model: Crnn, lines: Sequence[Line], device: torch.device, size: int = 16) -> list[str]:
    """Greedy readings of lines, ``size`` at once."""
    texts = [""] * len(lines)
    characters = charset.characters()
    model.eval()
    with torch.inference_mode(), torch.autocast(device.type, dtype=torch.bfloat16):
        for group, batch in padded_batches([line.pixels for line in lines], size):
            inputs = torch.from_numpy(batch).to(device).contiguous(memory_format=torch.channels_last)
            for index, classes in zip(group, model(inputs).argmax(-1).cpu().numpy(), strict=True):
                texts[index] = greedy(classes, characters)
    return texts


@dataclass(frozen=True)
class Places:
    """Files and folders of a run."""

    fonts: Path
    receipts: Path | None
    """Real lines as real.save wrote them."""
    validation_receipts: Path | None
    """Folder of receipts to validate on."""
    checkpoint: Path
    curve: Path


def _sampler(recipe: Recipe, places: Places, seed: int) -> dataset.Sampler:
    cv2.setNumThreads(1)
    receipts = real.load(places.receipts) if places.receipts else []
    return dataset.Sampler(places.fonts, fonts.Split.TRAIN, dataset.Mixture(), receipts, seed)


class _Stream(IterableDataset[Batch]):
    """Batches drawn in the processes of a DataLoader."""

    def __init__(self, recipe: Recipe, places: Places, seed: int) -> None:
        self.recipe, self.places, self.seed = recipe, places, seed

    def __iter__(self) -> Iterator[Batch]:
        torch.set_num_threads(1)
        info = torch.utils.data.get_worker_info()
        return _sampler(self.recipe, self.places, self.seed + (info.id if info else 0)).batches(self.recipe.area)


class _Trainer:
    """One process's loop over the shared weights; the first also averages, evaluates and saves."""

    def __init__(self, model: Crnn, recipe: Recipe, places: Places, device: torch.device) -> None:
        self.model, self.recipe, self.places, self.device = model, recipe, places, device
        self.optimiser = torch.optim.AdamW(parameter_groups(model, recipe), lr=0.0, betas=(0.9, 0.99))
        self.steps = 0

    def step(self, batch: Batch, progress: float) -> float:
        """One update; returns the loss. A gradient that is not finite changes nothing."""
        self.steps += 1
        if progress >= self.recipe.round_after:
            round_from_now_on(self.model)
        scale = rate_scale(progress) * min(1.0, self.steps / self.recipe.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * scale
        self.model.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits = self.model(_input(batch, self.device))
        loss = ctc_loss(logits, batch.classes)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if torch.isfinite(nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)):
            self.optimiser.step()
        return loss.item()


def average(kept: Crnn, model: Crnn, decay: float) -> None:
    """Move averaged weights towards the model's."""
    with torch.no_grad():
        for old, new in zip(kept.parameters(), model.parameters(), strict=True):
            old.lerp_(new, 1 - decay)


def record(curve: Path, row: Mapping[str, object]) -> None:
    """Append a row to a learning curve."""
    fresh = not curve.exists()
    curve.parent.mkdir(parents=True, exist_ok=True)
    with curve.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow(row)
    print(dict(row), flush=True)


def _validation(places: Places) -> list[Line]:
    lines = scoring.evaluation_set(places.fonts, seed=101, per_severity=60)
    if places.validation_receipts:
        lines += scoring.receipt_set(places.validation_receipts, every=15)
    return lines


def _save(trainer: _Trainer, average: Crnn, seen: int, minutes: float) -> None:
    state = {"model": trainer.model.state_dict(), "average": average.state_dict(), "seen": seen, "minutes": minutes}
    state |= {"optimiser": trainer.optimiser.state_dict(), "recipe": asdict(trainer.recipe)}
    scratch = trainer.places.checkpoint.with_suffix(".new")
    torch.save(state, scratch)
    scratch.replace(trainer.places.checkpoint)


def _lead(trainer: _Trainer, batches: Iterable[Batch], seen: Tensor, begun: float, resumed: Mapping[str, Any]) -> None:
    """The first process's loop."""
    recipe, places = trainer.recipe, trainer.places
    kept = Crnn(recipe.member, trainer.model.head.out_features).to(trainer.device)
    kept.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    kept.load_state_dict(resumed.get("average", trainer.model.state_dict()))
    validation = _validation(places)
    losses: list[float] = []
    due = recipe.evaluate_minutes * math.ceil(float(resumed.get("minutes", 0.0)) / recipe.evaluate_minutes)
    for batch in batches:
        minutes = (time.time() - begun) / 60
        done = minutes >= recipe.minutes
        if done or minutes >= due:
            due += recipe.evaluate_minutes
            if minutes / recipe.minutes >= recipe.round_after:
                round_from_now_on(kept)
            found = scoring.figures(validation, read(kept, validation, trainer.device))
            count = int(seen.sum())
            loss = sum(losses) / max(1, len(losses))
            row: dict[str, object] = {"minutes": round(minutes, 1), "lines": count, "loss": round(loss, 4)}
            record(places.curve, row | {name: round(found[name].percent, 2) for name in CURVE_GROUPS if name in found})
            _save(trainer, kept, count, minutes)
            losses = []
        if done:
            return
        losses.append(trainer.step(batch, minutes / recipe.minutes))
        seen[0] += len(batch.classes)
        average(kept, trainer.model, 1 - 1 / recipe.ema_steps)


def _work(
    rank: int, model: Crnn, seen: Tensor, recipe: Recipe, places: Places, begun: float, resumed: Mapping[str, Any]
) -> None:
    """One Hogwild process."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    trainer = _Trainer(model, recipe, places, torch.device("cpu"))
    if "optimiser" in resumed:
        trainer.optimiser.load_state_dict(resumed["optimiser"])
    seed = recipe.seed * 1000 + rank * 101 + int(resumed.get("seen", 0))
    batches = _sampler(recipe, places, seed).batches(recipe.area)
    if rank == 0:
        _lead(trainer, batches, seen, begun, resumed)
        return
    for batch in batches:
        progress = (time.time() - begun) / 60 / recipe.minutes
        if progress >= 1:
            return
        trainer.step(batch, progress)
        seen[rank] += len(batch.classes)


def train(model: Crnn, recipe: Recipe, places: Places, device: torch.device, resumed: Mapping[str, Any]) -> None:
    """Run the schedule to its end, evaluating and saving on the way.

    Args:
        model: where to begin.
        recipe: how.
        places: files read and written.
        device: ``cpu`` or a GPU.
        resumed: a checkpoint to go on from, or empty.
    """
    if resumed:
        model.load_state_dict(resumed["model"])
    model.to(device=device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    begun = time.time() - 60 * float(resumed.get("minutes", 0.0))
    seen = torch.zeros(recipe.workers, dtype=torch.long)
    seen[0] = int(resumed.get("seen", 0))
    if device.type == "cpu":
        model.share_memory()
        seen.share_memory_()  # type: ignore[no-untyped-call]
        arguments = (model, seen, recipe, places, begun, resumed)
        multiprocessing.spawn(_work, arguments, nprocs=recipe.workers)  # type: ignore[attr-defined,no-untyped-call]
        return
    trainer = _Trainer(model, recipe, places, device)
    if "optimiser" in resumed:
        trainer.optimiser.load_state_dict(resumed["optimiser"])
    stream = _Stream(recipe, places, recipe.seed * 1000 + int(seen[0]))
    loader = DataLoader(stream, batch_size=None, num_workers=recipe.workers, prefetch_factor=8)
    _lead(trainer, loader, seen, begun, resumed)
