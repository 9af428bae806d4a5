"""Requests by the hundred, right and wrong, out of the description of the API: no answer contradicts it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from ingestd.store.jobs import Jobs
from ingestd.web.api.openapi import ADDRESS, description
from ingestd.web.tokens import Role
from tests.support import jobs
from tests.support.corrections import Office
from tests.support.desk import Desk
from tests.support.world import png

LABELS = [
    (method.upper(), path) for path, methods in description()["paths"].items() for method in methods if path != ADDRESS
]
ACCEPTS_ALL = ("positive_data_acceptance",)
REFUSES_ALL = ("negative_data_rejection",)
NOT_SAID_BY_A_SCHEMA = {
    ("POST", "/ocr"): (*ACCEPTS_ALL, *REFUSES_ALL),  # any bytes are a file; more parts and options mean nothing
    ("POST", "/v1/documents"): (*ACCEPTS_ALL, *REFUSES_ALL),
    ("PUT", "/v1/documents/{id}/fields/{name}"): ACCEPTS_ALL,  # 422: the value is not one of this field
    ("PUT", "/v1/documents/{id}/kind"): ACCEPTS_ALL,  # 422: the kind is not one of the rules
}
"""Checks that cannot hold, because what is right depends on the document."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A document with doubts and its original, and a job that failed; the clock passes between two requests."""
    archive = tmp_path / "archive"
    archive.mkdir()
    (archive / "a.pdf").write_bytes(png("a"))
    office = Office(tmp_path)
    office.record(archive=archive)
    office.db.execute("UPDATE documents SET sha256 = ?", [hashlib.sha256(png("a")).hexdigest()])
    office.db.commit()
    jobs.failed(Jobs(office.db), "b.pdf", json.dumps({"found": "found it", "fix": "mend it"}))
    return Desk(tmp_path, "{allowed_hosts: [testserver]}", rules=office.rules)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), LABELS)
def test_answers_are_as_described(desk: Desk, method: str, path: str, mode: GenerationMode) -> None:
    secret = desk.tokens.add("someone", Role.ADMIN, desk.clock.now())
    schema: Any = schemathesis.openapi.from_asgi(ADDRESS, desk.app)
    operation = schema[path][method]
    left_out: Any = [CHECKS.get_one(name) for name in NOT_SAID_BY_A_SCHEMA.get((method, path), ())]
    statuses = []

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def answers(case: Case[Any]) -> None:
        desk.clock.move(100)
        answer = case.call(headers={"Authorization": f"Bearer {secret}"})
        statuses.append(answer.status_code)
        case.validate_response(answer, excluded_checks=left_out)

    answers()
    assert statuses and max(statuses) < 500
