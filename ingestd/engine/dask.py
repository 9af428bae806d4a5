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
import contextlib
import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, KilledWorker
from distributed.comm.core import connect

from ingestd.config import EngineConfig
from ingestd.document import Claim, Record
from ingestd.engine import Machine, node, quiet, tls, wire
from ingestd.engine.recipe import Recipe
from ingestd.errors import AttemptError, IngestdError, TransientError

log = logging.getLogger(__name__)

_WATCH_S = 0.5
"""Pause between two looks at the machines of the scheduler."""
_HOLD_S = 30.0
"""Time that a document waits for a machine when there is none, before it is put off."""
_GREET_S = 120.0
"""Time for a machine to take a recipe."""
_BAN_S = 60.0
"""Time without documents for a machine that replied rubbish."""
_CONNECT_S = 10.0
_PREPARING = "is being prepared"
_PATIENCE = 2.5
"""Time limits after which a machine no longer counts as one that answers: its own limit has failed."""


@dataclass(eq=False)
class _Item:
    """A document on its way."""

    claim: Claim
    outcome: Future[Record]
    held_since: float
    key: str = ""
    """Of the present task."""


@dataclass(eq=False)
class _Node:
    """A machine as the engine sees it."""

    address: str
    name: str
    slots: int = 0
    in_work: set[_Item] = field(default_factory=set)
    documents: int = 0
    sent_bytes: int = 0
    restarts: int = 0
    problem: str = _PREPARING
    banned_until: float = 0.0
    """Tick; 0: not banned."""

    @property
    def free(self) -> int:
        """Number of documents that it could take now."""
        return 0 if self.problem else self.slots - len(self.in_work)

    def shown(self) -> Machine:
        """Return a picture of it."""
        return Machine(
            self.name,
            self.address,
            0 if self.problem else self.slots,
            len(self.in_work),
            self.documents,
            self.sent_bytes,
            self.restarts,
            self.problem,
        )


class _Lost(Exception):
    """The scheduler is gone."""


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
        self._scheduler = options.scheduler
        self._security = tls.security(options.certificates, "client")
        self._recipe = recipe
        self._patience_s = _PATIENCE * recipe.time_limit_s
        self.slots = 0
        self.restarts = 0
        self.machines: tuple[Machine, ...] = ()
        self._client: Any = None
        self._nodes: dict[str, _Node] = {}
        self._pending: deque[_Item] = deque()
        self._begun: set[str] = set()
        """Keys of tasks with which a machine has begun."""
        self._gone_restarts = 0
        self._problem = "is not connected yet"
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
        self._pending.append(_Item(claim, outcome, self._loop.time()))
        self._dispatch()

    def _dispatch(self) -> None:
        """Give documents that wait to machines with free slots, the emptiest first."""
        while self._pending and (free := [one for one in self._nodes.values() if one.free > 0]):
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
        self.slots = sum(one.slots for one in self._nodes.values() if not one.problem)
        self.restarts = self._gone_restarts + sum(one.restarts for one in self._nodes.values())
        self.machines = tuple(one.shown() for one in self._nodes.values())

    # -- one document

    async def _read_on(self, machine: _Node, item: _Item) -> None:
        item.key = f"ingestd-{uuid.uuid4().hex}"
        try:
            header, rest = wire.open_reply(await self._sent(machine, item))
            machine.documents += 1
            machine.restarts = max(machine.restarts, header.restarts)
            self._answer(machine, item, header, rest)
        except wire.RubbishError as error:
            machine.problem = f"replied rubbish: {error}"
            machine.banned_until = self._loop.time() + _BAN_S
            log.error(
                "%s (%s) %s; it gets no documents for %g s", machine.name, machine.address, machine.problem, _BAN_S
            )
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
            self._begun.discard(item.key)
            self._dispatch()

    def _answer(self, machine: _Node, item: _Item, header: wire.Header, rest: bytes) -> None:
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
                machine.problem = _PREPARING
                self._pending.appendleft(item)
                self._start(self._greet(machine))
            case _:
                _fail(item, header.error())

    async def _sent(self, machine: _Node, item: _Item) -> object:
        """Send a document and wait for the reply.

        Raises:
            AttemptError: the machine was lost after it had begun, or does not answer.
            TransientError: the file cannot be read, or the scheduler was lost.
            _NotBegun: the machine was lost before.
        """
        client = self._client
        try:
            document = await asyncio.to_thread(item.claim.work_path.read_bytes)
        except OSError as error:
            raise TransientError(f"cannot read {item.claim.work_path}: {error.strerror}; will be retried") from error
        if client is None or machine.address not in self._nodes:
            raise _NotBegun
        machine.sent_bytes += len(document)
        order = wire.encode_claim(item.claim)
        sent = _task(client, machine, item.key, node.read, item.key, self._recipe.hash, order, document)
        del document
        try:
            return await asyncio.wait_for(sent.result(), self._patience_s)
        except TimeoutError as error:
            raise AttemptError(f"{machine.name} did not answer for {self._patience_s:g} s") from error
        except (CancelledError, asyncio.CancelledError, KilledWorker, OSError) as error:
            raise self._loss(client, machine, item) from error
        finally:
            sent.release()

    def _loss(self, client: Any, machine: _Node, item: _Item) -> Exception:
        """Tell what it means that a task ended without a reply."""
        begun = item.key in self._begun
        if self._closed:
            return AttemptError("the engine was closed before the document was read")
        if client is not self._client or client.status != "running":
            for one in self._nodes.values():
                one.problem = "is gone with its scheduler"
            return TransientError(f"the scheduler {self._scheduler} was lost; will be retried")
        machine.problem = "is gone"
        return AttemptError(f"{machine.name} was lost while it read the document") if begun else _NotBegun()

    # -- machines

    async def _watch(self) -> None:
        """Keep the connection, greet new machines, let go of lost ones."""
        while not self._closed:
            try:
                await self._look()
            except Exception as error:
                if not isinstance(error, OSError | TimeoutError | _Lost):
                    log.error("looking at the cluster hit a defect", exc_info=error)
                await self._disconnect(quiet.reason(error))
            self._put_off()
            self._dispatch()
            await asyncio.sleep(_WATCH_S)

    async def _look(self) -> None:
        if self._client is None:
            await self._connect()
        client, stream = self._client, self._stream
        if client.status != "running" or client.scheduler_comm is not stream:
            raise _Lost("the connection was lost")
        info = await asyncio.wait_for(client.scheduler.identity(n_workers=-1), _CONNECT_S)
        workers = info["workers"]
        for address in self._nodes.keys() - workers.keys():
            await self._let_go(self._nodes.pop(address))
        for address in workers.keys() - self._nodes.keys():
            self._nodes[address] = _Node(address, str(workers[address]["name"]))
            self._start(self._greet(self._nodes[address]))
        for machine in self._nodes.values():
            if machine.banned_until and self._loop.time() >= machine.banned_until:
                machine.banned_until = 0.0
                self._start(self._greet(machine))

    async def _connect(self) -> None:
        # A client that cannot connect is hard to end; so it is asked beforehand whether anyone is there.
        probe = await connect(self._scheduler, timeout=_CONNECT_S, **self._security.get_connection_args("client"))
        await probe.close()
        self._client = await Client(
            self._scheduler, security=self._security, asynchronous=True, set_as_default=False, timeout=_CONNECT_S
        )
        self._stream = self._client.scheduler_comm
        self._client.subscribe_topic(node.BEGUN, self._note_begun)
        self._problem = "has no machine yet; start 'ingestd worker' on one"
        log.info("connected to the scheduler %s", self._scheduler)

    def _note_begun(self, event: tuple[float, Any]) -> None:
        if isinstance(event[1], str) and any(
            event[1] == item.key for one in self._nodes.values() for item in one.in_work
        ):
            self._begun.add(event[1])

    async def _disconnect(self, why: str) -> None:
        problem = f"does not answer ({why})"
        if problem != self._problem:
            log.warning("scheduler %s %s; looking for it", self._scheduler, problem)
        self._problem = problem
        client, self._client = self._client, None
        for machine in self._nodes.values():
            self._gone_restarts += machine.restarts
        self._nodes.clear()
        if client is not None:
            await _closed(client)

    async def _let_go(self, machine: _Node) -> None:
        """Forget a lost machine; tasks that the scheduler would still hold for it are cancelled."""
        self._gone_restarts += machine.restarts + 1
        log.warning("%s (%s) is gone with %d documents", machine.name, machine.address, len(machine.in_work))
        futures = [one for item in machine.in_work if (one := self._client.futures.get(item.key)) is not None]
        for state in futures:
            state.cancel()

    async def _greet(self, machine: _Node) -> None:
        """Hand the recipe to a machine and take it into use, or refuse it."""
        client = self._client
        if client is None:
            return
        key = f"ingestd-greet-{uuid.uuid4().hex}"
        sent = _task(client, machine, key, node.greet, self._recipe.provenance["version"], self._recipe.text)
        try:
            answer = await asyncio.wait_for(sent.result(), _GREET_S)
            machine.name, machine.slots, machine.problem = _greeting(answer)
        except (CancelledError, asyncio.CancelledError, KilledWorker, TimeoutError) as error:
            machine.problem = f"did not take the rules ({quiet.reason(error)})"
            machine.banned_until = self._loop.time() + _BAN_S  # greeted again then
        except Exception as error:
            machine.problem = (
                f"does not answer as a worker of this ingestd: {type(error).__name__}: {quiet.reason(error)}"
            )
        finally:
            sent.release()
        if self._nodes.get(machine.address) is machine:
            if machine.problem:
                log.error("%s (%s) is refused: %s", machine.name, machine.address, machine.problem)
            else:
                log.info("%s (%s) reads %d documents at the same time", machine.name, machine.address, machine.slots)
        self._dispatch()

    def _put_off(self) -> None:
        """Give documents back that have waited for a machine in vain."""
        if any(one.problem in ("", _PREPARING) for one in self._nodes.values()):
            for item in self._pending:
                item.held_since = self._loop.time()
            return
        refused = "; ".join(f"{one.name}: {one.problem}" for one in self._nodes.values())
        reason = f"no machine can be used: scheduler {self._scheduler} {refused or self._problem}"
        while self._pending and self._loop.time() - self._pending[0].held_since >= _HOLD_S:
            _fail(self._pending.popleft(), TransientError(reason))

    # -- the end

    async def _shut(self, *, finish: bool) -> None:
        while finish and (self._pending or any(one.in_work for one in self._nodes.values())):
            await asyncio.sleep(_WATCH_S)
        self._closed = True
        items = [*self._pending, *(item for one in self._nodes.values() for item in one.in_work)]
        self._pending.clear()
        for item in items:
            _fail(item, AttemptError("the engine was closed before the document was read"))
        client, self._client = self._client, None
        if client is not None:
            await _closed(client)
        for task in (tasks := [self._watching, *self._tasks]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _task(client: Any, machine: _Node, key: str, function: Callable[..., object], *arguments: object) -> Any:
    """Submit a task that runs on one machine, once."""
    return client.submit(
        *(function, *arguments), key=key, workers=[machine.address], allow_other_workers=False, retries=0, pure=False
    )


def _greeting(answer: object) -> tuple[str, int, str]:
    """Check the answer to a greeting."""
    match answer:
        case (str(name), int(slots), str(problem)) if 0 < slots < 10_000:
            return name[:100], slots, problem[:2000]
        case _:
            raise wire.RubbishError("found another answer to a greeting, expected name, slots and problem")


def _fail(item: _Item, error: Exception) -> None:
    if not item.outcome.done():
        item.outcome.set_exception(error)


async def _closed(client: Any) -> None:
    """Close a client, however its connection is."""
    with contextlib.suppress(Exception):
        await asyncio.wait_for(client.close(), 5)
