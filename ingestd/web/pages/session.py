"""Signing in and out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ingestd.web.access import COOKIE, client_of
from ingestd.web.errors import Problem
from ingestd.web.services import services

_MAX_FORM = 10
"""Fields of a form."""


async def sign_in_page(request: Request) -> Response:
    """Ask for a token."""
    return services(request).renderer.page(request, "sign_in.html", {"problem": None})


async def sign_in(request: Request) -> Response:
    """Start a session with a token."""
    use = services(request)
    async with request.form(max_files=0, max_fields=_MAX_FORM) as form:
        secret = form.get("token")
    try:
        cookie = use.access.sign_in(secret if isinstance(secret, str) else "", client_of(request.scope))
    except Problem as problem:
        return use.renderer.page(request, "sign_in.html", {"problem": problem}, problem.status, problem.headers)
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
