"""Corrections out of requests, the same for the review desk and the API."""

from __future__ import annotations

from sqlite_utils import Database

from ingestd.admin.correct import CorrectionError, Corrector
from ingestd.web.errors import Problem
from ingestd.web.services import Services

_STATUS = {"no-document": 404, "no-field": 404, "changed": 412, "locked": 409, "nothing": 409}
"""Code of a CorrectionError -> status; all others are 422."""


def corrector_of(db: Database, use: Services) -> Corrector:
    """Make corrections with the rules and the clock of the application."""
    return Corrector(db, use.rules, use.clock, sidecars=bool(use.config.record.sidecar))


def refusal(error: CorrectionError) -> Problem:
    """The answer where a correction was not made."""
    return Problem(_STATUS.get(error.code, 422), str(error), code=error.code)
