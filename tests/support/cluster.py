"""Scheduler and worker machines as processes on loopback, with certificates."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestd.engine import certificates
from tests.support.armed import Faults
from tests.support.nursery import Nursery, Started
from tests.support.process import until


def free_port() -> int:
    """A TCP port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def remembered(dask_scheduler: Any) -> list[str]:
    """What a scheduler still knows of documents and machines; to be run there."""
    spans = getattr(dask_scheduler.extensions.get("spans"), "spans", {})
    return sorted(map(str, [*spans, *dask_scheduler.tasks, *dask_scheduler.task_groups]))


class Cluster:
    """Processes by name; ``scheduler`` is one of them."""

    def __init__(self, root: Path, nursery: Nursery) -> None:
        self.root = root
        self._nursery = nursery
        self.certificates = root / "certificates"
        certificates.make(self.certificates, datetime.now(UTC))
        self.address = f"tls://127.0.0.1:{free_port()}"
        self._processes: dict[str, Started] = {}

    @property
    def engine(self) -> str:
        """Section of config.yaml."""
        return (
            f"engine: {{kind: dask, scheduler: '{self.address}', certificates: {self.certificates}, time_limit_s: 8}}\n"
        )

    def start_scheduler(self) -> None:
        """Start it, or start it again at the same address."""
        words = ["cluster", "scheduler", "--listen", self.address]
        self._start("scheduler", self.certificates, Faults(), *words)

    def start_worker(
        self,
        name: str,
        *,
        slots: int = 1,
        fault: str | None = None,
        certificates: Path | None = None,
        forked: bool = True,
    ) -> None:
        """Start a machine; its models only pretend.

        Its processes are forked, which saves the seconds that loading takes. Then they share the signals of asyncio
        with it: the SIGTERM that ends a process which is out of time would end the machine as well.
        """
        words = ["worker", self.address, "--name", name, "--slots", str(slots), "--memory-limit-mb", "2048"]
        words += ["--work", str(self.root / name)]
        self._start(name, certificates or self.certificates, Faults(worker=fault, forked=forked), *words)

    def _start(self, name: str, certificates: Path, faults: Faults, *words: str) -> None:
        arguments = [*words, "--certificates", str(certificates)]
        self._processes[name] = self._nursery.program(arguments, faults, self.root / f"{name}.log")

    def log(self, name: str) -> str:
        """What a process said so far."""
        path = self.root / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def says(self, name: str, text: str) -> None:
        """Wait until a process says something."""
        until(f"{name} to say {text!r}: {self.log(name)}", lambda: text in self.log(name))

    def kill(self, name: str) -> None:
        """End it as a power cut would."""
        self._processes.pop(name).kill()

    def stop(self, name: str) -> int:
        """End it as systemd would; return its exit status."""
        process = self._processes.pop(name)
        process.stop()
        return process.wait()

    def wait(self, name: str) -> int:
        """Exit status of a process that ends by itself."""
        return self._processes.pop(name).wait()

    def close(self) -> None:
        """End everything."""
        for name in list(self._processes):
            self.kill(name)
