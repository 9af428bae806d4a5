"""Figures as Prometheus reads them."""

from __future__ import annotations

import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ingestd.config import MetricsConfig, parse
from ingestd.daemon.metrics import Metrics
from ingestd.engine import Machine
from ingestd.errors import ConfigError
from ingestd.watch import inbox
from ingestd.watch.observe import Unseen
from tests.support.world import World

Figures = dict[str, float]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "{path: inbox, watch: polling, poll_s: 1}")


@pytest.fixture
def metrics(world: World) -> Metrics:
    return served_at(world, "127.0.0.1", 0)


@pytest.fixture
def port(metrics: Metrics) -> Iterator[int]:
    with metrics.served() as port:
        yield port


def served_at(world: World, address: str, port: int) -> Metrics:
    options = MetricsConfig.model_construct(address=address, port=port)
    config = world.config.model_copy(update={"metrics": options})
    return Metrics(config, world.daemon, world.service.health, world.clock)


def figures(port: int) -> Figures:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_queue_states_stages_and_health(world: World, metrics: Metrics, port: int) -> None:
    world.drop("good.png")
    world.drop("bad.png")
    world.run(4)
    for report in world.reports:
        metrics.note(report)
    world.engine.hold = True
    world.drop("waits.png")
    world.run(4)
    found = figures(port)
    assert found["ingestd_documents done"] == 1
    assert found["ingestd_documents failed"] == 1
    assert found["ingestd_documents running"] == 1
    assert found["ingestd_documents duplicate"] == 0
    assert found["ingestd_queue_depth"] == 1
    assert found["ingestd_oldest_waiting_seconds"] > 0
    assert found["ingestd_outcomes_total recorded"] == 1
    assert found["ingestd_outcomes_total duplicate"] == 0
    assert found["ingestd_stage_seconds_sum recognise"] == 0.75
    assert found["ingestd_stage_seconds_count decode"] == 1
    assert found["ingestd_in_work"] == 1
    assert found["ingestd_worker_restarts_total"] == 0
    assert found["ingestd_healthy"] == found["ingestd_database_up"] == found["ingestd_inbox_watched inbox"] == 1
    assert found["ingestd_inbox_events inbox"] == 0
    assert found["process_resident_memory_bytes"] > 0


def test_what_is_wrong_shows(world: World, port: int) -> None:
    world.inbox.rmdir()
    world.run(2)
    world.engine.restarts = 3
    world.db.close()
    world.config.record.database.rename(world.root / "away.db")
    found = figures(port)
    assert found["ingestd_inbox_watched inbox"] == 0
    assert found["ingestd_worker_restarts_total"] == 3
    assert found["ingestd_database_up"] == 0
    assert "ingestd_queue_depth" not in found


def test_places_that_cannot_be_looked_at_are_counted_by_inbox(
    world: World, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.step()
    assert figures(port)["ingestd_blind_spots inbox"] == 0
    monkeypatch.setattr(inbox, "scan", lambda *_, **__: [Unseen(world.inbox / name, "is locked") for name in "ab"])
    world.run(10)
    assert figures(port)["ingestd_blind_spots inbox"] == 2


def test_restarts_are_counted_over_a_change_of_engines(world: World) -> None:
    world.engine.restarts = 2
    world.daemon.replace_engine(type(world.engine)())
    world.step()
    assert world.daemon.worker_restarts == 2


def test_port_that_is_taken_is_a_configuration_error(world: World) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        taken = rf"127\.0\.0\.1 port {port} cannot be served on \(Address already"
        with pytest.raises(ConfigError, match=taken), served_at(world, "127.0.0.1", port).served():
            pass


def test_address_of_another_machine_is_a_configuration_error(world: World) -> None:
    with pytest.raises(ConfigError, match=r"metrics\.address"), served_at(world, "192.0.2.1", 9464).served():
        pass


def test_missing_extra_is_a_configuration_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigError, match=r"pip install 'ingestd\[metrics\]'"):
        served_at(world, "127.0.0.1", 0)


@pytest.mark.parametrize("port", ["0", "65536", "none"])
def test_ports_that_cannot_be_meant(port: str) -> None:
    with pytest.raises(ConfigError, match=r"metrics\.port"):
        parse(f"inboxes: [{{path: a}}]\nmetrics: {{port: {port}}}\n", Path("/etc/config.yaml"))


def test_machines_that_read_for_this_one_show(world: World, port: int) -> None:
    assert not any(name.startswith("ingestd_machine") for name in figures(port))
    world.engine.machines = (
        Machine("one", "tls://a:1", slots=2, in_work=1, documents=5, sent_bytes=700, restarts=3),
        Machine("one", "tls://a:2", slots=0, in_work=0, documents=1, problem="is gone"),
        Machine("two", "tls://b:1", slots=4, in_work=4),
    )
    found = figures(port)
    assert (found["ingestd_machine_slots one"], found["ingestd_machine_slots two"]) == (2, 4)
    assert (found["ingestd_machine_in_work one"], found["ingestd_machine_replies_total one"]) == (1, 6)
    assert (found["ingestd_machine_sent_bytes_total one"], found["ingestd_machine_restarts_total one"]) == (700, 3)
