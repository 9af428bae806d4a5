"""Status of queue and inboxes, as the page and ``ingestd status`` show it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

import ingestd
from ingestd.files.lock import daemon_runs
from ingestd.store import queries
from ingestd.store.job import State
from ingestd.web.api.answers import answer
from ingestd.web.api.models import BlindSpotAnswer, StatusAnswer, WaitingAnswer
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role


def status(request: Request) -> Response:
    """Send counts, the oldest file that waits, and what cannot be looked at."""
    user_of(request, Role.READ)
    use = services(request)
    with use.database() as db:
        now = queries.status(db, use.clock.now(), 0)
    oldest = now.oldest
    return answer(
        StatusAnswer(
            version=ingestd.__version__,
            daemon_runs=daemon_runs(use.config.spool.work),
            documents=now.documents,
            review=now.review,
            pages=now.pages,
            last_hour=now.last_hour,
            last_day=now.last_day,
            jobs={State(state): number for state, number in now.jobs.items()},
            oldest=None if oldest is None else WaitingAnswer.model_validate(oldest, from_attributes=True),
            blind=now.blind,
            blind_spots=[BlindSpotAnswer.model_validate(spot, from_attributes=True) for spot in now.blind_spots],
        )
    )
