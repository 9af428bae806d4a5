"""A worker machine: takes documents from the scheduler and hands each to its own local engine.

Dask can neither kill a task that runs nor confine it. So its worker only passes documents on: time, memory and system
calls are limited by the processes of :mod:`ingestd.engine.local`, as on one machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Worker
from distributed.comm.core import connect

import ingestd
from ingestd.config.operating import address_problem
from ingestd.engine import Engine, quiet, tls, wire
from ingestd.engine.recipe import Recipe
from ingestd.engine.rolling import RollingEngine
from ingestd.errors import ConfigError

log = logging.getLogger(__name__)

BEGUN = "ingestd-begun"
"""Topic under which a worker tells that it has begun with a document; the message is the key of the task."""

_SPARE_THREADS = 4
"""Tasks beside those that read: greetings, and documents that a daemon which died has left in work."""
_FINISH_S = 20.0
"""Time for documents in work after SIGTERM; less than TimeoutStopSec in the unit."""
_FETCH_S = 5.0
"""Time for the daemon to fetch the last replies."""
_AGAIN_S = 3.0
"""Pause before the scheduler is looked for again."""
_TURN_S = 1.0

StartEngine = Callable[[Recipe, Path], Engine[bytes]]
"""Starts the local engine for a recipe whose rules are in a folder; raises ConfigError if it does not fit."""


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Options of a worker machine."""

    scheduler: str
    certificates: Path | None
    name: str
    slots: int
    """Number of documents at the same time."""
    work: Path | None
    """Folder for the documents in work, which is emptied; None: a new one below the folder of temporary files."""
    listen: str | None = None
    """Host and port on which scheduler and daemon reach it; None: the address that leads to the scheduler, any port."""
    idle_s: float | None = 300.0
    """Seconds without a document after which the processes end; None: never."""


class Node:
    """State of this machine; outlives the connection to a scheduler.

    Args:
        options: as told.
        folder: of this process alone.
        start: starts local engines.
    """

    def __init__(self, options: NodeOptions, folder: Path, start: StartEngine) -> None:
        self.options = options
        self.stopping = asyncio.Event()
        self.in_work = 0
        self.worker: Any = None
        """The Dask worker that is connected now."""
        self._folder = folder
        self._start = start
        self._engine: RollingEngine[bytes] | None = None
        self._recipe_hash = ""
        self._greeting = asyncio.Lock()

    async def greet(self, version: str, text: str) -> str:
        """Take a recipe; return why this machine cannot follow it, or nothing."""
        if version != ingestd.__version__:
            return f"found ingestd {ingestd.__version__}, expected {version}; install the same version on all machines"
        async with self._greeting:
            recipe = Recipe.model_validate_json(text)
            if recipe.hash == self._recipe_hash:
                return ""
            try:
                engine = await asyncio.to_thread(self._start_engine, recipe)
            except ConfigError as error:
                return "; ".join(error.problems)
            if self._engine is None:
                self._engine = RollingEngine(engine, self.options.idle_s)
            else:  # documents in work finish with the old rules
                self._engine.replace(engine)
            self._recipe_hash = recipe.hash
            log.info("rules %s and models %s are taken", recipe.provenance["rules"], recipe.provenance["models"])
            return ""

    def _start_engine(self, recipe: Recipe) -> Engine[bytes]:
        """Start an engine; its rules are read once, at the start, so that their folder can go."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            recipe.put_rules(Path(folder))
            return self._start(recipe, Path(folder))

    async def read(self, key: str, recipe_hash: str, order: str, document: bytes) -> bytes:
        """Read one document; the reply is one of :mod:`ingestd.engine.wire`."""
        engine = self._engine
        if self.stopping.is_set():
            return wire.reply(wire.Header(kind="stopping"))
        if engine is None or recipe_hash != self._recipe_hash:
            return wire.reply(wire.Header(kind="unprepared"))
        self.worker.log_event(BEGUN, key)
        self.in_work += 1
        path = self._folder / uuid.uuid4().hex
        try:
            path.write_bytes(document)
            future = asyncio.wrap_future(engine.submit(wire.decode_claim(order, path)))
            record = await asyncio.shield(future)  # Dask cancels where the connection is lost; the process goes on
        except Exception as error:
            if self.stopping.is_set():
                return wire.reply(wire.Header(kind="stopping"))
            return wire.error_reply(error, engine.restarts)
        else:
            return wire.reply(wire.Header(kind="record", restarts=engine.restarts), record)
        finally:
            self.in_work -= 1
            path.unlink(missing_ok=True)

    def turn(self, tick: float) -> None:
        """Close engines of former rules, let an idle one rest."""
        if self._engine is not None:
            self._engine.turn(tick, expected=False)

    def close(self) -> None:
        """End what is in work."""
        if self._engine is not None:
            self._engine.close(finish=False)


_node: Node | None = None
"""Of this process; functions that Dask calls have no other way to it."""


async def greet(version: str, recipe: str) -> tuple[str, int, str]:
    """Run as a task: take a recipe; return name and slots of the machine, and why it cannot, if so."""
    node = _the_node()
    return node.options.name, node.options.slots, await node.greet(version, recipe)


async def read(key: str, recipe_hash: str, order: str, document: bytes) -> bytes:
    """Run as a task: read a document."""
    return await _the_node().read(key, recipe_hash, order, document)


def _the_node() -> Node:
    if _node is None:
        raise RuntimeError("this is a worker of Dask, not one of ingestd; start 'ingestd worker' instead")
    return _node


class _Worker(Worker):
    """Worker of Dask that serves no web page."""

    def start_http_server(self, *_: Any, **__: Any) -> None:
        """Open no port that anyone could ask without a certificate."""


# -- the process


def serve(options: NodeOptions, start: StartEngine) -> None:
    """Work for a scheduler until SIGTERM or SIGINT; one that goes away is looked for again.

    Raises:
        ConfigError: address or certificates are wrong.
    """
    problem = address_problem(options.scheduler)
    if problem:
        raise ConfigError([f"scheduler: {problem}"])
    if options.scheduler.startswith("tls:") and options.certificates is None:
        raise ConfigError([f"scheduler: {options.scheduler} needs --certificates, a folder with ca.pem and worker.pem"])
    security = tls.security(options.certificates, "worker")
    quiet.settle()
    with _folder(options.work) as folder:
        asyncio.run(_serve(options, security, Node(options, folder, start)))


@contextlib.contextmanager
def _folder(work: Path | None) -> Iterator[Path]:
    """Make the folder of this process; whatever a killed one left there is removed."""
    if work is None:
        with tempfile.TemporaryDirectory(prefix="ingestd-worker-") as made:
            yield Path(made)
        return
    folder = work / "documents"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def _serve(options: NodeOptions, security: Any, node: Node) -> None:
    global _node
    _node = node
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    turns = asyncio.create_task(_turns(node))
    said = ""
    try:
        while not stop.is_set():
            problem = await _attend(options, security, node, stop)
            if problem and problem != said:
                log.warning("%s: %s; trying again", options.scheduler, problem)
            said = problem
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _AGAIN_S)
    finally:
        turns.cancel()
        node.close()


async def _turns(node: Node) -> None:
    loop = asyncio.get_running_loop()
    while True:
        node.turn(loop.time())
        await asyncio.sleep(_TURN_S)


async def _attend(options: NodeOptions, security: Any, node: Node, stop: asyncio.Event) -> str:
    """Work for the scheduler until it goes or this process is to stop; return what is wrong."""
    try:
        probe = await connect(options.scheduler, timeout=5, **security.get_connection_args("worker"))
        await probe.close()
        worker = await asyncio.wait_for(_new_worker(options, security, node), 30)
    except (OSError, TimeoutError) as error:
        return f"does not answer or does not take this certificate ({quiet.reason(error)})"
    node.worker = worker
    log.info("%s works for %s, %d documents at the same time", options.name, options.scheduler, options.slots)
    finished, stopped = asyncio.create_task(worker.finished()), asyncio.create_task(stop.wait())
    await asyncio.wait({finished, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if stop.is_set():
        await _leave(node, worker)
        return ""
    return "the connection was lost"


async def _new_worker(options: NodeOptions, security: Any, node: Node) -> Any:
    host, _, port = (options.listen or "").rpartition(":")
    return await _Worker(
        options.scheduler,
        name=f"{options.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}",  # a name that was lost may not be free yet
        nthreads=options.slots + _SPARE_THREADS,
        host=host or None,
        port=int(port) if port else None,
        protocol=options.scheduler.partition(":")[0],
        security=security,
        memory_limit=0,
        local_directory=str(node._folder),
        dashboard=False,
        extensions={},  # the scheduler has none of spans either
        death_timeout=20,
    )


async def _leave(node: Node, worker: Any) -> None:
    """Take nothing more; finish what is in work, let the replies be fetched, then go."""
    node.stopping.set()
    log.info("finishing %d documents", node.in_work)
    await _until(lambda: not node.in_work, _FINISH_S)
    node.close()  # what is left is answered, and read by another machine
    await _until(lambda: not worker.data and not node.in_work, _FETCH_S)
    await worker.close()


async def _until(condition: Callable[[], bool], limit_s: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + limit_s
    while not condition() and loop.time() < end:
        await asyncio.sleep(0.05)
