"""The engine of worker machines without any; with them: tests/faults/test_cluster.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.config import parse
from ingestd.document import Claim
from ingestd.engine import dask
from ingestd.engine.cluster import greeting_of
from ingestd.engine.dask import DaskEngine
from ingestd.engine.recipe import Recipe
from ingestd.engine.wire import RubbishError
from ingestd.errors import AttemptError, TransientError
from tests.support.cluster import free_port

RECIPE = Recipe(provenance={"version": "1"}, sections={}, rules={}, time_limit_s=1)


@pytest.fixture
def engine() -> Iterator[DaskEngine]:
    text = f"inboxes: [{{path: a}}]\nengine: {{kind: dask, scheduler: 'tcp://127.0.0.1:{free_port()}'}}"
    engine = DaskEngine(parse(text, Path("/config.yaml")).engine, RECIPE)
    yield engine
    engine.close(finish=False)


CLAIM = Claim(Path("gone"), Path("a.png"), 1, "0" * 64, 1)


def test_document_that_finds_no_machine_is_put_off(engine: DaskEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask, "_HOLD_S", 0.0)
    with pytest.raises(TransientError, match=r"no machine can be used: scheduler tcp://127.0.0.1:\d+ "):
        engine.submit(CLAIM).result()
    assert (engine.slots, engine.restarts, engine.machines) == (0, 0, ())


def test_closing_ends_documents_that_wait_and_may_be_repeated(engine: DaskEngine) -> None:
    waiting = engine.submit(CLAIM)
    engine.close(finish=False)
    engine.close(finish=False)
    with pytest.raises(AttemptError, match="the engine was closed before the document was read"):
        waiting.result()


@pytest.mark.parametrize(
    "answer", [None, "one", ("one", 1), ("one", 0, ""), ("one", "4", ""), (b"one", 1, ""), ("one", 1, None)]
)
def test_strange_answer_to_a_greeting_is_rubbish(answer: object) -> None:
    with pytest.raises(RubbishError, match="found another answer to a greeting"):
        greeting_of(answer)
    assert greeting_of(("one", 4, "")) == ("one", 4, "")
