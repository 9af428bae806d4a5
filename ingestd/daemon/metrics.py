"""Metrics for Prometheus, served by the daemon's process from a thread of its own."""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import ingestd
from ingestd.clock import Clock
from ingestd.config import EXTRA_FOR_METRICS, Config
from ingestd.daemon.events import JobEvent, JobOutcome
from ingestd.daemon.health import Health
from ingestd.daemon.loop import Daemon
from ingestd.errors import ConfigError, IngestdError
from ingestd.store.database import connect, faults
from ingestd.store.job import UNSETTLED, State
from ingestd.store.queries import jobs_by_state, oldest_waiting

if TYPE_CHECKING:
    from prometheus_client.core import Metric

log = logging.getLogger(__name__)

_STAGE_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Seconds; from one small page to the longest document."""


class Metrics:
    """Counters of the running daemon, and values that are looked up on request.

    Args:
        config: where the database is, where to serve.
        daemon: running.
        health: as judged by the loop.
        clock: source of time.

    Raises:
        ConfigError: prometheus-client is not installed.
    """

    def __init__(self, config: Config, daemon: Daemon, health: Health, clock: Clock) -> None:
        try:
            import prometheus_client as prometheus
        except ImportError as error:
            raise ConfigError([EXTRA_FOR_METRICS]) from error
        self._database = config.record.database
        self._options = config.metrics
        self._clock = clock
        self._daemon = daemon
        self._health = health
        self.registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=self.registry)
        self._outcomes = prometheus.Counter(
            "ingestd_outcomes", "Outcomes of documents since the start.", ["outcome"], registry=self.registry
        )
        for outcome in JobOutcome:
            self._outcomes.labels(outcome.value)
        self._seconds = prometheus.Histogram(
            "ingestd_stage_seconds",
            "Seconds per stage of recorded documents.",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(self)

    def note(self, event: JobEvent) -> None:
        """Count an outcome, and the seconds of each stage of a recorded document."""
        self._outcomes.labels(event.outcome.value).inc()
        if event.record is not None:
            for stage, seconds in event.record.timings.items():
                self._seconds.labels(stage).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """Yield the values of one request; prometheus-client calls this in a thread of its own."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        yield InfoMetricFamily("ingestd", "Which ingestd this is.", {"version": ingestd.__version__})
        yield GaugeMetricFamily(
            "ingestd_healthy", "1 while systemd's watchdog is fed.", float(self._health.problem is None)
        )
        yield CounterMetricFamily(
            "ingestd_worker_restarts", "Workers that died or were killed.", self._daemon.worker_restarts
        )
        yield GaugeMetricFamily("ingestd_in_work", "Documents that workers or hooks have.", self._daemon.in_work)
        yield from self._of_machines()
        watched = GaugeMetricFamily("ingestd_inbox_watched", "1 while the folder is there.", labels=["inbox"])
        native = GaugeMetricFamily("ingestd_inbox_events", "1 while kernel events come, 0 if polled.", labels=["inbox"])
        blind = GaugeMetricFamily("ingestd_blind_spots", "Places that cannot be looked at.", labels=["inbox"])
        for name, count in self._daemon.blind_spots.items():
            blind.add_metric([name], count)
        for inbox in self._daemon.inboxes:
            watched.add_metric([inbox.config.name], float(inbox.problem is None))
            native.add_metric([inbox.config.name], float(inbox.native))
        yield watched
        yield native
        yield blind
        yield from self._of_database()

    def _of_machines(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        machines = self._daemon.machines
        slots = GaugeMetricFamily("ingestd_machine_slots", "Documents that it takes at once.", labels=["machine"])
        in_work = GaugeMetricFamily("ingestd_machine_in_work", "Documents that it has.", labels=["machine"])
        replies = CounterMetricFamily("ingestd_machine_replies", "Replies of the machine.", labels=["machine"])
        sent = CounterMetricFamily("ingestd_machine_sent_bytes", "Bytes of documents sent to it.", labels=["machine"])
        restarts = CounterMetricFamily(
            "ingestd_machine_restarts", "Processes of the machine that died or were killed.", labels=["machine"]
        )
        for name in sorted({machine.name for machine in machines}):
            same = [machine for machine in machines if machine.name == name]
            slots.add_metric([name], sum(machine.slots for machine in same))
            in_work.add_metric([name], sum(machine.in_work for machine in same))
            replies.add_metric([name], sum(machine.documents for machine in same))
            sent.add_metric([name], sum(machine.sent_bytes for machine in same))
            restarts.add_metric([name], sum(machine.restarts for machine in same))
        if machines:
            yield from (slots, in_work, replies, sent, restarts)

    def _of_database(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        try:
            with faults(self._database), closing(connect(self._database, "read")) as db:
                counts, oldest = jobs_by_state(db), oldest_waiting(db, self._clock.now())
        except (IngestdError, sqlite3.Error) as error:
            log.warning("metrics: the database does not answer: %s", error)
            yield GaugeMetricFamily("ingestd_database_up", "1 if the database answered.", 0.0)
            return
        yield GaugeMetricFamily("ingestd_database_up", "1 if the database answered.", 1.0)
        states = GaugeMetricFamily("ingestd_documents", "Documents by state.", labels=["state"])
        for state in State:
            states.add_metric([state.value], counts.get(state.value, 0))
        yield states
        depth = sum(counts.get(state.value, 0) for state in UNSETTLED)
        yield GaugeMetricFamily("ingestd_queue_depth", "Documents that have arrived and are not at their end.", depth)
        yield GaugeMetricFamily(
            "ingestd_oldest_waiting_seconds",
            "Age of the oldest of them; 0 if there is none.",
            0.0 if oldest is None else oldest.age_s,
        )

    @contextmanager
    def served(self) -> Iterator[int]:
        """Serve ``http://ADDRESS:PORT/metrics`` for the block; yields the port (that the kernel chose, if 0).

        Raises:
            ConfigError: the address or the port cannot be had.
        """
        from prometheus_client import start_http_server

        address, port = self._options.address, self._options.port or 0
        try:
            server, thread = start_http_server(port, address, self.registry)
        except OSError as error:
            raise ConfigError(
                [
                    f"metrics: {address} port {port} cannot be served on ({error.strerror or error}),"
                    f" expected a free port of this machine; {_fix(error)}"
                ]
            ) from error
        log.info("metrics at http://%s:%d/metrics", address, server.server_port)
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _fix(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "stop the program that has it, or correct metrics.port"
    return "correct metrics.port or metrics.address; the service needs the drop-in systemd/metrics.conf"
