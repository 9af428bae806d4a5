"""Tokens: who may do what. The file holds names, roles and hashes, never a token."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path

from ingestd.errors import ConfigError, IngestdError
from ingestd.files import durable
from ingestd.files.encoding import time_text
from ingestd.files.identity import Identity, look

PREFIX = "ingestd_"
"""Of every token, so that scanners for leaked secrets recognise one."""
_RANDOM_BYTES = 32
"""So much entropy needs no slow hash."""
_NAME = re.compile(r"[\w.@-]{1,64}")


class Role(IntEnum):
    """Rights of a user; each includes those before it."""

    READ = 1
    """Look at everything, read pictures without recording them."""
    REVIEW = 2
    """Upload documents, correct fields."""
    ADMIN = 3
    """Try failed documents again."""

    @property
    def word(self) -> str:
        """Name in the token file and on the command line."""
        return self.name.lower()

    @staticmethod
    def of(word: str) -> Role:
        """The role with this name."""
        return Role[word.upper()]


@dataclass(frozen=True, slots=True)
class Token:
    """One entry of the token file."""

    name: str
    role: str
    sha256: str
    """Hex, of the token."""
    created_at: str


def hashed(secret: str) -> str:
    """Hash under which a token or a session is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class TokenStore:
    """The token file; read again when it changes, so that a removed token ends at once.

    Args:
        path: of the file; a missing file holds no tokens.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: Identity | None = None
        self._tokens: tuple[Token, ...] = ()

    def all(self) -> tuple[Token, ...]:
        """The tokens, oldest first.

        Raises:
            ConfigError: the file cannot be read.
        """
        now = look(self._path)
        if now != self._seen:
            self._tokens = _read(self._path) if now is not None else ()
            self._seen = now
        return self._tokens

    def find(self, secret: str) -> Token | None:
        """The entry of a token."""
        return self.find_hash(hashed(secret))

    def find_hash(self, wanted: str) -> Token | None:
        """The entry whose hash this is; takes the same time whichever it is."""
        found = None
        for token in self.all():
            if secrets.compare_digest(token.sha256, wanted):
                found = token
        return found

    def add(self, name: str, role: Role, now: datetime, random: Callable[[int], str] = secrets.token_urlsafe) -> str:
        """Make a token and return it; it cannot be had again.

        Raises:
            IngestdError: the name is taken or not a name.
        """
        if not _NAME.fullmatch(name):
            raise IngestdError(f"token name: found {name!r}, expected up to 64 letters, digits or . @ _ -; choose one")
        tokens = self.all()
        if any(token.name == name for token in tokens):
            raise IngestdError(f"{self._path}: there is a token {name!r} already; remove it first, or choose a name")
        secret = PREFIX + random(_RANDOM_BYTES)
        self._write((*tokens, Token(name, role.word, hashed(secret), time_text(now))))
        return secret

    def remove(self, name: str) -> None:
        """Forget a token; sessions that began with it end.

        Raises:
            IngestdError: there is no token with this name.
        """
        tokens = self.all()
        left = tuple(token for token in tokens if token.name != name)
        if len(left) == len(tokens):
            known = ", ".join(token.name for token in tokens) or "none"
            raise IngestdError(f"{self._path}: there is no token {name!r}; expected one of: {known}")
        self._write(left)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        content = json.dumps({"tokens": [asdict(token) for token in tokens]}, ensure_ascii=False, indent=2)
        durable.write_atomic(self._path, content.encode() + b"\n")


def _read(path: Path) -> tuple[Token, ...]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        tokens = tuple(Token(**entry) for entry in data["tokens"])
        for token in tokens:
            Role.of(token.role)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            [f"{path}: found a token file that cannot be read ({error}), expected one made by 'ingestd web token add'"]
        ) from error
    return tokens
