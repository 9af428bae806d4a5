"""A day in fast-forward: tens of thousands of tiny documents through the daemon, with kills, its memory watched.

    python -m tests.faults.soak [--documents 20000] [--kills 100] [--burst 8000] [--seed N]

Three phases on one installation: a storm of random kills under load; a burst while the daemon is stopped
(SIGSTOP), which overflows the kernel's queue of events; then one daemon, never killed, for the rest, whose
memory and descriptors are compared between the first and the last tenth. The models only pretend
(tests/support/stand_in.py), everything else is the product; documents that kill their worker are among them.
Exits with 1 if anything promised did not hold.
"""

from __future__ import annotations

import argparse
import random
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.support.armed import Faults
from tests.support.invariants import check
from tests.support.nursery import Nursery, Started
from tests.support.process import Installation, until
from tests.support.storm import documents, drop, new_place, settled, storm

PATIENCE_S = 3600.0
WAITING = 400
"""Most documents that wait in the inbox in the steady phase, so that memory is of a steady load."""
MAX_GROWTH = 0.10
SAMPLE_S = 2.0


@dataclass(frozen=True)
class Sample:
    """What daemon and workers hold at one moment."""

    done: int
    daemon_mb: float
    workers_mb: float
    descriptors: int


def sample(daemon: Started, done: int) -> Sample | None:
    """Memory (proportional set size, MB) of the daemon and of the largest worker; None while workers change."""
    try:
        main = psutil.Process(daemon.pid)
        workers = [
            child.memory_full_info().pss for child in main.children() if "--multiprocessing-fork" in child.cmdline()
        ]
        if not workers:
            return None
        return Sample(done, main.memory_full_info().pss / 1e6, max(workers) / 1e6, main.num_fds())
    except psutil.Error:
        return None


def steady(
    place: Installation, daemon: Started, arriving: Iterator[tuple[str, bytes]], rng: random.Random, count: int
) -> tuple[dict[str, bytes], list[Sample]]:
    """Keep the daemon busy with so many documents; return them, and what it held meanwhile."""
    dropped: dict[str, bytes] = {}
    samples: list[Sample] = []
    before = settled(place)
    end = time.monotonic() + PATIENCE_S
    while (done := settled(place) - before) < count:
        assert time.monotonic() < end, f"only {done} of {count} documents in {PATIENCE_S:g} s"
        for _ in range(min(count - len(dropped), WAITING - (len(dropped) - done))):
            name, content = next(arriving)
            drop(place, name, content, rng)
            dropped[name] = content
        taken = sample(daemon, done)
        samples += [taken] if taken else []
        time.sleep(SAMPLE_S)
    return dropped, samples


def burst(place: Installation, daemon: Started, arriving: Iterator[tuple[str, bytes]], count: int) -> dict[str, bytes]:
    """Drop documents while the daemon is stopped; return them when all are settled."""
    before = settled(place)
    daemon.signal(signal.SIGSTOP)
    dropped = dict(next(arriving) for _ in range(count))
    for name, content in dropped.items():
        (place.inbox / name).write_bytes(content)
    daemon.signal(signal.SIGCONT)
    until("all of the burst", lambda: settled(place) == before + count, PATIENCE_S)
    return dropped


def growth(samples: list[Sample], name: str) -> tuple[float, float]:
    """Medians of the first and the last tenth, by documents done; the first hundred only warm up."""
    warm = [one for one in samples if one.done >= 100]
    tenth = max(1, len(warm) // 10)
    values = [float(getattr(one, name)) for one in warm]
    return statistics.median(values[:tenth]), statistics.median(values[-tenth:])


def run(root: Path, options: argparse.Namespace) -> bool:
    """All phases; prints the report, and returns whether every promise was kept."""
    begun = time.monotonic()
    rng = random.Random(options.seed)
    place, nursery, arriving = new_place(root / "place"), Nursery(), documents(rng)
    dropped = storm(place, nursery, arriving, rng, options.kills)
    stormy = len(dropped)
    daemon = nursery.start(place.config, Faults())
    until("everything of the storm", lambda: settled(place) == stormy, PATIENCE_S)
    dropped |= burst(place, daemon, arriving, options.burst)
    daemon.stop()
    daemon = nursery.start(place.config, Faults())
    quiet, samples = steady(place, daemon, arriving, rng, max(1, options.documents - len(dropped)))
    dropped |= quiet
    until("work to be empty", lambda: not place.files("work"))
    daemon.stop()
    nursery.close()
    check(place, dropped)
    verified = place.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    states = {str(state): count for state, count in place.query("select state, count(*) from jobs group by state")}
    table = Table("what", "figure", title=f"soak, seed {options.seed}")
    for what, figure in {
        "documents dropped": len(dropped),
        "recorded": states.get("done"),
        "duplicates of one recorded": states.get("duplicate"),
        "failed with a reason": states.get("failed"),
        "lost": 0,
        "recorded twice": 0,
        "kills survived": options.kills,
        "dropped while the daemon was stopped": options.burst,
        "without a kill in the steady phase": len(quiet),
        "minutes": f"{(time.monotonic() - begun) / 60:.1f}",
    }.items():
        table.add_row(what, str(figure))
    flat = True
    for what, name in (
        ("daemon, MB", "daemon_mb"),
        ("largest worker, MB", "workers_mb"),
        ("descriptors", "descriptors"),
    ):
        first, last = growth(samples, name)
        flat &= last <= first * (1 + MAX_GROWTH)
        table.add_row(f"{what}: first tenth, last tenth", f"{first:.1f}, {last:.1f} ({last / first - 1:+.1%})")
    Console().print(table)
    return flat


def main() -> None:
    """Parse arguments, run, exit with 1 if memory or descriptors grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=20_000, help="at least so many documents altogether")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--burst", type=int, default=8_000, help="files dropped while the daemon is stopped")
    parser.add_argument("--seed", type=int, default=20_261_103)
    with tempfile.TemporaryDirectory() as root:
        if not run(Path(root), parser.parse_args()):
            sys.exit("ingestd grew by more than a tenth")


if __name__ == "__main__":
    main()
