"""Measure where the time of a page goes, and how far that is from the machine's peak: ``python -m lab.bench.floor``.

Reads labelled pages in this process with one thread and adds up seconds by stage and inside the networks. Operations
and bytes of the networks come from onnxruntime's profile of one run each (convolutions and matrix products, two
operations per multiplication), scaled by input pixels. The peak is that of a large matrix product in float32, one
thread.
"""

from __future__ import annotations

import argparse
import importlib.resources
import json
import math
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ingestd.app.pipelines import build_pipeline, manifest_of, rules_of
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest, Model
from ingestd.reading.recognise.recogniser import Recogniser
from lab.bench import harness
from lab.bench.data import corpus
from lab.bench.product import claimed, configured

SHAPES = {"detect": (1, 3, 960, 480), "recognise": (8, 3, 48, 320)}
"""Inputs at which operations are counted."""


class Counted:
    """Model with counters of its runs, pixels and seconds."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.charset = model.charset
        self.entry_as = model.entry_as
        self.clear()

    def clear(self) -> None:
        """Count from zero."""
        self.pixels, self.runs, self.seconds = 0, 0, 0.0

    def run(self, values: NDArray[Any]) -> NDArray[Any]:
        """Run the model (see :class:`ingestd.reading.models.Model`)."""
        begun = time.perf_counter()
        result = self._model.run(values)
        self.seconds += time.perf_counter() - begun
        self.pixels += values.shape[0] * values.shape[-1] * values.shape[-2]
        self.runs += 1
        return result


def options(parser: argparse.ArgumentParser) -> None:
    """Add which pages."""
    parser.add_argument("--corpus", default="sroie")
    parser.add_argument("--sample", type=int, default=12)


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Read the pages."""
    cv2.setNumThreads(1)
    config = configured()
    manifest = manifest_of(config)
    names = {"detect": config.detect.model, "recognise": config.recognise.model}
    counted = {stage: Counted(manifest.open(name)) for stage, name in names.items()}
    built = build_pipeline(config, rules_of(config), manifest)
    pages = replace(
        built.pages,
        detector=Detector(counted["detect"], config.detect),  # type: ignore[arg-type]  # all of a model that it uses
        recogniser=Recogniser(counted["recognise"], config.recognise),  # type: ignore[arg-type]
    )
    pipeline = replace(built, pages=pages)
    scans = corpus(options.corpus, options.sample)
    pipeline(claimed(scans[0].path))  # loads what is loaded late
    for model in counted.values():
        model.clear()
    stages: Counter[str] = Counter()
    begun = time.perf_counter()
    for page in scans:
        stages.update(pipeline(claimed(page.path)).timings)
    seconds = (time.perf_counter() - begun) / len(scans)
    rows = [(name, f"{1000 * spent / len(scans):.0f}") for name, spent in stages.most_common()]
    gflops = peak()
    networks = []
    for stage, model in counted.items():
        operations, traffic = count(path_of(manifest, names[stage]), SHAPES[stage])
        giga, spent = operations * model.pixels / len(scans) / 1e9, model.seconds / len(scans)
        figures = (giga, traffic * model.pixels / len(scans) / 1e9, spent, giga / gflops, spent * gflops / giga)
        networks.append((names[stage], f"{model.runs / len(scans):.1f}", *(f"{figure:.3g}" for figure in figures)))
    columns = ("network", "runs per page", "GFLOP", "GB", "s per page", "floor, s per page", "times the floor")
    return harness.Outcome(
        f"{options.corpus}, {len(scans)} pages",
        (
            harness.Table("stages, one thread", ("stage", "ms per page"), (*rows, ("all", f"{1000 * seconds:.0f}"))),
            harness.Table("networks", columns, tuple(networks), f"Peak of one thread: {gflops:.0f} GFLOP/s."),
        ),
    )


def peak() -> float:
    """Return this machine's float32 GFLOP/s of a matrix product on one thread."""
    left, right = (np.random.default_rng(seed).random((2048, 2048), np.float32) for seed in (1, 2))

    def timed(action: Callable[[], object]) -> float:
        begun = time.perf_counter()
        action()
        return time.perf_counter() - begun

    return 2 * 2048**3 / min(timed(lambda: left @ right) for _ in range(5)) / 1e9


def path_of(manifest: Manifest, name: str) -> Path:
    """Return the file of a model."""
    entry = manifest.entries[name]
    if entry.file is not None:
        return manifest.folder / entry.file
    return Path(str(importlib.resources.files(str(entry.package)) / str(entry.resource)))


def count(path: Path, shape: tuple[int, ...]) -> tuple[float, float]:
    """Count operations and bytes of one run, per pixel of the input."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        session.run(None, {session.get_inputs()[0].name: np.zeros(shape, np.float32)})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    operations = traffic = 0.0
    for details in (event["args"] for event in events if event["name"].endswith("_kernel_time")):
        traffic += sum(int(details.get(f"{kind}_size", 0)) for kind in ("activation", "parameter", "output"))
        given, made = (_shapes(details, f"{side}_type_shape") for side in ("input", "output"))
        kind = details.get("op_name", "")
        if "Conv" in kind and "Transpose" not in kind:
            operations += 2.0 * math.prod(made[0]) * math.prod(given[1][1:])
        elif kind in ("MatMul", "FusedMatMul", "Gemm"):
            operations += 2.0 * math.prod(made[0]) * given[0][-1]
    pixels = shape[0] * shape[-1] * shape[-2]
    return operations / pixels, traffic / pixels


def _shapes(details: dict[str, Any], name: str) -> list[list[int]]:
    return [next(iter(one.values())) for one in details.get(name, [])]


if __name__ == "__main__":
    harness.run("floor", __doc__, measure, options)
