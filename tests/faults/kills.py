"""Kills in quick succession: no innocent document fails, and one that takes the daemon down fails alone.

    python -m tests.faults.kills [--intervals 0.5 1 2 4 8] [--seeds 3] [--documents 200] [--minutes 0.5]

For each mean interval and seed a daemon is killed (SIGKILL) again and again, the interval counted from the moment in
which it has begun a document, for as long as ``--minutes`` says. Then it is left alone until everything is settled.
The models only pretend, and take their time (tests/support/stand_in.py). In a last run one document takes the daemon
down whenever it is in work.
Exits with 1 if an innocent document failed, or anything was lost or recorded twice.
"""

from __future__ import annotations

import argparse
import functools
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.support.armed import Faults
from tests.support.invariants import check
from tests.support.nursery import Nursery
from tests.support.process import Installation, until
from tests.support.stand_in import picture

PATIENCE_S = 1800.0
KILLER = "killer.png"
MORE = "settle: {quiet_s: 0.1, rescan_s: 1}\nengine: {workers: 2, memory_limit_mb: 2048}\nenhance: {plan: none}\n"


def place_with(root: Path, documents: Mapping[str, bytes]) -> Installation:
    """An installation with documents in its inbox."""
    place = Installation(root, more=MORE)
    for name, content in documents.items():
        (place.inbox / name).write_bytes(content)
    return place


def slow_documents(count: int) -> dict[str, bytes]:
    """Documents that each take a while to read."""
    return {f"{number:04}.png": picture(number, model="slow") for number in range(count)}


def settle(place: Installation, nursery: Nursery, count: int) -> None:
    """Let a daemon finish everything."""
    daemon = nursery.start(place.config, Faults())
    until("everything to be settled", lambda: place.settled(count) and not place.files("work"), PATIENCE_S)
    daemon.stop()


def kill_at_random(place: Installation, nursery: Nursery, rng: random.Random, mean_s: float, total_s: float) -> int:
    """Start and kill daemons for so many seconds; return the number of kills."""
    kills, end = 0, time.monotonic() + total_s
    while time.monotonic() < end:
        before = _last_start(place)
        daemon = nursery.start(place.config, Faults(forked=True))
        while _last_start(place) == before and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(rng.expovariate(1 / mean_s))
        daemon.kill(group=True)
        kills += 1
    return kills


def _last_start(place: Installation) -> object:
    """Moment of the last start of an attempt that has not ended."""
    return place.query("select max(updated_at) from jobs where state = 'running'")


def kill_while_in_work(place: Installation, nursery: Nursery, faults: Faults, patience_s: float = PATIENCE_S) -> int:
    """Start daemons, kill each while ``KILLER`` is in work, until that has failed; return the number of kills."""
    kills, killed, end = 0, None, time.monotonic() + patience_s
    while True:
        daemon = nursery.start(place.config, faults)
        while (found := _change(place, killed)) is None:
            assert time.monotonic() < end, place.log()
            time.sleep(0.01)
        if found[0] != "running":
            daemon.stop()
            return kills
        daemon.kill(group=True)
        kills, killed = kills + 1, found


def _change(place: Installation, before: tuple[object, ...] | None) -> tuple[object, ...] | None:
    """State of ``KILLER`` and when it changed; None until it is in work or at its end, in this life of the daemon."""
    for row in place.query(f"select state, updated_at from jobs where name = '{KILLER}'"):
        if row != before and row[0] in ("running", "failed", "done"):
            return row
    return None


def failed_of(place: Installation) -> list[str]:
    """Names of the documents that failed."""
    return [str(name) for (name,) in place.query("select name from jobs where state = 'failed' order by name")]


def storm(root: Path, options: argparse.Namespace, mean_s: float, seed: int) -> tuple[int, list[str]]:
    """One run; return the number of kills and the names of failed documents."""
    nursery = Nursery()
    try:
        documents = slow_documents(options.documents)
        place = place_with(root / f"{mean_s}-{seed}", documents)
        rng = random.Random(f"{mean_s} {seed}")
        kills = kill_at_random(place, nursery, rng, mean_s, 60 * options.minutes)
        settle(place, nursery, len(documents))
        check(place, documents)
        return kills, failed_of(place)
    finally:
        nursery.close()


def run(root: Path, options: argparse.Namespace) -> bool:
    """All runs; prints the table, and returns whether no innocent document failed."""
    table = Table("mean interval, s", "kills", "failed", title=f"{options.documents} documents, {options.seeds} seeds")
    failed: list[str] = []
    for mean_s in options.intervals:
        with ThreadPoolExecutor(options.seeds) as pool:
            results = list(pool.map(functools.partial(storm, root, options, mean_s), range(options.seeds)))
        failed += [name for _, names in results for name in names]
        kills_of, failed_in = ([kills for kills, _ in results], [len(names) for _, names in results])
        print(mean_s, results, flush=True)
        table.add_row(f"{mean_s:g}", ", ".join(map(str, kills_of)), ", ".join(map(str, failed_in)))
    nursery = Nursery()
    documents = {**slow_documents(options.documents // 10), KILLER: picture(-1, model="slow")}
    place = place_with(root / "killer", documents)
    kills = kill_while_in_work(place, nursery, Faults(forked=True))
    settle(place, nursery, len(documents))
    nursery.close()
    check(place, documents)
    table.add_row("a killer", str(kills), ", ".join(failed_of(place)))
    Console().print(table)
    return not failed and failed_of(place) == [KILLER]


def main() -> None:
    """Parse arguments, run, exit with 1 if an innocent document failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--intervals", type=float, nargs="+", default=[0.5, 1, 2, 4, 8])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=0.5, help="of kills in each run")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as root:
        if not run(Path(root), parser.parse_args()):
            sys.exit("an innocent document failed")


if __name__ == "__main__":
    main()
