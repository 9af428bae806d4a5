"""Job states: what is due, and transitions that another process may come before."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from ingestd.files.identity import Identity
from ingestd.store import queries
from ingestd.store.database import connect, transaction
from ingestd.store.job import Job, Moved, State
from ingestd.store.jobs import Jobs
from tests.support import jobs as made
from tests.support.records import NOON, record, save

LATER = NOON + timedelta(hours=1)
LONGEST = timedelta(days=1)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    db = connect(tmp_path / "ingestd.db")
    db.execute("PRAGMA synchronous = OFF")
    return db


@pytest.fixture
def jobs(db: Database) -> Jobs:
    return Jobs(db)


def test_due_are_the_oldest_and_what_waited_long_enough(jobs: Jobs) -> None:
    first, second = made.arrived(jobs, "a").id, made.waiting(jobs, "b").id
    third, fourth = made.claimed(jobs, "c").id, made.arrived(jobs, "d").id
    assert [job.id for job in jobs.due(NOON, 9, [], LONGEST)] == [first, third, fourth]
    assert [job.id for job in jobs.due(NOON, 2, [first], LONGEST)] == [third, fourth]
    assert [job.id for job in jobs.due(LATER, 2, [], LONGEST)] == [first, second]


def test_what_is_to_wait_for_longer_than_anything_may_is_due(jobs: Jobs) -> None:
    waits = made.waiting(jobs, "a").id
    assert jobs.due(NOON, 9, [], timedelta(hours=2)) == []
    assert [job.id for job in jobs.due(NOON, 9, [], timedelta(minutes=15))] == [waits]


@pytest.mark.parametrize("question", ["due", "due_since", "hooks_due", "next_at", "looks_due", "suspect_due"])
def test_pitfall_20_what_is_asked_in_every_turn_does_not_depend_on_how_many_there_are(
    jobs: Jobs, question: str
) -> None:
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def cost() -> int:
        nonlocal steps
        steps = 0
        jobs.db.conn.set_progress_handler(count, 10)
        questions: dict[str, Callable[[], object]] = {
            "due": lambda: jobs.due(NOON, 3, [1], LONGEST),
            "due_since": lambda: jobs.due_since(NOON),
            "hooks_due": lambda: jobs.hooks_due(3, [1]),
            "next_at": jobs.next_at,
            "looks_due": lambda: jobs.looks_due(NOON, LONGEST, 3, [1]),
            "suspect_due": lambda: jobs.suspect_due(NOON, [1], LONGEST),
        }
        questions[question]()
        jobs.db.conn.set_progress_handler(None, 0)
        return steps

    for number in range(10):
        made.arrived(jobs, str(number))
    few = cost()
    with transaction(jobs.db):
        for number in range(10, 600):
            if number % 2:
                made.failed(jobs, str(number), "{}")
            else:
                made.arrived(jobs, str(number))
    assert cost() <= 2 * few + 10


def test_file_noted_again_before_it_is_claimed_only_gets_its_new_identity(jobs: Jobs) -> None:
    first = made.arrived(jobs, "a")
    again = jobs.arrive("inbox", first.source_path, Identity(20, 2, 2), LATER)
    assert again == dataclasses.replace(first, identity=Identity(20, 2, 2), updated_at=again.updated_at)
    claimed = made.made(jobs.claim(again, LATER))
    assert jobs.arrive("inbox", first.source_path, Identity(30, 3, 3), LATER).id != claimed.id


def test_tries_are_counted_given_back_and_forgotten(jobs: Jobs) -> None:
    job = made.running(jobs, "a")
    assert job.attempt == 1
    job = made.made(jobs.requeue(job, NOON, refund=True))
    assert (job.state, job.attempt) == (State.CLAIMED, 0)
    job = made.made(jobs.start(job, made.SHA256, NOON))
    job = made.made(jobs.requeue(job, NOON, refund=False))
    job = made.made(jobs.start(job, made.SHA256, NOON))
    job = made.made(jobs.wait(job, LATER, "the worker died", NOON, refund=False))
    assert (job.state, job.attempt, job.next_at, job.error) == (State.WAITING, 2, LATER, "the worker died")
    job = made.made(jobs.retry(job, NOON))
    assert (job.state, job.attempt, job.next_at) == (State.WAITING, 0, NOON)
    job = made.made(jobs.claim(job, NOON))
    assert (job.attempt, job.next_at) == (0, None)
    assert made.made(jobs.start(job, made.SHA256, NOON)).error is None


TRANSITIONS: dict[str, tuple[Callable[[Jobs, Job], Job | Moved], set[State], State]] = {
    "claim": (
        lambda jobs, job: jobs.claim(job, LATER),
        {State.ARRIVED, State.WAITING, State.CLAIMED},
        State.CLAIMED,
    ),
    "start": (lambda jobs, job: jobs.start(job, made.SHA256, LATER), {State.CLAIMED}, State.RUNNING),
    "died": (lambda jobs, job: jobs.died(job, LATER), {State.RUNNING}, State.CLAIMED),
    "requeue": (lambda jobs, job: jobs.requeue(job, LATER, refund=False), {State.RUNNING}, State.CLAIMED),
    "wait": (
        lambda jobs, job: jobs.wait(job, LATER, "why", LATER, refund=False),
        {State.ARRIVED, State.CLAIMED, State.WAITING, State.RUNNING},
        State.WAITING,
    ),
    "record": (
        lambda jobs, job: jobs.record(job, 1, made.SHA256, Path("/archive/a"), None, LATER),
        {State.RUNNING},
        State.RECORDED,
    ),
    "duplicate": (
        lambda jobs, job: jobs.duplicate(job, 1, made.SHA256, Path("/archive/a"), None, LATER),
        {State.CLAIMED, State.RUNNING},
        State.DUPLICATE,
    ),
    "fail": (
        lambda jobs, job: jobs.fail(job, "{}", Path("/failed/a"), None, LATER),
        {State.CLAIMED, State.WAITING, State.RUNNING},
        State.FAILED,
    ),
    "reopen": (lambda jobs, job: jobs.reopen(job, LATER), {State.FAILED, State.DUPLICATE}, State.WAITING),
    "finish": (lambda jobs, job: jobs.finish(job, LATER), {State.RECORDED}, State.DONE),
    "retry": (lambda jobs, job: jobs.retry(job, LATER), {State.FAILED, State.WAITING}, State.WAITING),
}
"""Name -> transition, states it may start from, state it leads to."""


def in_state(jobs: Jobs, state: State) -> Job:
    match state:
        case State.RECORDED | State.DONE:
            return {"recorded": made.recorded, "done": made.done}[state](jobs, "a", 1)
        case State.DUPLICATE:
            return made.made(jobs.duplicate(made.claimed(jobs, "a"), 1, made.SHA256, Path("/archive/a"), None, NOON))
        case State.FAILED:
            return made.failed(jobs, "a", "{}")
        case _:
            makers = {
                State.ARRIVED: made.arrived,
                State.CLAIMED: made.claimed,
                State.RUNNING: made.running,
                State.WAITING: made.waiting,
            }
            return makers[state](jobs, "a")


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("name", TRANSITIONS)
def test_transition_happens_only_from_the_states_it_may_start_from(
    db: Database, jobs: Jobs, name: str, state: State
) -> None:
    transition, sources, target = TRANSITIONS[name]
    save(db, record("a"))
    job = in_state(jobs, state)
    outcome = transition(jobs, job)
    if state in sources:
        assert isinstance(outcome, Job)
        assert outcome == jobs.job(job.id)
        assert outcome.state is target
    else:
        assert outcome == Moved(job.id, state)
        assert jobs.job(job.id) == job, "nothing changed"


@pytest.mark.parametrize("name", TRANSITIONS)
def test_transition_of_a_job_that_is_gone(jobs: Jobs, name: str) -> None:
    job = made.arrived(jobs, "a")
    jobs.forget(job)
    assert TRANSITIONS[name][0](jobs, job) == Moved(job.id, None)


def test_only_a_file_that_was_never_begun_is_forgotten(jobs: Jobs) -> None:
    job = made.running(jobs, "a")
    jobs.forget(job)
    assert jobs.job(job.id) == job


def test_transition_takes_part_in_the_transaction_of_its_caller(db: Database, jobs: Jobs) -> None:
    job = made.running(jobs, "a")
    with pytest.raises(RuntimeError), transaction(db):
        assert isinstance(jobs.requeue(job, NOON, refund=False), Job)
        raise RuntimeError("whatever comes in between")
    assert jobs.job(job.id) == job


def test_two_processes_cannot_both_win(tmp_path: Path, jobs: Jobs) -> None:
    """The daemon claims a waiting document that 'ingestd retry' has read as waiting a moment ago."""
    other = Jobs(connect(tmp_path / "ingestd.db", "write"))
    seen = made.waiting(jobs, "a")
    running = made.made(jobs.start(made.made(jobs.claim(seen, LATER)), made.SHA256, LATER))
    assert other.retry(seen, LATER) == Moved(seen.id, State.RUNNING)
    assert jobs.job(seen.id) == running
    other.db.close()


@given(st.text(alphabet=st.characters(codec=None), max_size=20))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_error_can_be_noted(jobs: Jobs, error: str) -> None:
    job = jobs.wait(made.arrived(jobs, "a"), LATER, error, NOON, refund=False)
    assert isinstance(job, Job)
    assert job.error is not None


def test_jobs_of_few_states_are_found_by_index_also_after_analyze(db: Database, jobs: Jobs) -> None:
    document_id = save(db, record())
    for number in range(300):
        made.done(jobs, f"done-{number}", document_id)
    made.arrived(jobs, "new")
    made.failed(jobs, "bad", '{"code": "x", "found": "a", "expected": "b", "fix": "c"}')
    db.execute("ANALYZE")
    asked: list[str] = []
    other = connect(Path(db.execute("PRAGMA database_list").fetchone()[2]))
    other.conn.set_trace_callback(asked.append)
    ledger = Jobs(other)
    assert [job.name for job in ledger.due(NOON, 9, [], LONGEST)] == ["new"]
    assert [job.name for job in ledger.in_states((State.ARRIVED, State.RUNNING))] == ["new"]
    assert ledger.count_unsettled() == 1
    assert ledger.due_since(NOON) is not None
    assert ledger.next_at() is None
    assert queries.oldest_waiting(other, NOON) is not None
    assert len(queries.latest_failures(other, 5)) == 1
    other.conn.set_trace_callback(None)
    selects = [sql for sql in asked if sql.lower().startswith("select")]
    assert len(selects) == 7
    for sql in selects:
        steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()]
        assert not [step for step in steps if step.startswith("SCAN jobs") and "INDEX" not in step], sql
