"""One process that records a scene, cuts the power at many moments, starts the daemon again, and judges.

    python -m tests.support.power.lane

It takes pickled orders from standard input and answers each with an outcome. It has no threads and no other children:
it forks, with everything imported, whatever has to run.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import pickle
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import armed
from tests.support.forks import run_and_exit
from tests.support.places import ROOT
from tests.support.power import verdict
from tests.support.power.cuts import Cut, Moment, boundaries
from tests.support.power.disk import Disk, replayed, tree_of
from tests.support.power.journal import Journal, Named, Said, Synced
from tests.support.power.patches import recognise, take_away
from tests.support.power.recorder import Recorder
from tests.support.power.scenes import Scene, Step, perform
from tests.support.power.tracer import may_trace

_MAX_STARTS = 12
"""Of a daemon that empties the inbox and ends; two or three are enough."""
_MODULES = (
    *("ingestd.cli.run", "ingestd.cli.correct", "ingestd.cli.extract", "ingestd.cli.rename", "ingestd.cli.admin"),
    *("ingestd.web.app", "tests.support.desk", "starlette.testclient", "difflib", "encodings.unicode_escape"),
)
_MAX_PROBLEMS, _MAX_MISSING = 20, 12
_MAX_LOG = 1500


@dataclass(frozen=True)
class Order:
    """What a lane is to do.

    Attributes:
        name: of the scene, for reports.
        scene: what is recorded.
        seed: of the sample.
        states: per moment at most.
        share: of the moments before a barrier that are looked at.
        every: also the state after every single change, as a kill leaves it behind.
        without: ``folders``, ``files`` or ``database`` are not synced, until something is lost; empty: all are.
    """

    name: str
    scene: Scene
    seed: int
    states: int
    share: float = 1.0
    every: bool = False
    without: str = ""


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        name: of the scene.
        skipped: why nothing was done; empty: it was.
        entries: of the journal.
        prefixes: moments at which the power was cut.
        states: different ones, each of which was restored, started and judged.
        lost: states after which something was lost.
        twice: states after which something was there twice.
        problems: everything that went wrong.
    """

    name: str
    skipped: str = ""
    entries: int = 0
    prefixes: int = 0
    states: int = 0
    lost: int = 0
    twice: int = 0
    problems: list[verdict.Problem] = field(default_factory=list)


def run(order: Order) -> Outcome:
    """Do what an order says, in a process that is warmed up."""
    if not may_trace():
        return Outcome(order.name, "this machine lets no process trace its children")
    with contextlib.ExitStack() as stack:
        memory = Path("/dev/shm")
        base = _folder(stack, memory if os.access(memory, os.W_OK) else None)
        other = _folder(stack, Path("/var/tmp"))
        if order.scene.needs_other and base.stat().st_dev == other.stat().st_dev:
            return Outcome(order.name, "there is no second filesystem")
        outcome = Outcome(order.name)
        _Run(order, base, other, outcome).run()
    return outcome


def _folder(stack: contextlib.ExitStack, within: Path | None) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ingestd-power-", dir=within)))


class _Run:
    """One order on folders of its own."""

    def __init__(self, order: Order, base: Path, other: Path, outcome: Outcome) -> None:
        self._order, self._scene, self._outcome = order, order.scene, outcome
        self._root, self._rules, self._other = base / "place", base / "rules", other
        self._log, self._later = base / "recorded.log", base / "recovery.log"
        self._place = verdict.Place(self._root, other if self._scene.needs_other else None, self._scene)
        self._seen: set[tuple[object, ...]] = set()
        self._rng = random.Random(f"{order.name} {order.seed}")
        self._first = 0

    def run(self) -> None:
        self._set_up()
        journal = self._record()
        self._outcome.entries = len(journal.entries)
        self._judge(journal, Cut(len(journal.entries), "no power cut", {}), replayed(journal))
        if not self._outcome.problems:
            self._cut(journal)

    def _set_up(self) -> None:
        for folder in ("inbox", "tmp"):
            (self._root / folder).mkdir(parents=True)
        self._rules.mkdir()
        text = self._scene.configuration(self._rules, self._other)
        (self._root / "config.yaml").write_text(text, encoding="utf-8")
        for name in self._scene.waiting:
            (self._root / "inbox" / name).write_bytes(self._scene.documents[name])

    # -- recording

    def _record(self) -> Journal:
        """Do all steps; the journal is proved to be complete."""
        recorder = Recorder([self._root, *([self._other] if self._scene.needs_other else [])], self._log)
        journal = recorder.journal
        for step in self._scene.steps:
            work = functools.partial(self._perform, step)
            status = _forked(work) if step.does[0] == "rules" else recorder.run(work, step.kill_after)
            if step.kill_after is not None and status == -9:
                self._first = len(journal.entries)
            elif status != 0 and (step.does[0], status) != ("run", 1):
                raise AssertionError(f"{step.does}: status {status}\n{self._log.read_text(encoding='utf-8')}")
        if replayed(journal).tree() != tree_of(journal.roots):
            raise AssertionError("the journal does not tell everything that reached the disk")
        return journal

    def _perform(self, step: Step) -> None:
        self._speak_to(self._log)
        take_away(self._order.without)
        fsync = os.fsync
        armed.arm(armed.Faults(inline=True, control_s=0))
        os.fsync = fsync
        perform(step, self._scene, self._root, self._rules)

    def _speak_to(self, log: Path) -> None:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        tempfile.tempdir = str(self._root / "tmp")

    # -- cutting

    def _cut(self, journal: Journal) -> None:
        moments, moment = set(boundaries(journal)), Moment(journal)
        while moment.at < len(journal.entries):
            entry = moment.forward()
            cuts: list[Cut] = []
            if moment.at in moments and moment.at >= self._first and self._rng.random() < self._order.share:
                cuts += moment.cuts(self._rng, self._order.states)
            if self._order.every and moment.at >= self._first and not isinstance(entry, Said | Synced):
                cuts.append(moment.everything())
            self._outcome.prefixes += bool(cuts)
            for cut in cuts:
                self._judge(journal, cut, cut.disk(journal))
                if self._outcome.lost if self._order.without else len(self._outcome.problems) >= _MAX_PROBLEMS:
                    return

    def _judge(self, journal: Journal, cut: Cut, disk: Disk) -> None:
        said = tuple(entry.text for entry in journal.entries[: cut.at] if isinstance(entry, Said))
        key = disk.key(), cut.old_times, said
        if key in self._seen:
            return
        self._seen.add(key)
        self._outcome.states += 1
        found = self._found(disk.restore(), said)
        self._outcome.lost += any(text.startswith("lost") for text in found)
        self._outcome.twice += any(text.startswith("twice") for text in found)
        missing = tuple(_short(entry) for entry in cut.missing(journal)[:_MAX_MISSING])
        log = self._later.read_text(encoding="utf-8", errors="replace")[-_MAX_LOG:] if found else ""
        self._outcome.problems += [
            verdict.Problem(self._order.name, cut.at, cut.model, text, missing, log) for text in found
        ]

    def _found(self, identities: dict[int, tuple[int, int, int]], said: tuple[str, ...]) -> list[str]:
        """What is wrong after the daemon was started again on what the disk holds."""
        self._later.unlink(missing_ok=True)
        for _ in range(_MAX_STARTS):
            status = _forked(functools.partial(self._start_again, identities))
            if status not in (0, 1):
                return [f"other: the daemon ended with status {status}"]
            if verdict.settled(self._place):
                break
        return verdict.differences(self._place, said)

    def _start_again(self, identities: dict[int, tuple[int, int, int]]) -> None:
        self._speak_to(self._later)
        armed.arm(armed.Faults(inline=True, control_s=0))
        recognise(identities)
        perform(Step(("run", "--once")), self._scene, self._root, self._rules)


def _short(entry: object) -> str:
    if isinstance(entry, Named):
        return f"{entry.what} {', '.join(f'{folder}/{name}={node}' for folder, name, node in entry.changes)}"
    return repr(entry)[:100]


def _forked(work: Callable[[], object]) -> int:
    """Run a function in a fork; its exit status."""
    pid = os.fork()
    if not pid:
        run_and_exit(work)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# -- the process


def _warm_up() -> None:
    """Import everything, and read rules and models once."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    from ingestd.app import pipelines
    from ingestd.config import Config
    from ingestd.config.shipped import shipped
    from ingestd.extract import RuleSet, load_rules
    from ingestd.reading.models import load_manifest

    rules, manifest = load_rules(shipped("rules")), load_manifest(None)

    def rules_of(config: Config) -> RuleSet:
        return rules if config.extract.rules is None else load_rules(config.extract.rules)

    pipelines.rules_of, pipelines.manifest_of = rules_of, lambda config: manifest
    for module in _MODULES:
        importlib.import_module(module)
    armed.warm_up(rules, manifest)
    gc.freeze()


def _serve() -> None:
    _warm_up()
    with contextlib.suppress(EOFError):
        while True:
            order = pickle.load(sys.stdin.buffer)
            pickle.dump(run(order), sys.stdout.buffer)
            sys.stdout.buffer.flush()


class Lane:
    """A lane as a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.support.power.lane"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, order: Order) -> Outcome:
        """Do what an order says."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(order, self._process.stdin)
        self._process.stdin.flush()
        outcome = pickle.load(self._process.stdout)
        assert isinstance(outcome, Outcome)
        return outcome

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    from tests.support.power import lane

    lane._serve()
