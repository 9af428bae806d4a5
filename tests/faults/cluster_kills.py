"""Kills on a cluster: scheduler, worker machines and daemon die at random; nothing is lost, twice, or blamed.

    python -m tests.faults.cluster_kills [--documents 2000] [--kills 50] [--machines 3] [--seed 1]

All processes run on loopback with certificates. The models only pretend (tests/support/stand_in.py). Exits with 1 if
a document was lost, recorded twice or failed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.support.armed import Faults
from tests.support.cluster import Cluster
from tests.support.invariants import check
from tests.support.nursery import Nursery, Started
from tests.support.process import Installation, until
from tests.support.stand_in import picture

PATIENCE_S = 1800.0


def storm(root: Path, options: argparse.Namespace, nursery: Nursery) -> dict[str, int]:
    """Do the kills; return how often each kind of process died."""
    rng = random.Random(options.seed)
    cluster = Cluster(root, nursery)
    cluster.start_scheduler()
    machines = [f"machine-{number}" for number in range(options.machines)]
    for name in machines:
        cluster.start_worker(name, forked=False)
    place = Installation(
        root / "place",
        more=f"{cluster.engine}settle: {{quiet_s: 0.1, rescan_s: 1}}\nledger: {{backoff_s: 0.5, backoff_max_s: 5}}\n",
    )
    documents = {f"{number:05}.png": picture(number, model="slow") for number in range(options.documents)}
    for name, content in documents.items():
        (place.inbox / name).write_bytes(content)
    faults = Faults(control_s=0.5)
    daemon: Started = nursery.start(place.config, faults)
    deaths = {"daemon": 0, "scheduler": 0, "machine": 0}
    try:
        for number in range(options.kills):
            wanted = options.documents * (number + 1) // (options.kills + 1)
            until(f"{wanted} documents", lambda wanted=wanted: len(place.documents()) >= wanted, PATIENCE_S)  # type: ignore[misc]
            time.sleep(rng.uniform(0, 0.5))
            kind = rng.choice(["daemon", "scheduler", "machine", "machine"])
            deaths[kind] += 1
            if kind == "daemon":
                daemon.kill()
                daemon = nursery.start(place.config, faults)
            elif kind == "scheduler":
                cluster.kill(kind)
                cluster.start_scheduler()
            else:
                name = rng.choice(machines)
                cluster.kill(name)
                cluster.start_worker(name, forked=False)
            print(f"{number + 1}: {kind} killed with {len(place.documents())} documents recorded", flush=True)
        until("the rest", lambda: place.settled(len(documents)) and not place.files("work"), PATIENCE_S)
        daemon.stop()
        check(place, documents)
        failed = [name for (name,) in place.query("select name from jobs where state = 'failed'")]
        attempts = place.query("select attempt, count(*) from jobs group by attempt")
        print(f"{len(place.documents())} recorded, failed: {failed}, documents by attempts: {attempts}")
        assert place.documents() == sorted(documents)
        return deaths
    finally:
        cluster.close()


def main() -> None:
    """Parse arguments, run, exit with 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--machines", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    nursery = Nursery()
    begun = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as root:
            print(storm(Path(root), options, nursery), f"{time.monotonic() - begun:.0f} s")
    except AssertionError as error:
        sys.exit(f"something went wrong: {error}")
    finally:
        nursery.close()


if __name__ == "__main__":
    main()
