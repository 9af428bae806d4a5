from __future__ import annotations

import errno
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from pebble import ProcessPool

from ingestd.app import pipelines
from ingestd.config import parse
from ingestd.document import Claim
from ingestd.engine import sandbox
from ingestd.engine.local import LocalEngine, pack
from ingestd.errors import AttemptError, DocumentError, TransientError
from ingestd.extract import load_rules
from ingestd.reading.models import load_manifest
from tests.support import works
from tests.support.places import ROOT
from tests.support.process import until


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine[[Claim], str]]:
    engine = LocalEngine(works.make, workers=1, time_limit_s=2.0, memory_limit_mb=2048)
    yield engine
    engine.close(finish=False)


def claim(name: str, folder: Path = Path("/nowhere"), sha256: str = "abc") -> Claim:
    return Claim(folder / name, folder / name, size_bytes=1, sha256=sha256, attempt=1)


def test_result_comes_back(engine: LocalEngine[[Claim], str]) -> None:
    assert engine.submit(claim("good")).result(30) == "read abc"


def test_bad_document_keeps_its_reason(engine: LocalEngine[[Claim], str]) -> None:
    with pytest.raises(DocumentError) as caught:
        engine.submit(claim("bad")).result(30)
    assert (caught.value.code, caught.value.fix) == ("damaged", "scan it again")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("crash", "SIGSEGV"),
        ("killed", "SIGKILL, perhaps out of memory"),
        ("exit", "exit status 3"),
        ("endless", "longer than 2 s"),
        ("greedy", "out of memory"),
        ("defect", "ValueError: a defect in the code"),
    ],
)
def test_worker_that_dies_fails_one_attempt_and_the_next_document_is_read(
    engine: LocalEngine[[Claim], str], name: str, why: str
) -> None:
    doomed, following = engine.submit(claim(name)), engine.submit(claim("good", sha256="def"))
    with pytest.raises(AttemptError, match=why):
        settled(engine, doomed, name)
    assert settled(engine, following, "good") in {"read abc", "read def"}


def settled(engine: LocalEngine[[Claim], str], outcome: Future[str], name: str) -> str:
    """What comes out in the end: a worker that dies in the instant in which it takes a document breaks the pool,
    which blames nobody."""
    try:
        return outcome.result(30)
    except TransientError:
        return settled(engine, engine.submit(claim(name)), name)


def test_pitfall_07_idle_worker_that_is_killed_is_replaced(engine: LocalEngine[[Claim], str]) -> None:
    status = engine.submit(claim("status")).result(30)
    (pid,) = (int(row.split()[1]) for row in status.splitlines() if row.startswith("Pid:"))
    os.kill(pid, signal.SIGKILL)
    until("the worker to be gone", lambda: not Path(f"/proc/{pid}").exists())
    until("the document to be read", lambda: read(engine, "good") == "read abc")


def read(engine: LocalEngine[[Claim], str], name: str) -> str | None:
    """What comes out, None if it has to be tried again."""
    try:
        return engine.submit(claim(name)).result(30)
    except TransientError:
        return None


FORBIDDEN = {
    **dict.fromkeys(("creates", "overwrites", "deletes", "renames", "links", "makes a folder"), 1),
    **dict.fromkeys(("connects", "listens", "executes", "becomes"), 0),
    **dict.fromkeys(("signals", "signals the group", "limits another", "enters a namespace"), 0),
    **dict.fromkeys(("changes the mode", "changes the time", "changes the owner"), 0),
    "truncates": 3,
}
"""What a worker might try -> version of Landlock that forbids it (0: seccomp does)."""


@pytest.mark.parametrize("deed", [deed for deed, since in FORBIDDEN.items() if since <= sandbox.landlock_version()])
def test_worker_that_a_document_took_over_can_change_reach_and_start_nothing(
    engine: LocalEngine[[Claim], str], tmp_path: Path, deed: str
) -> None:
    (tmp_path / "precious").write_bytes(b"as it was")
    with pytest.raises(AttemptError, match=r"PermissionError|Operation not permitted"):
        engine.submit(claim(deed, tmp_path)).result(30)
    assert (tmp_path / "precious").read_bytes() == b"as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_every_call_of_the_list_is_refused_in_a_worker(engine: LocalEngine[[Claim], str]) -> None:
    found: dict[str, int] = json.loads(engine.submit(claim("calls")).result(30))
    assert len(found) >= 40
    expected = {name: errno.ENOSYS if name == "clone3" else errno.EPERM for name in found}
    assert found == expected


def test_most_calls_of_the_list_would_fail_otherwise_without_the_filter() -> None:
    """The filter is what refuses them: outside a worker the same nonsense gets another error."""
    script = "import json; from tests.support import works; print(json.dumps(works.refusals(works.seccomp.CALLS)))"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    others = [name for name, number in json.loads(ran.stdout).items() if number != errno.EPERM]
    assert len(others) >= 30, others


def test_worker_can_start_threads(engine: LocalEngine[[Claim], str]) -> None:
    assert engine.submit(claim("starts a thread")).result(30) == "started"


def test_worker_dumps_no_core_and_gains_no_privileges(engine: LocalEngine[[Claim], str]) -> None:
    assert engine.submit(claim("core limit")).result(30) == "(0, 0)"
    status = engine.submit(claim("status")).result(30)
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status


def test_each_document_gets_processor_time_of_its_own(engine: LocalEngine[[Claim], str]) -> None:
    limits = [int(engine.submit(claim("cpu limit")).result(30)) for _ in range(2)]
    assert all(2 + 5 <= limit < 60 for limit in limits), "the time limit, what the worker has used, and a little"


def test_what_this_kernel_does_not_offer_is_said() -> None:
    assert bool(sandbox.not_offered()) == (sandbox.landlock_version() < max(FORBIDDEN.values()))


def test_closing_at_once_gives_up_what_is_in_work() -> None:
    engine = LocalEngine(works.make, workers=1, time_limit_s=60.0, memory_limit_mb=2048)
    running = engine.submit(claim("endless"))
    engine.close(finish=False)
    with pytest.raises(AttemptError):
        running.result(30)


def test_worker_that_cannot_start_says_so_and_starts_once_it_can(tmp_path: Path) -> None:
    flag = tmp_path / "models"
    engine = LocalEngine(
        functools.partial(works.make_if_there, flag), workers=1, time_limit_s=60.0, memory_limit_mb=2048
    )
    try:
        with pytest.raises(TransientError, match=r"a worker cannot start: .*models is missing"):
            engine.submit(claim("good")).result(30)
        flag.touch()
        assert engine.submit(claim("good")).result(30) == "read abc"
    finally:
        engine.close(finish=False)


def test_resting_engine_has_no_processes_and_reads_the_next_document() -> None:
    engine = LocalEngine(works.make, workers=1, time_limit_s=10.0, memory_limit_mb=2048)
    try:
        assert read(engine, "good") == "read abc"
        (pid,) = pids(engine)
        engine.rest()
        assert not Path(f"/proc/{pid}").exists()
        assert read(engine, "good") == "read abc"
        assert pids(engine) != (pid,)
        assert engine.restarts == 0
        engine.rest()
    finally:
        engine.close(finish=True)


def pids(engine: LocalEngine[[Claim], str]) -> tuple[int, ...]:
    """The worker that reads a document that asks for its status."""
    status = engine.submit(claim("status")).result(30)
    return tuple(int(row.split()[1]) for row in status.splitlines() if row.startswith("Pid:"))


def test_what_makes_the_work_of_the_daemon_fits_into_a_pipe() -> None:
    """A worker loads its libraries before it listens; a start need not wait for that."""
    config = parse("inboxes: [{path: inbox}]", Path("config.yaml"))
    rules = load_rules(None)
    make_work = functools.partial(pipelines.build_recording, config, rules, load_manifest(None))
    small = len(pack(make_work))
    assert small < 58_000
    assert rules.compiled
    assert rules.lexicon is not None
    assert rules.lexicon.spotter
    assert len(pack(make_work)) == small, "what was made of rules in the daemon travels as well"


def test_interrupt_while_workers_start_leaves_none_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would complain of a parent that is gone, in many lines, after its one."""
    pools: list[ProcessPool] = []

    def interrupted(self: ProcessPool, *_: object, **__: object) -> None:
        pools.append(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(ProcessPool, "schedule", interrupted)
    with pytest.raises(KeyboardInterrupt):
        LocalEngine(works.make, workers=1, time_limit_s=2.0, memory_limit_mb=2048)
    [pool] = pools
    assert not pool.active
