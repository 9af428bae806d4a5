"""Decisions about requests by host, token, session and origin.

Closed by default: a request needs an allowed Host, and a token, a session, or, while no tokens exist,
to come over the loopback. Requests that change something need a token in their header, or proof by the
browser that the page itself sent them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.types import Scope

from ingestd.clock import Clock
from ingestd.config import WebConfig
from ingestd.web.errors import Problem
from ingestd.web.limits import Rate
from ingestd.web.tokens import Role, Token, TokenStore, hashed

COOKIE = "ingestd_session"
SAFE_METHODS = ("GET", "HEAD")
_MAX_USER = 64
"""Characters of a name that a reverse proxy sends."""
_MAX_SESSIONS = 1000
_GUESSES_PER_S = 0.2
_GUESSES = 10
"""Wrong tokens that one client may send at once, and then per second."""


@dataclass(frozen=True, slots=True)
class User:
    """The sender of a request."""

    name: str
    role: Role
    via: str
    """``token``, ``session``, ``proxy`` or ``loopback``."""


@dataclass(frozen=True, slots=True)
class _Session:
    token_hash: str
    ends_at: datetime


class Sessions:
    """Browsers that signed in; in memory, so that a restart asks for the token again.

    Args:
        tokens: sessions end with the token that they began with.
        hours: until a session ends.
        clock: source of time.
    """

    def __init__(self, tokens: TokenStore, hours: float, clock: Clock) -> None:
        self._tokens = tokens
        self._length = timedelta(hours=hours)
        self._now = clock.now
        self._sessions: dict[str, _Session] = {}
        """Hash of the cookie -> session."""

    def begin(self, token: Token) -> str:
        """Start a session; returns the value of its cookie."""
        now = self._now()
        self._sessions = {key: one for key, one in self._sessions.items() if one.ends_at > now}
        while len(self._sessions) >= _MAX_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        secret = secrets.token_urlsafe(32)
        self._sessions[hashed(secret)] = _Session(token.sha256, now + self._length)
        return secret

    def token_of(self, secret: str) -> Token | None:
        """The token with which the session of a cookie began; None where there is no such session."""
        session = self._sessions.get(hashed(secret))
        if session is None or session.ends_at <= self._now():
            return None
        return self._tokens.find_hash(session.token_hash)

    def end(self, secret: str) -> None:
        """Sign out."""
        self._sessions.pop(hashed(secret), None)


class Access:
    """Decides about requests.

    Args:
        config: hosts, socket and header of a reverse proxy.
        port: that is served on.
        tokens: of users and programs.
        sessions: of browsers.
        clock: source of time.
    """

    def __init__(self, config: WebConfig, port: int, tokens: TokenStore, sessions: Sessions, clock: Clock) -> None:
        self._config = config
        self._hosts = _hosts(config, port)
        self._tokens = tokens
        self._sessions = sessions
        self._guesses = Rate(_GUESSES_PER_S, _GUESSES, clock)

    def check_host(self, headers: Headers) -> None:
        """Refuse a request for another host: the defence against DNS rebinding.

        Raises:
            Problem: 421, or 400 where there is not exactly one.
        """
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            raise Problem(400, f"found {len(hosts)} Host headers, expected one", fix="send one Host header")
        if hosts[0].lower() not in self._hosts:
            raise Problem(
                421,
                "found a Host that is not served here",
                code="host",
                fix="use an address of web.allowed_hosts, or add this one to it",
            )

    def user_of(self, scope: Scope, headers: Headers) -> User | None:
        """Sender of a request; None where nothing says who it is.

        Raises:
            Problem: 401, a token that is not valid; 429, too many of them.
        """
        bearer = headers.get("authorization")
        if bearer is not None:
            return self._with_token(bearer, client_of(scope))
        if self._config.user_header is not None and self._config.socket is not None:
            return self._from_proxy(headers.getlist(self._config.user_header))
        cookie = session_cookie(headers)
        token = self._sessions.token_of(cookie) if cookie is not None else None
        if token is not None:
            return User(token.name, Role.of(token.role), "session")
        if self.is_open:
            return User("local", Role.ADMIN, "loopback")
        return None

    @property
    def is_open(self) -> bool:
        """True while no token exists and only the loopback is served: then requests need none."""
        return self._config.is_loopback and self._config.socket is None and not self._tokens.all()

    def _with_token(self, header: str, client: str) -> User:
        scheme, _, secret = header.partition(" ")
        self.check_guesses(client)
        token = self._tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            self._guesses.take(client)
            raise Problem(401, "found a token that is not valid", headers={"WWW-Authenticate": "Bearer"})
        return User(token.name, Role.of(token.role), "token")

    def check_guesses(self, client: str) -> None:
        """Refuse a client that has sent too many wrong tokens.

        Raises:
            Problem: 429.
        """
        if self._guesses.is_spent(client):
            raise Problem(429, "found too many wrong tokens from here", headers={"Retry-After": "10"})

    def sign_in(self, secret: str, client: str) -> str:
        """Start a session with a token; returns the value of the cookie.

        Raises:
            Problem: 401, the token is not valid; 429, too many of them.
        """
        self.check_guesses(client)
        token = self._tokens.find(secret.strip())
        if token is None:
            self._guesses.take(client)
            raise Problem(401, "found a token that is not valid")
        return self._sessions.begin(token)

    def sign_out(self, headers: Headers) -> None:
        """End the session of a request, if it has one."""
        cookie = session_cookie(headers)
        if cookie is not None:
            self._sessions.end(cookie)

    def _from_proxy(self, names: list[str]) -> User | None:
        if len(names) != 1 or not names[0].strip():
            return None
        return User(names[0].strip()[:_MAX_USER], Role.of(self._config.user_role), "proxy")

    def check_origin(self, scope: Scope, headers: Headers, user: User | None) -> None:
        """Refuse what another web site makes a browser send.

        Raises:
            Problem: 403.
        """
        if user is not None and user.via == "token":
            return  # no browser adds this header by itself
        site = headers.get("sec-fetch-site")
        if scope["method"] in SAFE_METHODS:
            navigates = headers.get("sec-fetch-mode") == "navigate"
            if site not in (None, "same-origin", "none") and not navigates:
                raise Problem(403, "found a request that another web site caused", code="cross-site")
            return
        if site == "same-origin" or (site is None and self._is_own_origin(headers)):
            return
        if site is None and _is_program(headers) and self.is_open and scope["path"] == "/ocr":
            return  # records nothing
        raise Problem(
            403,
            "found a change that the page itself did not send",
            code="cross-site",
            fix="use the page, or send 'Authorization: Bearer TOKEN' (ingestd web token add)",
        )

    def _is_own_origin(self, headers: Headers) -> bool:
        """Judge by Origin where a browser does not send Sec-Fetch-Site: on plain HTTP beyond the loopback."""
        scheme, separator, host = headers.get("origin", "").lower().partition("://")
        return bool(separator) and scheme in ("http", "https") and host == headers["host"].lower()


def _hosts(config: WebConfig, port: int) -> frozenset[str]:
    if config.socket is not None:
        return frozenset(config.allowed_hosts)
    address = f"[{config.address}]" if ":" in config.address else config.address.lower()
    names = {address, *(("localhost", "127.0.0.1", "[::1]") if config.is_loopback else ())}
    end = "" if port == 80 else f":{port}"
    return frozenset({f"{name}{end}" for name in names} | set(config.allowed_hosts))


def _is_program(headers: Headers) -> bool:
    """True where nothing looks like a browser."""
    return not any(name in headers for name in ("origin", "cookie", "referer", "sec-fetch-mode", "sec-fetch-dest"))


def client_of(scope: Scope) -> str:
    """Address of a client, for counting."""
    client = scope.get("client")
    return str(client[0]) if client else "unix"


def session_cookie(headers: Headers) -> str | None:
    """Value of the session's cookie."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    return jar[COOKIE].value if COOKIE in jar else None
