"""Measure what a document costs beyond its reading, and simulate many machines: ``python -m lab.bench.cluster``.

Measured: the daemon's own time per document, with an engine that has read already; processor time per document through
the local engine and through scheduler and worker machine on loopback. The simulation is of discrete events: daemon,
scheduler and network are servers with one queue each, slots of machines read. Its times are the measured ones.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import heapq
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from ingestd.app import daemon, engines, pipelines
from ingestd.clock import SystemClock
from ingestd.config import Config, parse
from ingestd.daemon.service import Signals
from ingestd.document import Claim, Record
from ingestd.engine import Engine, Machine
from ingestd.files.identity import digest
from ingestd.store.database import connect
from lab.bench import harness

SLOTS = 4
"""Slots per machine in the simulation."""
DAY_S = 86_400
_REST_S = 10.0
_BATCHES = 5
RATES = {"1 million a day": 1e6 / DAY_S, "1 million in 8 h": 1e6 / (8 * 3600)}


def options(parser: argparse.ArgumentParser) -> None:
    """Add the document, counts, and the assumptions of the simulation."""
    parser.add_argument("--page", type=Path, default=harness.ROOT / "samples/receipt.png", help="a one-page document")
    parser.add_argument("--read", type=int, default=20, help="documents read through each engine")
    parser.add_argument("--record", type=int, default=200, help="documents recorded without reading")
    parser.add_argument("--address", default="tls://127.0.0.1:28786", help="of the scheduler")
    parser.add_argument(
        "--service-s", type=float, default=0.65, help="seconds of a core per document in the simulation"
    )
    parser.add_argument("--document-mb", type=float, default=0.5, help="size of a document in the simulation")
    parser.add_argument("--link-mb-s", type=float, default=110.0, help="bytes per second of the network: gigabit")
    parser.add_argument("--machines", type=int, nargs="+", default=[1, 2, 3, 5, 10, 20, 50, 100, 250, 1000])


def measure(options: argparse.Namespace) -> harness.Outcome:
    """Measure, then simulate."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        record = _read_here(root, options.page)
        daemon_s, daemon_cpu_s = _daemon_s(root, options.page, record, options.record)
        engines = [
            (name, *_through(root, options, address, slots))
            for slots, count in ((1, "one"), (2, "two"))
            for name, address in (
                (f"local engine, {count} at a time", ""),
                (f"scheduler and worker machine, {count} at a time", options.address),
            )
        ]
    local_s, more = engines[0][2], engines[1][3] - engines[0][3]
    cost = harness.Table(
        "cluster: measured",
        ("", "seconds per document", "of processors", "beyond the reading process", "at rest, of one core"),
        (
            *(
                (name, f"{wall:.3f}", f"{cpu:.3f}", f"{beyond * 1000:.1f} ms", f"{rest:.1%}")
                for name, wall, cpu, beyond, rest in engines
            ),
            ("daemon, inbox to archive, without reading", f"{daemon_s:.4f}", f"{daemon_cpu_s:.4f}", "", ""),
        ),
        f"More of processors per document, one at a time: {more * 1000:.1f} ms, {100 * more / local_s:.1f} %."
        f" More on the clock: {_more(engines[0], engines[1])}, two at a time {_more(engines[2], engines[3])}."
        " Processes at rest are"
        f" taken off. The daemon's seconds are those of the best of {_BATCHES} batches."
        f" Load of the machine, mostly of others: {os.getloadavg()[1]:.0f}.",
    )
    costs = Costs(
        daemon_s=daemon_s + max(0.0, more) / 2,
        scheduler_s=max(0.0, more) / 2,
        link_s=options.document_mb / options.link_mb_s,
        service_s=options.service_s,
    )
    quick = dataclasses.replace(costs, daemon_s=daemon_cpu_s + max(0.0, more) / 2)
    tables = (
        cost,
        simulated("cluster: simulated with the disk as measured", costs, options),
        simulated("cluster: simulated with a disk that takes no time", quick, options),
    )
    return harness.Outcome(f"the sample {options.page.name}; the rest is simulated", tables)


# -- measured


def _more(local: tuple[str, float, float, float, float], cluster: tuple[str, float, float, float, float]) -> str:
    """Write how much longer than through the local engine a document takes."""
    return f"{100 * (cluster[1] / local[1] - 1):+.1f} %"


def _config(root: Path, engine: str = "") -> Config:
    return parse(f"inboxes: [{{path: inbox}}]\nsettle: {{quiet_s: 0.1}}\n{engine}", root / "config.yaml")


def _claim(page: Path, target: Path, number: int) -> Claim:
    """Return a copy of the page that differs in its last bytes."""
    target.write_bytes(page.read_bytes() + f"\n% {number}".encode())
    return Claim(target, target, target.stat().st_size, digest(target), 1)


def _read_here(root: Path, page: Path) -> Record:
    config = _config(root)
    pipeline = pipelines.build_pipeline(config, pipelines.rules_of(config), pipelines.manifest_of(config))
    return pipeline(_claim(page, root / f"once{page.suffix}", 0))


class _HasRead:
    """Engine whose documents all have one reading."""

    slots = 8
    restarts = 0
    machines: Sequence[Machine] = ()

    def __init__(self, record: Record) -> None:
        self._record = record

    def submit(self, claim: Claim) -> Future[Record]:
        future: Future[Record] = Future()
        own = {"sha256": claim.sha256, "size_bytes": claim.size_bytes, "name": claim.source_path.name}
        future.set_result(dataclasses.replace(self._record, **own))  # type: ignore[arg-type]
        return future

    def rest(self) -> None:
        """Nothing runs."""

    def wake(self) -> None:
        """Nothing runs."""

    def close(self, *, finish: bool) -> None:
        """Nothing runs."""


def _daemon_s(root: Path, page: Path, record: Record, count: int) -> tuple[float, float]:
    """Return the daemon's seconds per document from inbox to archive, durable, and those of the processor."""
    (root / "inbox").mkdir()
    batches = [_batch(root, page, record, count // _BATCHES, number) for number in range(_BATCHES)]
    return min(wall for wall, _ in batches), min(cpu for _, cpu in batches)


def _batch(root: Path, page: Path, record: Record, count: int, batch: int) -> tuple[float, float]:
    config = _config(root)
    for number in range(count):
        _claim(page, root / "inbox" / f"{batch}-{number:05}{page.suffix}", batch * count + number)
    for folder in (config.spool.work, config.spool.archive, config.spool.failed):
        folder.mkdir(exist_ok=True)
    engine: Engine[Record] = _HasRead(record)
    with contextlib.closing(connect(config.record.database)) as db:
        service = daemon.assemble(
            config,
            db,
            engine=engine,
            new_engine=lambda: engine,
            report=lambda _: None,
            signals=Signals(),
            clock=SystemClock(),
            rng=random.Random(1),
        )
        begun, before = time.perf_counter(), time.process_time()
        service.run(once=True, started=lambda _: None)
        wall, cpu = time.perf_counter() - begun - config.settle.quiet_s, time.process_time() - before
        service.close()
    return wall / count, cpu / count


def _through(root: Path, options: argparse.Namespace, address: str, slots: int) -> tuple[float, float, float, float]:
    """Read documents; return seconds, processor seconds, those outside of the reading processes, per document.

    Last comes the share of a core that all use at rest, which is taken off.

    One more document than slots is handed over at a time, as the daemon does.
    """
    with _machines(root, address, slots) as (engine_section, processes):
        engine = engines.start_recording(_config(root, engine_section))
        try:
            warm = 2 * slots
            claims = [_claim(options.page, root / f"{number}.png", number) for number in range(options.read + warm)]
            for future in [engine.submit(claim) for claim in claims[:warm]]:
                future.result()
            reading = _children(processes)
            before, inside, begun = _cpu_s([*processes, *reading]), _cpu_s(reading), time.perf_counter()
            waiting: list[Future[Record]] = []
            for claim in claims[warm:]:
                waiting.append(engine.submit(claim))
                if len(waiting) > slots:
                    waiting.pop(0).result()
            for future in waiting:
                future.result()
            wall = time.perf_counter() - begun
            total, within = _cpu_s([*processes, *reading]) - before, _cpu_s(reading) - inside
            idle, begun = _cpu_s(processes), time.perf_counter()
            time.sleep(_REST_S)
            rest = (_cpu_s(processes) - idle) / (time.perf_counter() - begun)
        finally:
            engine.close(finish=False)
    beyond = total - within - rest * wall
    return wall / options.read, (within + beyond) / options.read, beyond / options.read, rest


@contextlib.contextmanager
def _machines(root: Path, address: str, slots: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """Start scheduler and worker machine; without an address none. Yield the section of config.yaml and processes."""
    here = psutil.Process()
    if not address:
        yield f"engine: {{workers: {slots}}}\n", [here]
        return
    from ingestd.engine.certificates import make

    make(root / "certificates", datetime.now(UTC))
    certificates = ["--certificates", str(root / "certificates")]
    ingestd = [sys.executable, "-m", "ingestd"]
    started = [
        subprocess.Popen([*ingestd, "cluster", "scheduler", "--listen", address, *certificates]),
        subprocess.Popen([*ingestd, "worker", address, "--slots", str(slots), *certificates]),
    ]
    try:
        section = f"engine: {{kind: dask, scheduler: '{address}', certificates: {root / 'certificates'}}}\n"
        yield section, [here, *(psutil.Process(one.pid) for one in started)]
    finally:
        for one in started[::-1]:
            one.terminate()
            one.wait()
        shutil.rmtree(root / "certificates")


def _children(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return the processes that read: children of those that do not, less those themselves."""
    known = {one.pid for one in processes}
    found = {child.pid: child for one in processes for child in one.children(recursive=True)}
    return [child for pid, child in found.items() if pid not in known]


def _cpu_s(family: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in family)


# -- simulated


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds per document of each server."""

    daemon_s: float
    """Of the one thread that claims, hashes, records and puts away."""
    scheduler_s: float
    link_s: float
    """Of the network, for its bytes."""
    service_s: float
    """Mean of a slot."""


@dataclass(frozen=True, slots=True)
class Run:
    """Result of a simulation."""

    per_s: float
    """Documents recorded."""
    queue: int
    """Most documents that waited in the inbox."""
    wait_s: float
    """Median time from arrival to record."""
    used: tuple[float, float, float, float]
    """Share of time in use: daemon, scheduler, network, slots."""


class _Server:
    """One queue, one document at a time."""

    def __init__(self) -> None:
        self.free_at = 0.0
        self.busy_s = 0.0

    def serve(self, now: float, seconds: float) -> float:
        """Return when a document that comes now is done."""
        self.free_at = max(now, self.free_at) + seconds
        self.busy_s += seconds
        return self.free_at


def simulate(costs: Costs, slots: int, rate: float | None, count: int, rng: random.Random) -> Run:
    """Let documents arrive, be sent, read and recorded.

    Args:
        costs: times.
        slots: of all machines; one document more may be on its way, as the daemon has it.
        rate: documents that arrive per second, at random; None: all are there at the start.
        count: number of documents.
        rng: source of randomness; reading takes an exponential time around its mean.
    """
    arrivals, now = [], 0.0
    for _ in range(count):
        now += rng.expovariate(rate) if rate else 0.0
        arrivals.append(now)
    daemon, scheduler, link = _Server(), _Server(), _Server()
    half = costs.daemon_s / 2  # before the reading and after it
    events: list[tuple[float, int, str, int]] = [
        (when, number, "arrives", number) for number, when in enumerate(arrivals)
    ]
    heapq.heapify(events)
    inbox: list[int] = []
    in_work, first, queue, read_s, order = 0, 0, 0, 0.0, count
    busy_slots, at_machines = 0, list[int]()
    waits: list[float] = []

    def later(when: float, what: str, number: int) -> None:
        nonlocal order
        order += 1
        heapq.heappush(events, (when, order, what, number))

    while events:
        now, _, what, number = heapq.heappop(events)
        match what:
            case "arrives":
                inbox.append(number)
            case "sent":
                at_machines.append(number)
            case "read":
                busy_slots -= 1
                later(daemon.serve(now, half), "recorded", number)
            case "recorded":
                in_work -= 1
                waits.append(now - arrivals[number])
        while at_machines and busy_slots < slots:
            busy_slots += 1
            seconds = rng.expovariate(1 / costs.service_s)
            read_s += seconds
            later(now + seconds, "read", at_machines.pop(0))
        while first < len(inbox) and in_work <= slots:
            in_work += 1
            claimed = daemon.serve(now, half)
            later(link.serve(scheduler.serve(claimed, costs.scheduler_s), costs.link_s), "sent", inbox[first])
            first += 1
        queue = max(queue, len(inbox) - first)
    used = (daemon.busy_s / now, scheduler.busy_s / now, link.busy_s / now, read_s / (now * slots))
    return Run(count / now, queue, statistics.median(waits), used)


def simulated(title: str, costs: Costs, options: argparse.Namespace) -> harness.Table:
    """Simulate each number of machines: all documents at once, then two rates of arrival."""
    rows = []
    for machines in options.machines:
        slots = machines * SLOTS
        count = max(5000, 20 * slots)
        full = simulate(costs, slots, None, count, random.Random(1))
        waits = [_wait(costs, slots, rate, count, full.per_s) for rate in RATES.values()]
        names = ("daemon", "scheduler", "network", "slots")
        limit = names[max(range(4), key=lambda index: full.used[index])]
        used = " / ".join(f"{100 * share:.0f}" for share in full.used)
        rows.append((str(machines), f"{full.per_s:.1f}", f"{full.per_s * DAY_S / 1e6:.2f}", used, limit, *waits))
    told = ", ".join(f"{name} {seconds * 1000:.1f} ms" for name, seconds in dataclasses.asdict(costs).items())
    return harness.Table(
        title,
        ("machines", "per second", "million a day", "daemon / scheduler / network / slots, % in use", "limit", *RATES),
        tuple(rows),
        f"{SLOTS} slots per machine. Per document: {told}. Last columns: median seconds from arrival to record.",
    )


def _wait(costs: Costs, slots: int, rate: float, count: int, most: float) -> str:
    if rate > 0.98 * most:
        return "too many"
    return f"{simulate(costs, slots, rate, count, random.Random(2)).wait_s:.1f} s"


if __name__ == "__main__":
    harness.run("cluster", __doc__, measure, options)
