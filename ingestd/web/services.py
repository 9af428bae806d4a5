"""Everything that the page and the API work with, handed to each request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlite_utils import Database
from starlette.requests import Request

from ingestd.clock import Clock
from ingestd.config import Config
from ingestd.extract import RuleSet
from ingestd.store.database import connect, faults
from ingestd.web.access import Access, User
from ingestd.web.errors import Problem
from ingestd.web.tokens import Role

if TYPE_CHECKING:
    from ingestd.web.assets import Assets
    from ingestd.web.limits import Places
    from ingestd.web.render import Renderer
    from ingestd.web.work import Pictures, Reader


@dataclass(frozen=True, slots=True)
class Services:
    """Tools of every request; built once by :func:`ingestd.web.app.create_app`."""

    config: Config
    rules: RuleSet
    reader: Reader
    pictures: Pictures
    access: Access
    assets: Assets
    renderer: Renderer
    followers: Places
    """Of clients that follow jobs."""
    clock: Clock

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database for reading, as of one request.

        Raises:
            ConfigError, TransientError: as ``connect``.
        """
        path = self.config.record.database
        with faults(path), connect(path, "read") as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """The database for short write transactions of one request.

        Raises:
            ConfigError, TransientError: as ``connect``.
        """
        path = self.config.record.database
        with faults(path), connect(path, "write") as db:
            yield db


def services(request: Request) -> Services:
    """The services of the application that answers a request."""
    return cast("Services", request.app.state.services)


def user_of(request: Request, role: Role) -> User:
    """Sender of a request.

    Raises:
        Problem: 401, nothing says who it is; 403, its role is lower than ``role``.
    """
    user: User | None = request.scope.get("user")
    if user is None:
        raise Problem(401, headers={"WWW-Authenticate": "Bearer"})
    if user.role < role:
        raise Problem(
            403,
            f"found a user with role {user.role.word}, expected {role.word}",
            code="role",
            fix="use a token of that role",
        )
    return user
