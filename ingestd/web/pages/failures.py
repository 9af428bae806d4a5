"""Files that could not be read: why, and trying them again."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ingestd.store import queries
from ingestd.store.job import Job, State
from ingestd.store.jobs import Jobs
from ingestd.web.errors import Problem
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role

MAX_SHOWN = 200
"""Failures on the page; the newest are shown."""


def listing(request: Request) -> Response:
    """Show the files that failed last."""
    user_of(request, Role.READ)
    use = services(request)
    with use.database() as db:
        failures = queries.latest_failures(db, MAX_SHOWN)
        return use.renderer.page(request, "failed.html", {"failures": failures, "counts": counts_of(db)})


def retry(request: Request) -> Response:
    """Try a failed file again, or all of them: without a number in the address."""
    user_of(request, Role.ADMIN)
    use = services(request)
    now = use.clock.now()
    with use.writing() as db:
        ledger = Jobs(db)
        if "id" in request.path_params:
            job = ledger.job(request.path_params["id"])
            if job is None or job.state is not State.FAILED or not isinstance(ledger.retry(job, now), Job):
                raise Problem(409, "this file is no longer among those that failed", code="moved", fix="load the page")
        else:
            for job in ledger.in_states((State.FAILED,)):
                ledger.retry(job, now)
    return RedirectResponse("/failed", 303)
