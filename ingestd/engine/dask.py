"""Engine of worker machines, which a Dask scheduler connects.

The daemon stays the only one that knows what there is to do: a machine gets one document per free slot, and nothing
waits in the scheduler. So a scheduler that dies takes nothing with it, and a document is in work at one place at most.

| event | becomes |
|---|---|
| machine lost after it had begun | AttemptError: perhaps the document is to blame |
| machine lost before | the document goes to another machine |
| scheduler lost, no machine | TransientError: costs no attempt |
| reply that does not fit | AttemptError; the machine gets nothing for a minute |
| other version, rules or models | the machine is refused by name |
"""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any

from distributed import KilledWorker

from ingestd.config import EngineConfig
from ingestd.document import Claim, Record
from ingestd.engine import Machine, node, quiet, tls, wire
from ingestd.engine.cluster import PREPARING, Cluster, Item, Node, submit
from ingestd.engine.recipe import Recipe
from ingestd.errors import AttemptError, IngestdError, TransientError

log = logging.getLogger(__name__)

_WATCH_S = 0.5
"""Pause between two looks at the machines of the scheduler."""
_HOLD_S = 30.0
"""Time that a document waits for a machine when there is none, before it is put off."""
_PATIENCE = 2.5
"""Time limits after which a machine no longer counts as one that answers: its own limit has failed."""


class _NotBegun(Exception):
    """The machine is gone, and it had not begun with the document."""


class DaskEngine:
    """Engine that sends documents to worker machines; see :class:`ingestd.engine.Engine`.

    All that changes lives in one thread with an event loop; methods only leave messages there.

    Args:
        options: scheduler and certificates.
        recipe: rules and reading options that machines have to take.

    Raises:
        ConfigError: the certificates are missing or wrong.
    """

    def __init__(self, options: EngineConfig, recipe: Recipe) -> None:
        assert options.scheduler is not None, "checked by the configuration"
        quiet.settle()
        security = tls.security(options.certificates, "client")
        self._cluster = Cluster(options.scheduler, security, recipe, start=self._start, changed=self._dispatch)
        self._recipe = recipe
        self._patience_s = _PATIENCE * recipe.time_limit_s
        self.slots = 0
        self.restarts = 0
        self.machines: tuple[Machine, ...] = ()
        self._pending: deque[Item] = deque()
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        self._thread.start()

    # -- called from outside

    def submit(self, claim: Claim) -> Future[Record]:
        """See :class:`ingestd.engine.Engine`."""
        outcome: Future[Record] = Future()
        self._loop.call_soon_threadsafe(self._take, claim, outcome)
        return outcome

    def rest(self) -> None:
        """Do nothing: machines rest by themselves."""

    def wake(self) -> None:
        """Do nothing: machines wake with a document."""

    def close(self, *, finish: bool) -> None:
        """See :class:`ingestd.engine.Engine`."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._shut(finish=finish), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # -- the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._watching = self._loop.create_task(self._watch())
        self._loop.run_forever()
        self._loop.close()

    def _take(self, claim: Claim, outcome: Future[Record]) -> None:
        self._pending.append(Item(claim, outcome, self._loop.time()))
        self._dispatch()

    def _dispatch(self) -> None:
        """Give documents that wait to machines with free slots, the emptiest first."""
        while self._pending and (free := [one for one in self._cluster.nodes.values() if one.free > 0]):
            machine = max(free, key=lambda one: one.free)
            item = self._pending.popleft()
            machine.in_work.add(item)
            self._start(self._read_on(machine, item))
        self._show()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _show(self) -> None:
        self.slots = sum(one.slots for one in self._cluster.nodes.values() if not one.problem)
        self.restarts = self._cluster.restarts
        self.machines = tuple(one.shown() for one in self._cluster.nodes.values())

    # -- one document

    async def _read_on(self, machine: Node, item: Item) -> None:
        item.key = f"ingestd-{uuid.uuid4().hex}"
        try:
            header, rest = wire.open_reply(await self._sent(machine, item))
            machine.documents += 1
            machine.restarts = max(machine.restarts, header.restarts)
            self._answer(machine, item, header, rest)
        except wire.RubbishError as error:
            self._cluster.ban(machine, f"replied rubbish: {error}")
            _fail(item, AttemptError(f"{machine.name} {machine.problem}"))
        except _NotBegun:
            self._pending.appendleft(item)
        except IngestdError as error:
            _fail(item, error)
        except Exception as error:
            log.error("%s could not be asked", machine.name, exc_info=error)
            _fail(item, AttemptError(f"{machine.name} could not be asked: {type(error).__name__}: {error}"))
        finally:
            machine.in_work.discard(item)
            self._cluster.forget(item.key)
            self._dispatch()

    def _answer(self, machine: Node, item: Item, header: wire.Header, rest: bytes) -> None:
        """Turn a reply into the result of the document, or give the document to another machine."""
        match header.kind:
            case "record":
                record = wire.decode_record(rest, item.claim, self._recipe.provenance)
                if not item.outcome.done():
                    item.outcome.set_result(record)
            case "stopping":
                machine.problem = "is about to stop"
                self._pending.appendleft(item)
            case "unprepared":
                machine.problem = PREPARING
                self._pending.appendleft(item)
                self._cluster.greet(machine)
            case _:
                _fail(item, header.error())

    async def _sent(self, machine: Node, item: Item) -> object:
        """Send a document and wait for the reply.

        Raises:
            AttemptError: the machine was lost after it had begun, or does not answer.
            TransientError: the file cannot be read, or the scheduler was lost.
            _NotBegun: the machine was lost before.
        """
        client = self._cluster.client
        try:
            document = await asyncio.to_thread(item.claim.work_path.read_bytes)
        except OSError as error:
            raise TransientError(f"cannot read {item.claim.work_path}: {error.strerror}; will be retried") from error
        if client is None or machine.address not in self._cluster.nodes:
            raise _NotBegun
        machine.sent_bytes += len(document)
        order = wire.encode_claim(item.claim)
        sent = submit(client, machine, item.key, node.read, item.key, self._recipe.hash, order, document)
        del document
        try:
            return await asyncio.wait_for(sent.result(), self._patience_s)
        except TimeoutError as error:
            raise AttemptError(f"{machine.name} did not answer for {self._patience_s:g} s") from error
        except (CancelledError, asyncio.CancelledError, KilledWorker, OSError) as error:
            raise self._loss(client, machine, item) from error
        finally:
            sent.release()

    def _loss(self, client: Any, machine: Node, item: Item) -> Exception:
        """Tell what it means that a task ended without a reply."""
        begun = self._cluster.has_begun(item.key)
        if self._closed:
            return AttemptError("the engine was closed before the document was read")
        if self._cluster.lost(client):
            return TransientError(f"the scheduler {self._cluster.scheduler} was lost; will be retried")
        machine.problem = "is gone"
        return AttemptError(f"{machine.name} was lost while it read the document") if begun else _NotBegun()

    async def _watch(self) -> None:
        """Keep the machines in sight, and hand out documents."""
        while not self._closed:
            try:
                await self._cluster.look()
            except Exception as error:
                await self._cluster.disconnect(error)
            self._put_off()
            self._dispatch()
            await asyncio.sleep(_WATCH_S)

    def _put_off(self) -> None:
        """Give documents back that have waited for a machine in vain."""
        if self._cluster.hopeful:
            for item in self._pending:
                item.held_since = self._loop.time()
            return
        reason = f"no machine can be used: {self._cluster.obstacle}"
        while self._pending and self._loop.time() - self._pending[0].held_since >= _HOLD_S:
            _fail(self._pending.popleft(), TransientError(reason))

    # -- the end

    async def _shut(self, *, finish: bool) -> None:
        while finish and (self._pending or any(one.in_work for one in self._cluster.nodes.values())):
            await asyncio.sleep(_WATCH_S)
        self._closed = True
        items = [*self._pending, *(item for one in self._cluster.nodes.values() for item in one.in_work)]
        self._pending.clear()
        for item in items:
            _fail(item, AttemptError("the engine was closed before the document was read"))
        await self._cluster.close()
        for task in (tasks := [self._watching, *self._tasks]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _fail(item: Item, error: Exception) -> None:
    if not item.outcome.done():
        item.outcome.set_exception(error)
