"""The daemon's own ``main`` with fault points armed: the program that tests of faults run.

    INGESTD_FAULTS='{"kill_at": 12}' python -m tests.support.armed run -c config.yaml
    python -m tests.support.armed --nursery

Effects on files and database are seen through Python's audit hook and SQLite's trace, so the product's
code runs as it is and knows nothing of this. The second form imports everything once and forks a daemon
for each request (see tests/support/nursery.py), which makes hundreds of kills affordable.
"""

from __future__ import annotations

import ctypes
import dataclasses
import gc
import importlib
import json
import multiprocessing
import os
import re
import resource
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.forks import run_and_exit

VARIABLE = "INGESTD_FAULTS"

Effect = Callable[[str, str], None]
"""Told of an effect before it happens: what, and to which path or with which statement."""


@dataclass(frozen=True)
class Faults:
    """What is to go wrong.

    Attributes:
        kill_at: number (from 1) of the effect before which the process kills itself.
        trace: file that gets a line for each effect.
        stand_in: models only pretend (tests/support/stand_in.py).
        inline: documents are read in the daemon itself, one after the other, so that effects have an order.
        forked: workers are forked, not spawned, which saves the second that each takes to load libraries; for
            tests in which many die.
        other_filesystem: a folder from which nothing can be renamed away, only copied.
        full: a folder without space for as long as the file ``full_while`` exists.
        full_while: see there.
        user: give up root for this user id.
        busy_s: how long a statement waits for the lock of the database.
        no_inotify: use up the kernel's inotify instances of this user before starting.
        control_s: how long the daemon has to run before it tries a suspect alone.
        worker: what is wrong with a worker machine: ``rubbish`` replies, other ``rules``, another ``version``.
    """

    kill_at: int | None = None
    trace: str | None = None
    stand_in: bool = True
    inline: bool = False
    forked: bool = False
    other_filesystem: str | None = None
    full: str | None = None
    full_while: str | None = None
    user: int | None = None
    busy_s: float | None = None
    no_inotify: bool = False
    control_s: float | None = None
    worker: str | None = None


class _Kills:
    """Counts effects, writes them down, and ends the process before one of them."""

    def __init__(self, faults: Faults) -> None:
        self._kill_at = faults.kill_at
        self._count = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._trace = os.open(faults.trace, flags) if faults.trace else None

    def __call__(self, what: str, to: str) -> None:
        self._count += 1
        if self._trace is not None:
            os.write(self._trace, f"{what} {to}\n".encode(errors="surrogateescape"))
        if self._count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _within(path: Any, folder: str | None) -> bool:
    return folder is not None and os.fsdecode(path).startswith(folder)


_FILES = {"os.rename": "rename", "os.remove": "unlink", "os.mkdir": "mkdir", "os.rmdir": "rmdir", "os.link": "link"}


def _file_effects(faults: Faults, effect: Effect) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook (PEP 578) that tells of effects on files, and refuses those that are to fail."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(arguments[0], int) or not arguments[2] & (os.O_WRONLY | os.O_RDWR):
                return
            what, path, target = "write", arguments[0], arguments[0]
        elif event in _FILES:
            what, path = _FILES[event], arguments[0]
            target = arguments[1] if what in ("rename", "link") else path
            if what == "mkdir" and os.path.isdir(path):  # noqa: PTH112
                return
        else:
            return
        if _within(target, "/proc/") or _within(target, os.devnull):
            return
        if what == "rename" and _within(path, faults.other_filesystem) and not _within(target, faults.other_filesystem):
            raise OSError(18, "Invalid cross-device link")
        if what in ("write", "mkdir") and _within(target, faults.full) and os.path.exists(faults.full_while or ""):  # noqa: PTH110
            raise OSError(28, "No space left on device")
        effect(what, os.fsdecode(target))

    return hook


_STATE = re.compile(r"update jobs set state = '(\w+)'|insert into jobs .*?(arrived)", re.S)


def _traced(connect: Callable[..., sqlite3.Connection], effect: Effect) -> Callable[..., sqlite3.Connection]:
    """``sqlite3.connect``, but its connections tell of what they change."""

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*arguments, **options)
        _trace_database(connection, effect)
        return connection

    return traced


def _trace_database(connection: sqlite3.Connection, effect: Effect) -> None:
    """Tell of every statement that changes what another process would find: COMMIT, and writes on their own."""
    pending = ""

    def statement(sql: str) -> None:
        nonlocal pending
        verb = sql.split(maxsplit=1)[0].upper()
        if verb in ("INSERT", "UPDATE", "DELETE", "CREATE"):
            found = _STATE.match(sql)
            pending = (found[1] or found[2]) if found else pending or "schema"
        if pending and (verb == "COMMIT" or not connection.in_transaction):
            effect("commit", pending)
            pending = ""

    connection.set_trace_callback(statement)


class _Inline:
    """An engine without workers: a document is read before ``submit`` returns."""

    slots = 1
    restarts = 0
    machines: tuple[()] = ()

    def __init__(self, work: Callable[[Any], Any]) -> None:
        self._work = work

    def submit(self, claim: Any) -> Future[Any]:
        from ingestd.errors import AttemptError, DocumentError, TransientError

        future: Future[Any] = Future()
        try:
            future.set_result(self._work(claim))
        except (DocumentError, TransientError) as error:
            future.set_exception(error)
        except ValueError as error:
            future.set_exception(AttemptError(f"a worker hit a defect: {error}"))
        return future

    def rest(self) -> None:
        """Nothing runs."""

    def wake(self) -> None:
        """Nothing has to start."""

    def close(self, *, finish: bool) -> None:
        """Nothing runs."""


def _start_inline(config: Any, build: Callable[..., Any], workers: int | None = None) -> _Inline:
    from ingestd.app import pipelines

    return _Inline(build(config, pipelines.rules_of(config), pipelines.manifest_of(config)))


def _use_up_inotify() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    while libc.inotify_init1(os.O_CLOEXEC) >= 0:
        pass


def _spoil_worker(fault: str) -> None:
    import ingestd
    from ingestd.app import pipelines
    from ingestd.engine import wire

    match fault:
        case "rubbish":
            wire.reply = lambda *_: b'{"kind": "record"}\n[{"sha256": 1}]'
        case "rules":
            provenance_of = pipelines.provenance_of
            pipelines.provenance_of = lambda *parts: {**provenance_of(*parts), "rules": "0123456789abcdef"}
        case "version":
            ingestd.__version__ = "0.0.1"


def arm(faults: Faults) -> None:
    """Make this process one in which these faults happen."""
    from ingestd.admin import preflight
    from ingestd.app import engines, pipelines
    from ingestd.engine import local
    from ingestd.store import database, job

    if faults.user is not None and os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(faults.user, faults.user, faults.user)
        os.setresuid(faults.user, faults.user, faults.user)
    if faults.no_inotify:
        _use_up_inotify()
    if faults.busy_s is not None:
        database.BUSY_S = faults.busy_s
    if faults.control_s is not None:
        job.CONTROL_S = faults.control_s
    if faults.stand_in:
        from tests.support import stand_in

        pipelines.build_pipeline = stand_in.build
        engines.build_sending = stand_in.build_sending  # by its own name in processes that are spawned
        preflight.require_sound = lambda config: None
    if faults.forked:
        fork = multiprocessing.get_context("fork")
        local.get_context = lambda _: fork  # type: ignore[attr-defined, assignment]
    if faults.worker is not None:
        _spoil_worker(faults.worker)
    if faults.inline:
        engines.start_engine = _start_inline
        os.fsync = lambda _: None  # type: ignore[assignment]  # a kill loses nothing that was not synced
    if faults.kill_at or faults.trace or faults.full or faults.other_filesystem:
        kills = _Kills(faults)
        sqlite3.connect = _traced(sqlite3.connect, kills)  # type: ignore[assignment]
        sys.addaudithook(_file_effects(faults, kills))


def _main() -> None:
    from ingestd.cli import main

    arm(Faults(**json.loads(os.environ.get(VARIABLE, "{}"))))
    main()


# -- many daemons from one warm process


def _fork(request: dict[str, Any]) -> int:
    """Start ``ingestd ARGUMENTS`` with faults in a fork; its output is appended to a file."""
    pid = os.fork()
    if pid:
        return pid
    run_and_exit(lambda: _become(request))


def _become(request: dict[str, Any]) -> None:
    """Run ``ingestd`` with faults in this process, its output appended to a file."""
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0), os.dup2(log, 1), os.dup2(log, 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = ["ingestd", *request["arguments"]]
    from ingestd.cli import main

    arm(Faults(**request["faults"]))
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no daemon outlives the tests
    main()


def _wait(pid: int, patience_s: float) -> int | None:
    """Exit status of a fork, negative for a signal; None if it still runs after some time."""
    end = time.monotonic() + patience_s
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            return None
        time.sleep(0.002)


def warm_up(rules: Any, manifest: Any) -> None:
    """Read a document, so that what is loaded and compiled with the first is there in every fork."""
    import cv2

    from ingestd.config import parse
    from ingestd.document import Claim
    from ingestd.files.identity import digest
    from tests.support import stand_in

    cv2.setNumThreads(1)  # as in workers; a fork has none of the threads that OpenCV would have started
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "first.png"
        path.write_bytes(stand_in.picture(1))
        claim = Claim(path, path, path.stat().st_size, digest(path), attempt=1)
        stand_in.build(parse("inboxes: [{path: inbox}]", path), rules, manifest)(claim)


def _nursery() -> None:
    """Answer requests, one JSON object a line: start a daemon, or wait for one."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    for module in ("ingestd.cli.run", "tests.support.stand_in", "difflib", "encodings.unicode_escape"):
        importlib.import_module(module)  # to be there in every fork, whatever its user may read
    from ingestd.app import pipelines
    from ingestd.config.shipped import shipped
    from ingestd.extract import load_rules
    from ingestd.reading.models import load_manifest

    "".encode("unicode_escape")
    rules, manifest = load_rules(shipped("rules")), load_manifest(None)
    # as configured by default, but read once
    pipelines.rules_of, pipelines.manifest_of = (lambda config: rules), (lambda config: manifest)
    warm_up(rules, manifest)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    assert len(os.listdir("/proc/self/task")) == 1, "what is forked beside a thread may hang on its locks"  # noqa: PTH208
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        answer = _wait(request["wait"], request["patience_s"]) if "wait" in request else _fork(request)
        print(json.dumps(answer), flush=True)


def as_json(faults: Faults) -> dict[str, Any]:
    """For the environment, or a request."""
    return dataclasses.asdict(faults)


if __name__ == "__main__":
    if sys.argv[1:] == ["--nursery"]:
        _nursery()
    else:
        _main()
