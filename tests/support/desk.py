"""The application of ``ingestd web`` without workers, on a database of its own, with a clock that the test moves."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from sqlite_utils import Database
from starlette.testclient import TestClient

from ingestd.config import Config, parse
from ingestd.document import Claim
from ingestd.extract import RuleSet, load_rules
from ingestd.store.database import connect
from ingestd.web.app import create_app
from ingestd.web.tokens import Role, TokenStore
from tests.support.world import FakeEngine, MovedClock

PORT = 5000
OWN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
"""Headers by which a browser says that the page itself sends a request."""


class FakePainter:
    """Draws a picture that says what it shows."""

    def __init__(self) -> None:
        self.drawn: list[tuple[Path, str, int]] = []
        self.error: Exception | None = None

    def submit(self, claim: Claim, page_index: int) -> Future[bytes]:
        self.drawn.append((claim.work_path, claim.sha256, page_index))
        future: Future[bytes] = Future()
        if self.error is not None:
            future.set_exception(self.error)
        else:
            future.set_result(f"PNG {claim.sha256} {page_index}".encode())
        return future

    def rest(self) -> None:
        pass

    def close(self, *, finish: bool) -> None:
        pass


@functools.cache
def shipped_rules() -> RuleSet:
    """The rules that ship with ingestd, loaded once."""
    return load_rules(None)


class Desk:
    """Folders, database, application and a client on the same machine."""

    def __init__(self, root: Path, web: str = "{}", more: str = "", rules: RuleSet | None = None) -> None:
        self.root = root
        (root / "inbox").mkdir(exist_ok=True)
        text = f"inboxes: [{{path: inbox}}]\nweb: {web}\n{more}"
        self.config: Config = parse(text, root / "config.yaml")
        self.clock = MovedClock()
        self.engine = FakeEngine()
        self.painter = FakePainter()
        self.tokens = TokenStore(self.config.web.tokens)
        self.db: Database = connect(self.config.record.database)
        self.db.execute("PRAGMA synchronous = OFF")
        self.app = create_app(
            self.config,
            port=PORT,
            rules=rules or shipped_rules(),
            reader=self.engine,
            painter=self.painter,
            tokens=self.tokens,
            clock=self.clock,
        )
        self.client = self.client_of()

    def client_of(self, headers: Mapping[str, str] | None = None, host: str = f"127.0.0.1:{PORT}") -> TestClient:
        """Another client with headers of its own."""
        return TestClient(self.app, base_url=f"http://{host}", headers=dict(headers or {}), follow_redirects=False)

    def with_token(self, role: Role, name: str = "") -> TestClient:
        """A program with a token of a role."""
        secret = self.tokens.add(name or role.word, role, self.clock.now())
        return self.client_of({"Authorization": f"Bearer {secret}"})
