"""Draws lines in many processes and puts them together as large batches of one width, for a GPU."""

from __future__ import annotations

import multiprocessing
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkContext
from multiprocessing.queues import Queue

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lab.train import dataset
from lab.train.charset import encode

WIDTHS = (96, 160, 240, 320, 448, 576, 768, 1008)
"""Widths of batches, px: few, because a GPU's libraries take seconds to prepare for each new shape."""
CHUNK = 16_000
"""Px of line width that a process sends at once."""
WAITING = 96
"""Chunks that may wait between the processes."""

Pixels = NDArray[np.uint8]
Piece = tuple[int, Pixels, list[list[int]]]
"""Width, lines (n, 48, width, 3), their classes."""


@dataclass(frozen=True)
class Lines:
    """Lines of one width, ready for CTC."""

    pixels: Tensor
    """uint8 (n, 48, width, 3) BGR, pinned where there is a GPU."""
    targets: Tensor
    """Classes of all lines, one after another."""
    lengths: Tensor
    """Characters of each line."""


def bucket(width: int) -> int:
    """Width of the batch that a line goes into.

    >>> bucket(65), bucket(320)
    (96, 320)
    """
    return next(chosen for chosen in WIDTHS if chosen >= width)


def _draw(sampler: dataset.Sampler, sink: Queue[Piece]) -> None:
    """Draw without end; a line that cannot be drawn is reported and left out."""
    while True:
        try:
            _fill(sampler, sink)
        except (cv2.error, ArithmeticError, LookupError, OSError, ValueError) as error:
            print(f"a line could not be drawn: {error!r}", flush=True)


def _fill(sampler: dataset.Sampler, sink: Queue[Piece]) -> None:
    """Draw without end; lines go out as soon as a width has a chunk."""
    open_: dict[int, list[dataset.Line]] = {width: [] for width in WIDTHS}
    for line in sampler.many():
        width = bucket(line.pixels.shape[1])
        if sampler.chance.random() < 0.25:  # as padded as short lines are when the product reads them
            width = max(width, 320)
        lines = open_[width]
        lines.append(line)
        if len(lines) * width >= CHUNK:
            pixels = np.full((len(lines), 48, width, 3), dataset.PADDING, np.uint8)
            for row, kept in zip(pixels, lines, strict=True):
                row[:, : kept.pixels.shape[1]] = kept.pixels
            sink.put((width, pixels, [encode(kept.text) for kept in lines]))
            open_[width] = []


def _process(make: Callable[[int], dataset.Sampler], seed: int, sink: Queue[Piece]) -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    _draw(make(seed), sink)


def together(pieces: Sequence[Piece], *, pinned: bool) -> Lines:
    """One batch of pieces of the same width."""
    pixels = torch.from_numpy(np.concatenate([pixels for _, pixels, _ in pieces]))
    classes = [line for _, _, lines in pieces for line in lines]
    targets = torch.tensor([index for line in classes for index in line])
    return Lines(pixels.pin_memory() if pinned else pixels, targets, torch.tensor([len(line) for line in classes]))


class Stream:
    """Batches drawn in the background.

    Args:
        make: a sampler by its seed; called in each process.
        processes: how many draw.
        area: px of line width in a batch.
        seed: of the first process.
        pinned: batches go to a GPU.
    """

    def __init__(
        self, make: Callable[[int], dataset.Sampler], processes: int, area: int, seed: int, *, pinned: bool
    ) -> None:
        context: ForkContext = multiprocessing.get_context("fork")
        self._sink: Queue[Piece] = context.Queue(WAITING)
        self._workers = [
            context.Process(target=_process, args=(make, seed + rank, self._sink), daemon=True)
            for rank in range(processes)
        ]
        self._area, self._pinned = area, pinned
        self._ready: queue.Queue[Lines] = queue.Queue(4)
        self._stopped = threading.Event()
        self._collector = threading.Thread(target=self._collect, daemon=True)
        for worker in self._workers:
            worker.start()

    def collect(self) -> None:
        """Begin to put batches together; after the processes are there and a GPU may be used."""
        self._collector.start()

    def _collect(self) -> None:
        waiting: dict[int, list[Piece]] = {width: [] for width in WIDTHS}
        while not self._stopped.is_set():
            try:
                piece = self._sink.get(timeout=1)
            except queue.Empty:
                continue
            pieces = waiting[piece[0]]
            pieces.append(piece)
            if sum(len(lines) for _, _, lines in pieces) * piece[0] >= self._area:
                waiting[piece[0]] = []
                self._offer(together(pieces, pinned=self._pinned))

    def _offer(self, lines: Lines) -> None:
        while not self._stopped.is_set():
            try:
                self._ready.put(lines, timeout=1)
                return
            except queue.Full:
                continue

    def take(self, seconds: float) -> Lines | None:
        """The next batch, or None where there is none for so long.

        Raises:
            RuntimeError: a drawing process has ended.
        """
        if dead := [worker.exitcode for worker in self._workers if not worker.is_alive()]:
            raise RuntimeError(f"{len(dead)} drawing processes ended, exit codes {dead}")
        try:
            return self._ready.get(timeout=seconds) if seconds else self._ready.get_nowait()
        except queue.Empty:
            return None

    def stop(self) -> None:
        """End the processes."""
        self._stopped.set()
        for worker in self._workers:
            worker.terminate()
