"""Scheduler, worker machines and daemon as processes with certificates; each is killed, and some lie."""

from __future__ import annotations

import asyncio
import gc
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestd.app import engines
from ingestd.config import parse, reading_hash
from ingestd.document import Claim
from ingestd.engine import certificates, dask
from ingestd.engine.dask import DaskEngine
from ingestd.errors import AttemptError, DocumentError, TimeLimitError, TransientError
from ingestd.files.identity import digest
from tests.support.armed import Faults
from tests.support.cluster import Cluster, remembered
from tests.support.invariants import check
from tests.support.nursery import Nursery
from tests.support.process import Installation, until
from tests.support.stand_in import damaged, picture

pytestmark = [
    pytest.mark.timeout(240),
    # A client of distributed that loses its scheduler may leave a coroutine that it never awaited.
    pytest.mark.filterwarnings("ignore:coroutine '.*' was never awaited:RuntimeWarning"),
]


@pytest.fixture
def cluster(root: Path, nursery: Nursery) -> Iterator[Cluster]:
    cluster = Cluster(root, nursery)
    try:
        cluster.start_scheduler()
        yield cluster
    finally:
        for log in root.glob("*.log"):
            print(log.name, log.read_text(errors="replace")[-3000:])
        cluster.close()
        gc.collect()  # here, where such a coroutine is ignored, and not in a later test


@pytest.fixture
def engine(cluster: Cluster, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DaskEngine]:
    monkeypatch.setattr(dask, "_HOLD_S", 120.0)  # a busy machine may need a while to start another worker
    engine = engines.start_recording(parse(f"inboxes: [{{path: inbox}}]\n{cluster.engine}", root / "config.yaml"))
    assert isinstance(engine, DaskEngine)
    yield engine
    engine.close(finish=False)


def claim(root: Path, name: str, content: bytes) -> Claim:
    path = root / name
    path.write_bytes(content)
    return Claim(path, path, len(content), digest(path), attempt=1)


def test_machine_reads_under_its_own_limits(cluster: Cluster, engine: DaskEngine, root: Path) -> None:
    cluster.start_worker("one", forked=False)
    until("the machine to be ready", lambda: engine.slots == 1)
    good = claim(root, "\udcff good.png", picture(1))
    record = engine.submit(good).result()
    assert (record.sha256, record.name, record.media_type) == (good.sha256, "\\xff good.png", "image/png")
    with pytest.raises(DocumentError, match=r"."):
        engine.submit(claim(root, "damaged.png", damaged(2))).result()
    with pytest.raises(AttemptError, match="SIGSEGV"):
        engine.submit(claim(root, "segfault.png", picture(3, decode="segfault"))).result()
    with pytest.raises(AttemptError, match="out of memory"):
        engine.submit(claim(root, "memory.png", picture(4, decode="memory"))).result()
    with pytest.raises(TransientError, match="a share that is gone"):
        engine.submit(claim(root, "surroundings.png", picture(5, decode="surroundings"))).result()
    with pytest.raises(TimeLimitError, match="longer than 8 s"):
        engine.submit(claim(root, "endless.png", picture(6, decode="endless"))).result()
    assert engine.submit(claim(root, "after.png", picture(7))).result().name == "after.png"
    (machine,) = engine.machines
    assert (machine.name, machine.slots, machine.in_work, machine.problem) == ("one", 1, 0, "")
    assert (machine.documents, machine.restarts >= 2, engine.restarts >= 2) == (7, True, True)
    assert not list((root / "one" / "documents").glob("????????????????????????????????")), "no document stays behind"
    until("the scheduler to forget", lambda: asked_of_scheduler(engine) == [])
    assert cluster.stop("one") == 0


def asked_of_scheduler(engine: DaskEngine) -> list[str]:
    """What the scheduler still remembers."""

    async def ask() -> list[str]:
        return list(await engine._cluster.client.run_on_scheduler(remembered))

    return asyncio.run_coroutine_threadsafe(ask(), engine._loop).result()


def test_only_the_loss_of_a_machine_that_had_begun_costs_an_attempt(
    cluster: Cluster, engine: DaskEngine, root: Path
) -> None:
    cluster.start_worker("one")
    until("the machine to be ready", lambda: engine.slots == 1)
    begun = engine.submit(claim(root, "begun.png", picture(1, decode="endless")))
    waiting = engine.submit(claim(root, "waiting.png", picture(2)))  # the daemon sends one more than there are slots
    until("the machine to begin", lambda: bool(engine._cluster._begun))
    cluster.kill("one")
    with pytest.raises(AttemptError, match="one was lost while it read the document"):
        begun.result()
    assert not waiting.done()
    cluster.start_worker("two")
    assert waiting.result().name == "waiting.png"

    begun = engine.submit(claim(root, "begun again.png", picture(3, decode="endless")))
    until("the machine to begin", lambda: bool(engine._cluster._begun))
    cluster.kill("scheduler")
    with pytest.raises(TransientError, match="scheduler"):
        begun.result()
    cluster.start_scheduler()
    assert engine.submit(claim(root, "after.png", picture(4))).result().name == "after.png"


def test_machine_that_is_stopped_finishes_its_document(cluster: Cluster, engine: DaskEngine, root: Path) -> None:
    cluster.start_worker("one")
    until("the machine to be ready", lambda: engine.slots == 1)
    slow = engine.submit(claim(root, "slow.png", picture(1, model="slow")))
    late = engine.submit(claim(root, "late.png", picture(2)))
    cluster.start_worker("two")
    assert cluster.stop("one") == 0
    assert (slow.result().name, late.result().name) == ("slow.png", "late.png")


def test_reload_is_rolling(cluster: Cluster, engine: DaskEngine, root: Path) -> None:
    cluster.start_worker("one", forked=False)
    until("the machine to be ready", lambda: engine.slots == 1)
    old = engine.submit(claim(root, "old.png", picture(1, model="slow")))
    until("the machine to begin", lambda: bool(engine._cluster._begun))
    config = parse(f"inboxes: [{{path: inbox}}]\nreading: {{effort: fast}}\n{cluster.engine}", root / "config.yaml")
    reloaded = engines.start_recording(config)
    try:
        new = reloaded.submit(claim(root, "new.png", picture(2)))
        before, after = old.result().provenance, new.result().provenance
        assert after["config"] == reading_hash(config) != before["config"]
        assert engine.machines[0].restarts == 0
    finally:
        reloaded.close(finish=True)


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        ("rules", "is refused: rules: found 0123456789abcdef, expected"),
        ("version", "is refused: found ingestd 0.0.1, expected"),
        ("rubbish", "replied rubbish: found a record that does not fit"),
    ],
)
def test_machine_that_reads_otherwise_is_refused_and_nothing_is_recorded(
    cluster: Cluster,
    engine: DaskEngine,
    root: Path,
    caplog: pytest.LogCaptureFixture,
    fault: str,
    refusal: str,
) -> None:
    cluster.start_worker("liar", fault=fault)
    future = engine.submit(claim(root, "a.png", picture(1)))
    until("the refusal", lambda: refusal in caplog.text)
    assert engine.slots == 0
    if fault == "rubbish":
        with pytest.raises(AttemptError, match="liar replied rubbish"):
            future.result()
        future = engine.submit(claim(root, "b.png", picture(2)))
    cluster.start_worker("honest")
    assert future.result().provenance["rules"] != "0123456789abcdef"
    assert [one.name for one in engine.machines if not one.problem] == ["honest"]


def test_machine_without_a_certificate_of_the_cluster_is_refused(
    cluster: Cluster, engine: DaskEngine, root: Path
) -> None:
    cluster.start_worker("nobody", certificates=root / "nothing")
    assert cluster.wait("nobody") == 78
    assert "worker.pem: found no such file; make it with 'ingestd cluster certificates'" in cluster.log("nobody")
    foreign = root / "foreign"
    certificates.make(foreign, datetime.now(UTC))
    cluster.start_worker("foreign", certificates=foreign)
    cluster.says("foreign", "does not take this certificate")
    cluster.says("scheduler", "TLS handshake")
    assert engine.machines == ()


def test_no_document_is_lost_twice_or_blamed_while_everything_is_killed(
    cluster: Cluster, root: Path, nursery: Nursery
) -> None:
    rng = random.Random(20)
    place = Installation(
        root / "place",
        more=f"{cluster.engine}settle: {{quiet_s: 0.1, rescan_s: 1}}\nledger: {{backoff_s: 0.2, backoff_max_s: 1}}\n",
    )
    documents = {f"{number:03}.png": picture(number, model="slow") for number in range(60)}
    for name, content in documents.items():
        (place.inbox / name).write_bytes(content)
    for name in ("one", "two"):
        cluster.start_worker(name)
    faults = Faults(control_s=0.2)
    daemon = nursery.start(place.config, faults)
    for victim in ("one", "scheduler", "daemon", "two"):
        count = len(place.documents())
        until(f"progress before {victim} dies", lambda at=count: len(place.documents()) > at + rng.randrange(1, 6))  # type: ignore[misc]
        match victim:
            case "daemon":
                daemon.kill()
                daemon = nursery.start(place.config, faults)
            case "scheduler":
                cluster.kill(victim)
                cluster.start_scheduler()
            case _:
                cluster.kill(victim)
                cluster.start_worker(victim)
    until("everything to be settled", lambda: place.settled(len(documents)) and not place.files("work"))
    machines = json.loads(place.command("status", "--json").stdout)["machines"]
    assert {machine["name"] for machine in machines if not machine["problem"]} == {"one", "two"}
    daemon.stop()
    check(place, documents)
    assert place.documents() == sorted(documents)
