"""The queue of the review desk as a list, and one field of many documents on one screen."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ingestd.admin.review import state_of
from ingestd.store import documents, reviews
from ingestd.store.listing import kinds
from ingestd.web.language import language_of, words_of
from ingestd.web.pages.counts import counts_of
from ingestd.web.services import services, user_of
from ingestd.web.sheet import Data, field_data, page_data
from ingestd.web.tokens import Role

MAX_SHOWN = 50
"""Documents on the page."""
MAX_GROUP = 50
"""Documents of which one field is on the screen."""
_LOOKED_AT = 200
"""Documents that are looked at for a group."""


def queue(request: Request) -> Response:
    """Show what waits, what was put off, and which fields are in conflict most often."""
    user = user_of(request, Role.REVIEW).name
    use = services(request)
    kind = request.query_params.get("kind") or None
    with use.database() as db:
        now = use.clock.now()
        values: dict[str, Any] = {
            "documents": reviews.queue(db, user, now, MAX_SHOWN, kind),
            "postponed": reviews.postponed(db, MAX_SHOWN),
            "depth": reviews.depth(db, now),
            "groups": reviews.fields_in_doubt(db, use.rules.review_below, kind),
            "kinds": kinds(db),
            "kind": kind,
            "counts": counts_of(db),
        }
    return use.renderer.page(request, "queue.html", values)


def group(request: Request) -> Response:
    """Show one field of the next documents where it is in doubt, and open them for the user."""
    user = user_of(request, Role.REVIEW).name
    use = services(request)
    words = words_of(language_of(request.headers.get("accept-language")))
    field, kind = request.query_params.get("field", ""), request.query_params.get("kind") or None
    now = use.clock.now()
    rows: list[Data] = []
    with use.writing() as db:
        for one in reviews.queue(db, user, now, _LOOKED_AT, kind, field):
            state = state_of(db, one.id, use.rules)
            if field not in state.doubts or len(rows) == MAX_GROUP:
                continue
            pages = documents.load_reading(db, one.id).pages
            found = field_data(state, state.fields[field], use, words, is_asked=True)
            page = None if found["page"] is None else page_data(one.id, pages[found["page"]])
            rows.append({"id": one.id, "name": one.name, "version": state.version, "field": found, "page": page})
        ours = set(reviews.lock_all(db, [row["id"] for row in rows], user, now, use.config.web.lock_s))
        values = {
            "rows": [row for row in rows if row["id"] in ours],
            "field": field,
            "kind": kind,
            "keep_s": use.config.web.lock_s / 3,
            "counts": counts_of(db),
        }
    return use.renderer.page(request, "group.html", values)
