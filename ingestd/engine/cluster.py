"""Worker machines behind a Dask scheduler: the connection, and the machines as the engine sees them.

All of it lives in the event loop of the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Any

from distributed import Client, KilledWorker
from distributed.comm.core import connect
from distributed.security import Security

from ingestd.document import Claim, Record
from ingestd.engine import Machine, node, quiet, wire
from ingestd.engine.recipe import Recipe

log = logging.getLogger(__name__)

_GREET_S = 120.0
"""Time for a machine to take a recipe."""
_BAN_S = 60.0
"""Time without documents for a machine that replied rubbish."""
_CONNECT_S = 10.0
PREPARING = "is being prepared"
"""Problem of a machine that has not taken the recipe yet."""


@dataclass(eq=False)
class Item:
    """A document on its way."""

    claim: Claim
    outcome: Future[Record]
    held_since: float
    key: str = ""
    """Of the present task."""


@dataclass(eq=False)
class Node:
    """A machine as the engine sees it."""

    address: str
    name: str
    slots: int = 0
    in_work: set[Item] = field(default_factory=set)
    documents: int = 0
    sent_bytes: int = 0
    restarts: int = 0
    problem: str = PREPARING
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


class Cluster:
    """Connection to a scheduler, and the machines that it knows.

    Args:
        scheduler: its address.
        security: certificates of this process.
        recipe: rules and reading options that machines have to take.
        start: runs a coroutine in the event loop.
        changed: called when a machine was taken into use or refused.
    """

    def __init__(
        self,
        scheduler: str,
        security: Security,
        recipe: Recipe,
        *,
        start: Callable[[Coroutine[Any, Any, None]], None],
        changed: Callable[[], None],
    ) -> None:
        self.scheduler = scheduler
        self.nodes: dict[str, Node] = {}
        """By address."""
        self.problem = "is not connected yet"
        """Of the scheduler, where no machine can be used."""
        self.client: Any = None
        self._security = security
        self._recipe = recipe
        self._start = start
        self._changed = changed
        self._begun: set[str] = set()
        """Keys of tasks with which a machine has begun."""
        self._gone_restarts = 0

    # -- what the engine asks

    @property
    def restarts(self) -> int:
        """Number of processes that died so far, here and on machines that are gone."""
        return self._gone_restarts + sum(one.restarts for one in self.nodes.values())

    @property
    def hopeful(self) -> bool:
        """True where a machine can be used, or may be soon."""
        return any(one.problem in ("", PREPARING) for one in self.nodes.values())

    @property
    def obstacle(self) -> str:
        """Reason why no machine can be used."""
        refused = "; ".join(f"{one.name}: {one.problem}" for one in self.nodes.values())
        return f"scheduler {self.scheduler} {refused or self.problem}"

    def lost(self, client: Any) -> bool:
        """Tell whether the connection of a client is gone; its machines take no more documents then."""
        if client is self.client and client.status == "running":
            return False
        for one in self.nodes.values():
            one.problem = "is gone with its scheduler"
        return True

    def has_begun(self, key: str) -> bool:
        """Tell whether a machine has begun with a task."""
        return key in self._begun

    def forget(self, key: str) -> None:
        """Forget a task that has ended."""
        self._begun.discard(key)

    def ban(self, machine: Node, problem: str) -> None:
        """Give a machine nothing for a while."""
        machine.problem = problem
        machine.banned_until = asyncio.get_running_loop().time() + _BAN_S
        log.error("%s (%s) %s; it gets no documents for %g s", machine.name, machine.address, problem, _BAN_S)

    def greet(self, machine: Node) -> None:
        """Begin to hand the recipe to a machine."""
        self._start(self._greet(machine))

    # -- the connection

    async def look(self) -> None:
        """Connect if need be, greet new machines, let go of lost ones.

        Raises:
            Exception: of any kind, where the scheduler cannot be reached or asked.
        """
        if self.client is None:
            await self._connect()
        client = self.client
        if client.status != "running" or client.scheduler_comm is not self._stream:
            raise _Lost("the connection was lost")
        info = await asyncio.wait_for(client.scheduler.identity(n_workers=-1), _CONNECT_S)
        workers = info["workers"]
        for address in self.nodes.keys() - workers.keys():
            self._let_go(self.nodes.pop(address))
        for address in workers.keys() - self.nodes.keys():
            self.nodes[address] = Node(address, str(workers[address]["name"]))
            self.greet(self.nodes[address])
        for machine in self.nodes.values():
            if machine.banned_until and asyncio.get_running_loop().time() >= machine.banned_until:
                machine.banned_until = 0.0
                self.greet(machine)

    async def _connect(self) -> None:
        # A client that cannot connect is hard to end; so it is asked beforehand whether anyone is there.
        probe = await connect(self.scheduler, timeout=_CONNECT_S, **self._security.get_connection_args("client"))
        await probe.close()
        self.client = await Client(
            self.scheduler, security=self._security, asynchronous=True, set_as_default=False, timeout=_CONNECT_S
        )
        self._stream = self.client.scheduler_comm
        self.client.subscribe_topic(node.BEGUN, self._note_begun)
        self.problem = "has no machine yet; start 'ingestd worker' on one"
        log.info("connected to the scheduler %s", self.scheduler)

    def _note_begun(self, event: tuple[float, Any]) -> None:
        if isinstance(event[1], str) and any(
            event[1] == item.key for one in self.nodes.values() for item in one.in_work
        ):
            self._begun.add(event[1])

    async def disconnect(self, error: Exception) -> None:
        """Give the connection up after an error; the next look makes another."""
        if not isinstance(error, OSError | TimeoutError | _Lost):
            log.error("looking at the cluster hit a defect", exc_info=error)
        problem = f"does not answer ({quiet.reason(error)})"
        if problem != self.problem:
            log.warning("scheduler %s %s; looking for it", self.scheduler, problem)
        self.problem = problem
        self._gone_restarts += sum(one.restarts for one in self.nodes.values())
        self.nodes.clear()
        await self.close()

    async def close(self) -> None:
        """End the connection, however it is."""
        client, self.client = self.client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.close(), 5)

    # -- machines

    def _let_go(self, machine: Node) -> None:
        """Forget a lost machine; tasks that the scheduler would still hold for it are cancelled."""
        self._gone_restarts += machine.restarts + 1
        log.warning("%s (%s) is gone with %d documents", machine.name, machine.address, len(machine.in_work))
        futures = [one for item in machine.in_work if (one := self.client.futures.get(item.key)) is not None]
        for state in futures:
            state.cancel()

    async def _greet(self, machine: Node) -> None:
        """Hand the recipe to a machine and take it into use, or refuse it."""
        client = self.client
        if client is None:
            return
        key = f"ingestd-greet-{uuid.uuid4().hex}"
        sent = submit(client, machine, key, node.greet, self._recipe.provenance["version"], self._recipe.text)
        try:
            answer = await asyncio.wait_for(sent.result(), _GREET_S)
            machine.name, machine.slots, machine.problem = greeting_of(answer)
        except (CancelledError, asyncio.CancelledError, KilledWorker, TimeoutError) as error:
            machine.problem = f"did not take the rules ({quiet.reason(error)})"
            machine.banned_until = asyncio.get_running_loop().time() + _BAN_S  # greeted again then
        except Exception as error:
            machine.problem = (
                f"does not answer as a worker of this ingestd: {type(error).__name__}: {quiet.reason(error)}"
            )
        finally:
            sent.release()
        if self.nodes.get(machine.address) is machine:
            if machine.problem:
                log.error("%s (%s) is refused: %s", machine.name, machine.address, machine.problem)
            else:
                log.info("%s (%s) reads %d documents at the same time", machine.name, machine.address, machine.slots)
        self._changed()


def submit(client: Any, machine: Node, key: str, function: Callable[..., object], *arguments: object) -> Any:
    """Submit a task that runs on one machine, once."""
    return client.submit(
        *(function, *arguments), key=key, workers=[machine.address], allow_other_workers=False, retries=0, pure=False
    )


def greeting_of(answer: object) -> tuple[str, int, str]:
    """Check the answer to a greeting."""
    match answer:
        case (str(name), int(slots), str(problem)) if 0 < slots < 10_000:
            return name[:100], slots, problem[:2000]
        case _:
            raise wire.RubbishError("found another answer to a greeting, expected name, slots and problem")
