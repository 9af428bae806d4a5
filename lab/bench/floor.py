"""Where the time of a page goes, and how far that is from what the machine could do: ``python -m lab.bench.floor``.

Reads labelled pages in this process with one thread and adds up seconds by stage and inside the networks. The networks'
operations and bytes are counted from onnxruntime's own profile of one run each (convolutions and matrix products, two
operations a multiplication) and scaled by input pixels. The machine's peak is measured: a large matrix product in
float32 and a copy of memory, one thread.
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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from ingestd.app import build_pipeline, manifest_of, rules_of
from ingestd.config import Config, InboxConfig
from ingestd.reading.detect import Detector
from ingestd.reading.models import Manifest, Model
from ingestd.reading.recognise.recogniser import Recogniser
from lab.bench.data import OUT, corpus
from lab.bench.readers.ingestd_reader import claimed

SHAPES = {"detect": (1, 3, 960, 480), "recognise": (8, 3, 48, 320)}
"""Inputs at which operations are counted."""


class Counted:
    """A model that notes the pixels it is given and the seconds it takes."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self.charset = model.charset
        self.entry_as = model.entry_as
        self.pixels = 0
        self.runs = 0
        self.seconds = 0.0

    def run(self, values: NDArray[Any]) -> NDArray[Any]:
        """See :class:`ingestd.reading.models.Model`."""
        begun = time.perf_counter()
        result = self._model.run(values)
        self.seconds += time.perf_counter() - begun
        self.pixels += values.shape[0] * values.shape[-1] * values.shape[-2]
        self.runs += 1
        return result


@dataclass(frozen=True, slots=True)
class Work:
    """What one run of a network takes, by pixel of its input."""

    operations: float
    traffic: float
    """Bytes read and written by its operators, weights included."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print tables, write ``lab/bench/out/floor.json``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpus", default="sroie")
    parser.add_argument("--sample", type=int, default=12)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    config = Config(inboxes=(InboxConfig(path=Path("inbox"), name="inbox"),))
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
    pipeline(*claimed(scans[0].path))
    for model in counted.values():
        model.pixels = model.runs = 0
        model.seconds = 0.0
    stages: Counter[str] = Counter()
    begun = time.perf_counter()
    for page in scans:
        stages.update(pipeline(*claimed(page.path)).timings)
    seconds = (time.perf_counter() - begun) / len(scans)
    gflops, gbytes = peak()
    result: dict[str, Any] = {"s/page": seconds, "peak GFLOP/s": gflops, "copy GB/s": gbytes, "pages": len(scans)}
    result["stages"] = {name: total / len(scans) for name, total in stages.most_common()}
    result["networks"] = {
        stage: _network(manifest, names[stage], SHAPES[stage], counted[stage], len(scans), gflops) for stage in names
    }
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "floor.json").write_text(json.dumps(result, indent=2) + "\n")
    show(result, Console())


def _network(
    manifest: Manifest, name: str, shape: tuple[int, ...], model: Counted, pages: int, gflops: float
) -> dict[str, float | str]:
    work = count(_path(manifest, name), shape)
    giga = work.operations * model.pixels / pages / 1e9
    return {
        "model": name,
        "runs a page": model.runs / pages,
        "GFLOP a page": giga,
        "GB a page": work.traffic * model.pixels / pages / 1e9,
        "s a page": model.seconds / pages,
        "floor, s a page": giga / gflops,
        "times the floor": model.seconds / pages / (giga / gflops),
    }


def peak() -> tuple[float, float]:
    """This machine's float32 GFLOP/s of a matrix product and GB/s of a copy (read and written), one thread."""
    left, right = (np.random.default_rng(seed).random((2048, 2048), np.float32) for seed in (1, 2))
    source = np.zeros(1 << 27, np.uint8)
    target = np.empty_like(source)

    def best(action: Any) -> float:
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            action()
            times.append(time.perf_counter() - begun)
        return min(times)

    product = best(lambda: left @ right)
    copy = best(lambda: np.copyto(target, source))
    return 2 * 2048**3 / product / 1e9, 2 * len(source) / copy / 1e9


def _path(manifest: Manifest, name: str) -> Path:
    entry = manifest.entries[name]
    if entry.file is not None:
        return manifest.folder / entry.file
    return Path(str(importlib.resources.files(str(entry.package)) / str(entry.resource)))


def count(path: Path, shape: tuple[int, ...]) -> Work:
    """Operations and bytes of one run, by pixel of the input."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        session.run(None, {session.get_inputs()[0].name: np.zeros(shape, np.float32)})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    operations = traffic = 0.0
    for event in events:
        details = event.get("args", {})
        if not event["name"].endswith("_kernel_time"):
            continue
        traffic += sum(int(details.get(f"{kind}_size", 0)) for kind in ("activation", "parameter", "output"))
        given = [next(iter(one.values())) for one in details.get("input_type_shape", [])]
        made = (
            math.prod(next(iter(details["output_type_shape"][0].values()))) if details.get("output_type_shape") else 0
        )
        if "Conv" in details.get("op_name", "") and "Transpose" not in details["op_name"]:
            operations += 2.0 * made * math.prod(given[1][1:])
        elif details.get("op_name") in ("MatMul", "FusedMatMul", "Gemm"):
            operations += 2.0 * made * given[0][-1]
    pixels = shape[0] * shape[-1] * shape[-2]
    return Work(operations / pixels, traffic / pixels)


def show(result: dict[str, Any], console: Console) -> None:
    """Print the tables."""
    table = Table("stage", "ms a page", "share", title=f"{result['s/page']:.3f} s a page, one thread")
    for name, seconds in result["stages"].items():
        table.add_row(name, f"{1000 * seconds:.1f}", f"{seconds / result['s/page']:.1%}")
    console.print(table)
    console.print(f"peak: {result['peak GFLOP/s']:.0f} GFLOP/s, {result['copy GB/s']:.1f} GB/s")
    networks = Table(*next(iter(result["networks"].values())))
    for row in result["networks"].values():
        networks.add_row(*(value if isinstance(value, str) else f"{value:.3g}" for value in row.values()))
    console.print(networks)


if __name__ == "__main__":
    main()
