"""Pages for people."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ingestd.store import queries
from ingestd.web.access import COOKIE, client_of
from ingestd.web.errors import Problem
from ingestd.web.services import services, user_of
from ingestd.web.tokens import Role

_MAX_FORM = 10
"""Fields of a form."""
_NEWEST = 20
_FAILURES = 10


def index(request: Request) -> Response:
    """Show how things are."""
    user = user_of(request, Role.READ)
    use = services(request)
    with use.database() as db:
        status = queries.status(db, use.clock.now(), _FAILURES)
        newest = queries.latest(db, _NEWEST)
    return use.renderer.page("index.html", {"user": user, "status": status, "newest": newest})


async def sign_in_page(request: Request) -> Response:
    """Ask for a token."""
    return services(request).renderer.page("sign_in.html", {"user": None, "problem": None})


async def sign_in(request: Request) -> Response:
    """Start a session with a token."""
    use = services(request)
    async with request.form(max_files=0, max_fields=_MAX_FORM) as form:
        secret = form.get("token")
    try:
        cookie = use.access.sign_in(secret if isinstance(secret, str) else "", client_of(request.scope))
    except Problem as problem:
        return use.renderer.page("sign_in.html", {"user": None, "problem": problem}, problem.status, problem.headers)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=int(use.config.web.session_h * 3600),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


async def sign_out(request: Request) -> Response:
    """End the session."""
    services(request).access.sign_out(request.headers)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response
