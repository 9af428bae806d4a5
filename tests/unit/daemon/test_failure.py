"""Reasons of failed documents say what to do about this failure, not about another."""

from __future__ import annotations

import pytest

from ingestd.daemon.failure import reason_of
from ingestd.errors import AttemptError, DefectError


def test_defect_is_not_said_to_be_a_matter_of_limits() -> None:
    reason = reason_of(DefectError(ValueError("size\n  is empty\n")), 3)
    assert reason["found"] == "a worker hit a defect: ValueError: size is empty"
    assert reason["expected"] == "a document that can be read in 3 attempts"
    assert "limits" not in reason["fix"]
    assert "report the defect" in reason["fix"]


@pytest.mark.parametrize("found", ["the worker died (SIGKILL, perhaps out of memory)", "reading took longer than 9 s"])
def test_limits_that_were_met_can_be_raised(found: str) -> None:
    assert "raise the engine limits" in reason_of(AttemptError(found), 3)["fix"]
